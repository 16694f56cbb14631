"""The API's flight records of a day, as they look at a given clock.

Airline, number, airports, schedule, actual times, tail number, cancellation and diversion are real. The data does not
say when any of it became known. The replay's rule, in which "left" is the actual departure:

- from the first: the schedule, the route, the airline and its codeshares, the terminals;
- from three hours before the scheduled departure: the aircraft, whatever becomes of the flight;
- from six hours before the scheduled departure, and arrival: that side's gate, moved in the last hour, if at all;
- at the moment itself: that it left, and that it landed, and how late;
- at the scheduled departure: that it is cancelled; at `ends`: that it is diverted;
- once it left: an estimated arrival as late as its departure was; positions;
- from two hours before the scheduled departure, and arrival: for a few flights that will be late, an invented forecast
  of that side's delay, and of the departure an estimate that goes by it.

So before a flight left, and before its scheduled departure, nothing of its record but these forecasts depends on what
becomes of it: the `delay` of both sides and the `estimated` of the departure. They look ahead, and a model must not be
fed with them. Neither must it be told whether an aircraft is named at all: the data has no tail number of many
cancelled flights, and of every other flight the one that flew it.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from aviation.replay import default_clock, quirks
from aviation.replay.data import Leg, airports, legs, zone
from aviation.replay.live import live
from aviation.replay.quirks import Codeshare, Dice, Row
from aviation.replay.reference import type_of
from aviation.replay.registrations import icao24

KNOWN_BEFORE = timedelta(hours=4)
"""How long before its first departure a day is first asked about: nobody asks what will be late sooner."""


@lru_cache(maxsize=4)
def flights(day: str, clock: datetime) -> tuple[dict[str, Any], ...]:
    """All rows of `day` (ISO) at `clock` (aware): one for each flight and each codeshare, a few of them twice."""
    records = []
    for row in quirks.rows(day):
        records.append(_record(row, clock, again=False))
        if row.dice.chance("twice", quirks.TWICE):
            records.append(_record(row, clock, again=True))
    return tuple(records)


def true_status(leg: Leg, clock: datetime) -> str:
    """scheduled, active, landed, cancelled or diverted.

    The data does not say when a flight was cancelled or diverted. A cancelled one counts as `scheduled` until its
    scheduled departure, a diverted one as `active` until `ends`.
    """
    end = ends(leg)
    if leg.dep_actual is None or end is None:
        return "cancelled" if clock >= leg.dep_scheduled else "scheduled"
    if clock < leg.dep_actual:
        return "scheduled"
    if clock < end:
        return "active"
    return "diverted" if leg.diverted else "landed"


def ends(leg: Leg) -> datetime | None:
    """When the flight ends: its arrival; None if it never left.

    Where a diverted flight landed, and when, is not in the data. It counts as ended when it would have arrived had it
    made up none of its delay, but no later than the day's default clock if it left at least an hour before that.
    """
    if leg.dep_actual is None or leg.arr_actual is not None:
        return leg.arr_actual
    planned = leg.arr_scheduled + _late_departure(leg)
    return min(planned, max(default_clock(leg.day), leg.dep_actual + timedelta(hours=1)))


def over(day: str) -> datetime:
    """An instant (aware) by which every flight of `day` (ISO) has ended: the default clock or the last arrival."""
    return max([default_clock(day), *(end for leg in legs(day) if (end := ends(leg)))])


def instants(day: str, every: timedelta) -> list[datetime]:
    """The moments (aware, UTC) at which to ask about `day` (ISO), so far apart from midnight on: from four hours before
    its first scheduled departure, when nothing is known of any flight but the schedule, until all have ended. None on a
    day without flights."""
    flown = legs(day)
    if not flown:
        return []
    midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
    begins = min(leg.dep_scheduled for leg in flown) - KNOWN_BEFORE
    end = max(ends(leg) or leg.dep_scheduled for leg in flown)
    first, last = (begins - midnight) // every, -((midnight - end) // every)
    return [midnight + every * number for number in range(first, last + 1)]


def _late_departure(leg: Leg) -> timedelta:
    return timedelta(minutes=max(leg.dep_delay_min or 0, 0))


def _record(row: Row, clock: datetime, *, again: bool) -> dict[str, Any]:
    leg, codeshare, _, shared, dice = row
    now = row.at(clock)
    status = true_status(leg, clock)
    return {
        "flight_date": leg.day,
        "flight_status": quirks.status(shared, now, leg, status, clock),
        "departure": _departure(leg, shared, dice, now, clock, again),
        "arrival": _arrival(leg, shared, dice, now, clock),
        **_names(leg, codeshare, dice),
        "aircraft": None if codeshare else _aircraft(leg, dice, clock),
        "live": None if codeshare else live(dice, now, leg, status, ends(leg), clock),
    }


def _departure(leg: Leg, shared: Dice, dice: Dice, now: Dice, clock: datetime, again: bool) -> dict[str, Any]:
    """`again` marks the second row of a leg that is listed twice; only its gate differs."""
    scheduled = leg.dep_scheduled
    left = leg.dep_actual if leg.dep_actual and clock >= leg.dep_actual else None
    delay = quirks.delay(dice, now, scheduled, leg.dep_actual, clock)
    forecast = timedelta(minutes=0 if left else delay or 0)
    return {
        **_airport(dice, "departure", leg.origin, scheduled),
        "terminal": quirks.terminal(shared, dice, "departure"),
        "gate": quirks.gate(shared, dice, "departure", scheduled, clock, again),
        "delay": delay,
        **_times(leg.origin, scheduled, scheduled + forecast, left),
    }


def _arrival(leg: Leg, shared: Dice, dice: Dice, now: Dice, clock: datetime) -> dict[str, Any]:
    scheduled = leg.arr_scheduled
    landed = leg.arr_actual if leg.arr_actual and clock >= leg.arr_actual else None
    estimated = scheduled + (_late_departure(leg) if leg.dep_actual and clock >= leg.dep_actual else timedelta(0))
    return {
        **_airport(dice, "arrival", leg.dest, scheduled),
        "terminal": quirks.terminal(shared, dice, "arrival"),
        "gate": quirks.gate(shared, dice, "arrival", scheduled, clock, False),
        "baggage": quirks.baggage(dice, landed is not None),
        "delay": quirks.delay(dice, now, scheduled, leg.arr_actual, clock),
        **_times(
            leg.dest, scheduled, None if dice.chance("arr estimated", quirks.ARR_ESTIMATED_NULL) else estimated, landed
        ),
    }


def _airport(dice: Dice, side: str, iata: str, at: datetime) -> dict[str, Any]:
    airport = airports()[iata]
    return {
        "airport": airport["name"],
        "timezone": quirks.timezone(dice, side, iata, at),
        "iata": iata,
        "icao": airport["icao"],
    }


def _times(airport: str, scheduled: datetime, estimated: datetime | None, actual: datetime | None) -> dict[str, Any]:
    happened = actual and _local(airport, actual)
    return {
        "scheduled": _local(airport, scheduled),
        "estimated": estimated and _local(airport, estimated),
        "actual": happened,
        "estimated_runway": happened,
        "actual_runway": happened,
    }


@lru_cache(maxsize=10_000)
def _local(airport: str, at: datetime) -> str:
    # The API writes the airport's local time, followed by an offset that is wrong.
    return f"{at.astimezone(zone(airport)).replace(tzinfo=None).isoformat()}+00:00"


def _names(leg: Leg, codeshare: Codeshare | None, dice: Dice) -> dict[str, Any]:
    """The airline and flight blocks: a codeshare's, with the operating flight in `codeshared`, or the flight's own."""
    operating = Codeshare(quirks.carriers()[leg.carrier], leg.number)
    carrier, number = codeshare or operating
    without_iata = dice.chance("iata null", quirks.FLIGHT_IATA_NULL)
    # Only a codeshare's number goes missing: an operating flight's is its identity.
    numbered = not codeshare or not dice.chance("number null", quirks.FLIGHT_NUMBER_NULL / quirks.CODESHARES)
    return {
        "airline": {"name": carrier.name, "iata": None if without_iata else carrier.iata, "icao": carrier.icao},
        "flight": {
            "number": number if numbered else None,
            "iata": None if without_iata else carrier.iata + number,
            "icao": carrier.icao + number,
            "codeshared": _codeshared(operating) if codeshare else None,
        },
    }


def _codeshared(operating: Codeshare) -> dict[str, Any]:
    (iata, icao, name), number = operating
    block = {
        "airline_name": name,
        "airline_iata": iata,
        "airline_icao": icao,
        "flight_number": number,
        "flight_iata": iata + number,
        "flight_icao": icao + number,
    }
    return {key: value.lower() for key, value in block.items()}


def _aircraft(leg: Leg, dice: Dice, clock: datetime) -> dict[str, Any] | None:
    if leg.tail is None or not quirks.shows_aircraft(dice, leg, clock):
        return None
    kind = type_of(leg.tail)
    code = kind and kind.icao  # the API gives the four-letter code twice
    return {"registration": leg.tail, "iata": code, "icao": code, "icao24": icao24(leg.tail)}
