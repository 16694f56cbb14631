"""What the data set says that the board shows at an instant, by pandas from the source's rows and the API's records.

Nothing here asks a view or a page: actual times are the data set's, a cancellation and a diversion are known by the
replay's declared rule (`true_status`), and what nobody knows before it happens is what the API has said until then.
"""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pandas as pd

from aviation.jobs.demo import poll_times
from aviation.replay import DEFAULT_DAY, records
from aviation.replay.data import legs, zone
from aviation.replay.records import true_status
from support.made_up import CARRIERS

LATE, VERY_LATE = 15, 60
SAID = ("status", "dep_delay", "arr_delay", "dep_estimated", "arr_estimated", "dep_gate", "dep_terminal", "arr_gate")
CHANGES = {
    "flight_status": "known_status",
    "dep_actual_utc": "dep_actual",
    "dep_estimated_utc": "dep_estimated",
    "dep_delay_min": "dep_known",
    "dep_delay_forecast_min": "dep_forecast",
    "dep_terminal": "dep_terminal",
    "dep_gate": "dep_gate",
}
"""Of the fields whose changes the board marks among departures, which column of `flights` has them."""


def _key(airport: str, airline: str, number: str) -> str:
    return f"{DEFAULT_DAY}|{airport}|{airline}|{number}"


@cache
def _records(poll: datetime) -> pd.DataFrame:
    """What the API said at one poll: a row for each of its records."""
    rows = []
    for record in records.flights(DEFAULT_DAY, poll):
        departure, arrival, sold = record["departure"], record["arrival"], record["flight"]["codeshared"]
        airline = sold["airline_icao"].upper() if sold else record["airline"]["icao"]
        number = sold["flight_number"] if sold else record["flight"]["number"]
        rows.append(
            {
                "key": _key(departure["iata"], airline, number),
                "is_operating": not sold,
                "poll": poll,
                "iata": None if sold else record["flight"]["iata"],
                "airline_iata": (sold["airline_iata"] or "").upper() or None if sold else record["airline"]["iata"],
                "sold_as": (record["flight"]["iata"] or record["flight"]["icao"]) if sold else None,
                "status": record["flight_status"],
                "dep_delay": departure["delay"],
                "arr_delay": arrival["delay"],
                "dep_estimated": departure["estimated"],
                "arr_estimated": arrival["estimated"],
                "dep_gate": departure["gate"],
                "dep_terminal": departure["terminal"] and departure["terminal"].removeprefix("T"),
                "arr_gate": arrival["gate"],
                "aircraft": (record["aircraft"] or {}).get("registration"),
            }
        )
    return pd.DataFrame(rows)


def _said(when: datetime) -> pd.DataFrame:
    """What the API has said of each leg until an instant: of each thing what it said last, the operating flight's own
    record before its partners'."""
    known = pd.concat([_records(poll).astype(object) for poll in poll_times(DEFAULT_DAY) if poll <= when])
    said = {}
    for name in (*SAID, "iata", "airline_iata", "aircraft"):
        given = known.dropna(subset=[name]).sort_values(["is_operating", "poll", name])
        said[name] = given.groupby("key")[name].last()
    return pd.DataFrame(said)


def _minutes(late: timedelta) -> int:
    return int(late.total_seconds() // 60)


def _local(text: object) -> pd.Timestamp | None:
    return pd.Timestamp(str(text)[:19]) if isinstance(text, str) else None


def _hour(local: datetime) -> int:
    """Whole hours since midnight of the day."""
    return int((local - datetime.fromisoformat(DEFAULT_DAY)).total_seconds() // 3600)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _greatest(*values: Any) -> float | None:
    known = [value for value in values if value is not None and value == value]
    return max(known) if known else None


@cache
def flights(when: datetime) -> pd.DataFrame:
    """One row a leg, by its key, as it was known at an instant (one of the demo's polls)."""
    said = _said(when)
    rows = {}
    for leg in legs(DEFAULT_DAY):
        carrier = CARRIERS.loc[leg.carrier]
        key = _key(leg.origin, carrier["icao"], leg.number)
        rows[key] = _leg(leg, when, said.loc[key]) | {"airline": carrier["name"], "icao": carrier["icao"]}
    return pd.DataFrame.from_dict(rows, orient="index").sort_index()


def _leg(leg: Any, when: datetime, said: Any) -> dict[str, Any]:
    status = true_status(leg, when)
    is_over = status in ("landed", "diverted", "cancelled")
    standing = "over" if is_over else "under way" if status == "active" else None
    standing = standing or ("overdue" if when > leg.dep_scheduled else "to come")
    since, since_arrival = _minutes(when - leg.dep_scheduled), _minutes(when - leg.arr_scheduled)
    left = leg.dep_actual if status not in ("scheduled", "cancelled") else None
    there = leg.arr_actual if status == "landed" else None
    scheduled, arrives = (
        at.astimezone(zone(place)).replace(tzinfo=None)
        for at, place in ((leg.dep_scheduled, leg.origin), (leg.arr_scheduled, leg.dest))
    )
    estimated, estimated_arrival = _local(said["dep_estimated"]), _local(said["arr_estimated"])
    forecast = None if left or status == "cancelled" else said["dep_delay"]
    forecast_arrival = None if there or status == "cancelled" else said["arr_delay"]
    announced = _greatest(forecast, _minutes(estimated - scheduled) if estimated else None)
    announced_arrival = _greatest(
        forecast_arrival, _minutes(estimated_arrival - arrives) if estimated_arrival else None
    )
    known = _minutes(left - leg.dep_scheduled) if left else None
    late = since if standing == "overdue" else known
    late_arrival = _minutes(there - leg.arr_scheduled) if there else None
    if standing in ("overdue", "under way") and since_arrival > 0:
        late_arrival = since_arrival
    expected = late if is_over or standing == "under way" else _greatest(late, announced)
    if standing == "under way":
        expected_arrival = _greatest(late_arrival, expected if announced_arrival is None else announced_arrival)
    else:
        expected_arrival = late_arrival if is_over else _greatest(announced_arrival, expected, late_arrival)
    return {
        "from": leg.origin,
        "to": leg.dest,
        "number": leg.number,
        "iata": _text(said["iata"]),
        "airline_iata": _text(said["airline_iata"]),
        "known_status": said["status"] if status == "scheduled" else status,
        "standing": standing,
        "scheduled": scheduled,
        "scheduled_arrival": arrives,
        "hour": scheduled.hour,
        "left_hour": None if late is None else _hour(scheduled + timedelta(minutes=late)),
        "dep_actual": left and left.astimezone(zone(leg.origin)).replace(tzinfo=None),
        "arr_actual": there and there.astimezone(zone(leg.dest)).replace(tzinfo=None),
        "dep_estimated": estimated,
        "dep_known": late if left else None,
        "dep_forecast": forecast,
        "late": late,
        "expected": expected,
        "late_arrival": late_arrival,
        "expected_arrival": expected_arrival,
        "dep_gate": _text(said["dep_gate"]),
        "dep_terminal": _text(said["dep_terminal"]),
        "arr_gate": _text(said["arr_gate"]),
        "aircraft": _text(said["aircraft"]),
    }
