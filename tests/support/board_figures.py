"""Whether what the board answers at one of the demo's polls is what the data set says: `board_truth`, by pandas.

`ask` gives the JSON of an address of the board: of one in this process, or of a stack's.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from aviation.jobs.demo import poll_times
from aviation.replay import DEFAULT_DAY
from support import board_truth
from support.board_truth import CHANGES, LATE, VERY_LATE

Ask = Callable[..., Any]
POLLS = poll_times(DEFAULT_DAY)[4:7]
"""17:50, 20:10 (16:10 in New York) and 22:30 UTC: before, in and after the worst of the storm."""
OVER = ("landed", "diverted", "cancelled")
MOST_CASES = 500
COST_PER_MINUTE = 100.80
"""The price of a minute that the template deploys, in US dollars."""


def before(when: datetime) -> datetime:
    """The poll before."""
    polls = poll_times(DEFAULT_DAY)
    return polls[polls.index(when) - 1]


def _tiles(legs: pd.DataFrame) -> dict[str, float]:
    """The numbers of the tiles."""
    over = legs[legs["standing"] == "over"]
    late = legs["late"].dropna()
    told = legs[(legs["standing"] == "over") | legs["expected_arrival"].notna()]
    return {
        "On time so far": (over["late_arrival"] < LATE).sum() / len(over) if len(over) else np.nan,
        "On time, expected": (told["expected_arrival"] < LATE).sum() / len(told),
        "Overdue": (legs["standing"] == "overdue").sum(),
        "Cancelled": (legs["known_status"] == "cancelled").sum(),
        "Diverted": (legs["known_status"] == "diverted").sum(),
        "Median departure delay": np.quantile(late, 0.5, method="inverted_cdf"),
        "Nine in ten left within": np.quantile(late, 0.9, method="inverted_cdf"),
        "Finished": len(over),
    }


def _duration(minutes: float) -> str:
    hours, rest = divmod(int(minutes), 60)
    return " ".join([f"{hours} h"] * (hours > 0) + [f"{rest} min"] * (rest > 0 or not hours))


def _notes(legs: pd.DataFrame) -> dict[str, str]:
    """What stands under the numbers."""
    over, waits = legs[legs["standing"] == "over"], legs[legs["standing"] == "overdue"]["late"]
    told = ((legs["standing"] == "over") | legs["expected_arrival"].notna()).sum()
    many = "1 flight" if len(legs) == 1 else f"{len(legs):,} flights"
    due = f"of {legs['late'].count():,} that left or are overdue"
    still = [
        f"{(legs['standing'] == name).sum():,} {name}"
        for name in ("under way", "to come")
        if (legs["standing"] == name).any()
    ]
    worst = (
        f"{(waits >= VERY_LATE).sum():,} by an hour or more, the worst by {_duration(waits.max())}"
        if len(waits)
        else ""
    )
    return {
        "On time so far": f"of {len(over):,} finished",
        "On time, expected": f"of {told:,} finished or expected",
        "Overdue": worst or "no flight waits beyond its schedule",
        "Cancelled": f"of {many}",
        "Diverted": f"of {many}",
        "Median departure delay": due,
        "Nine in ten left within": due,
        "Finished": ", ".join([f"of {len(legs):,}", *still]),
    }


def check_tiles(said: dict, legs: pd.DataFrame, earlier: pd.DataFrame) -> None:
    """The numbers, what they are of, and their change since the poll before."""
    found = {tile["name"]: tile for tile in said["tiles"]}
    expected, was = _tiles(legs), _tiles(earlier)
    assert {name: tile["value"] for name, tile in found.items()} == expected
    assert {name: tile["note"] for name, tile in found.items()} == _notes(legs)
    changes = {name: tile["change"] for name, tile in found.items()}
    # Of nothing there is no share, and so no change of it.
    assert changes == {name: None if was[name] != was[name] else expected[name] - was[name] for name in expected}


def check_hours(said: dict, legs: pd.DataFrame) -> None:
    """What became of each hour's departures, and how late they leave."""
    outcome = legs["known_status"].where(legs["known_status"].isin(["cancelled", "diverted"]), legs["standing"])
    left = outcome.isin(["over", "under way"])
    outcome = outcome.mask(left, np.where(legs["late"] >= LATE, "left late", "left on time"))
    expected = legs.groupby(["hour", outcome.rename("outcome")]).size()
    found = pd.DataFrame(said["outcomes"]).set_index(["hour", "outcome"])["flights"]
    assert found.to_dict() == expected.to_dict()
    due = legs.dropna(subset=["late"])
    hours = due.groupby("left_hour")
    curve = pd.DataFrame(said["delays"]).set_index("hour")
    assert list(curve.index) == sorted(hours.groups)
    np.testing.assert_allclose(curve["at_least_so_far_min"], hours["late"].mean())
    np.testing.assert_allclose(curve["expected_min"], hours["expected"].mean())
    assert curve["flights"].to_dict() == hours.size().to_dict()
    waits = (due["standing"] == "overdue").groupby(due["left_hour"]).sum()
    assert curve["overdue"].to_dict() == waits.to_dict()


def _cases(legs: pd.DataFrame, when: datetime) -> dict[str, tuple]:
    """Of each flight that needs somebody its kind, reason, minutes and whether they are a lower bound."""
    found = {}
    for key, leg in legs.iterrows():
        late = max([value for value in (leg["expected"], leg["expected_arrival"]) if value == value], default=0)
        if leg["known_status"] in ("cancelled", "diverted"):
            status = leg["known_status"]
            since = next(
                poll for poll in poll_times(DEFAULT_DAY) if board_truth.flights(poll).loc[key, "known_status"] == status
            )
            found[key] = (status, f"{status.capitalize()}, known since {since:%H:%M} UTC.", None, False)
        elif leg["standing"] == "over" or late < LATE:
            continue
        elif leg["standing"] == "overdue":
            reason, is_bound = f"Has not left, {_duration(leg['late'])} after its schedule.", True
            if leg["expected"] > leg["late"]:
                reason, is_bound = f"{reason} Expected to leave {_duration(leg['expected'])} late.", False
            if leg["expected_arrival"] > leg["expected"]:
                reason, is_bound = f"{reason} Expected to land {_duration(leg['expected_arrival'])} late.", False
            found[key] = ("overdue", reason, late, is_bound)
        else:
            is_there_bound = leg["standing"] == "under way" and leg["late_arrival"] == leg["late_arrival"]
            parts = []
            if leg["expected"] >= LATE:
                verb = "Left" if leg["standing"] == "under way" else "Expected to leave"
                parts.append(f"{verb} {_duration(leg['expected'])} late.")
            has_left = leg["standing"] == "under way"
            if leg["expected_arrival"] >= LATE and (has_left or leg["expected_arrival"] > leg["expected"]):
                is_bound = is_there_bound and leg["expected_arrival"] == leg["late_arrival"]
                parts.append(
                    f"Expected to land {'at least ' if is_bound else ''}{_duration(leg['expected_arrival'])} late."
                )
            found[key] = ("late", " ".join(parts), late, is_there_bound)
    return found


def check_attention(said: dict, legs: pd.DataFrame, when: datetime) -> None:
    """Each flight that needs somebody with its reason, and no other but what is forecast of flights to come of which
    nothing is known; the gravest first."""
    expected = _cases(legs, when)
    known = [one for one in said["cases"] if one["kind"] != "forecast"]
    found = {one["flight_key"]: one for one in known}
    forecast = {one["flight_key"] for one in said["cases"]} - found.keys()
    assert not forecast & expected.keys()
    assert set(legs.loc[sorted(forecast), "standing"]) <= {"to come"}
    assert len(said["cases"]) == min(MOST_CASES, said["cases_found"])
    if len(said["cases"]) == said["cases_found"]:
        assert found.keys() == expected.keys()
    for key, one in found.items():
        kind, reason, minutes, is_bound = expected[key]
        assert (one["kind"], one["reason"], one["minutes"], one["is_at_least"]) == (kind, reason, minutes, is_bound)
        assert one["cost_usd"] == (minutes * COST_PER_MINUTE if minutes else None)
        leg = legs.loc[key]
        assert (one["airline"], one["route"], one["gate"]) == (
            leg["airline"],
            f"{leg['from']}–{leg['to']}",
            leg["dep_gate"],
        )
        assert pd.Timestamp(one["scheduled_local"]) == leg["scheduled"]
    weights = [one["weight"] for one in said["cases"]]
    assert weights == sorted(weights, reverse=True)
    weighs = {"cancelled": 300, "diverted": 240}
    assert [one["weight"] for one in known] == [weighs.get(one["kind"]) or one["minutes"] for one in known]


def check_now(ask: Ask, when: datetime) -> None:
    """The page *Now*."""
    said, legs = ask("now", as_of=when.isoformat()), board_truth.flights(when)
    check_tiles(said, legs, board_truth.flights(before(when)))
    check_hours(said, legs)
    check_attention(said, legs, when)
    assert pd.Timestamp(said["known_at"]) == pd.Timestamp(when).tz_localize(None)


def _marked(legs: pd.DataFrame, earlier: pd.DataFrame) -> pd.Series:
    """Which fields of each departure changed between two moments."""
    lists = pd.Series([[] for _ in range(len(legs))], legs.index)
    for field, column in CHANGES.items():
        now, was = legs[column], earlier[column]
        for key in legs.index[~((now == was) | (now.isna() & was.isna()))]:
            lists[key].append(field)
    return lists.map(sorted)


def check_board(ask: Ask, when: datetime) -> None:
    """The page *Board*: each line of all departures, what can be chosen, and what the filters find."""
    legs, as_of = board_truth.flights(when), when.isoformat()
    first = ask("flights", as_of=as_of)
    pages = [first, *(ask("flights", as_of=as_of, page=number) for number in range(2, first["pages"] + 1))]
    lines = pd.DataFrame([line for page in pages for line in page["flights"]]).set_index("flight_key")
    assert list(lines["scheduled_local"]) == sorted(lines["scheduled_local"])
    lines = lines.sort_index()
    assert first["found"] == len(lines) == len(legs) == 1004
    shown = legs["standing"].where(legs["standing"] == "overdue", legs["known_status"])
    is_cancelled = legs["known_status"] == "cancelled"
    late = legs["expected"].mask(is_cancelled)
    time = (legs["scheduled"] + pd.to_timedelta(late, unit="min")).mask(is_cancelled)
    for name, expected in (
        ("airline", legs["airline"]),
        ("airport", legs["from"]),
        ("place", legs["to"]),
        ("gate", legs["dep_gate"]),
        ("terminal", legs["dep_terminal"]),
        ("aircraft", legs["aircraft"]),
        ("status", shown),
        ("standing", legs["standing"]),
        ("delay_is_at_least", (legs["standing"] == "overdue") & (legs["expected"] == legs["late"])),
        ("is_actual", legs["dep_actual"].notna()),
        ("changed", _marked(legs, board_truth.flights(before(when)))),
    ):
        assert lines[name].to_dict() == expected.to_dict(), name
    np.testing.assert_array_equal(lines["delay_min"].astype(float), late.astype(float))
    pd.testing.assert_series_equal(
        pd.to_datetime(lines["scheduled_local"]), legs["scheduled"], check_names=False, check_dtype=False
    )
    pd.testing.assert_series_equal(pd.to_datetime(lines["expected_local"]), time, check_names=False, check_dtype=False)
    named = legs["iata"] != ""
    spaced = legs["iata"].str[:2] + " " + legs["iata"].str[2:]
    assert lines["flight"][named].to_dict() == spaced[named].to_dict()
    unnamed = legs["airline_iata"].where(legs["airline_iata"] != "", legs["icao"]) + " " + legs["number"]
    assert lines["flight"][~named].to_dict() == unnamed[~named].to_dict()
    assert first["statuses"] == sorted(shown.unique())
    assert first["airports"] == ["EWR", "JFK", "LGA"]
    assert first["airlines"] == sorted(legs["airline"].unique())
    for filters, chosen in (
        ({"airport": "JFK"}, legs["from"] == "JFK"),
        ({"airport": "LAX", "direction": "arrivals"}, legs["to"] == "LAX"),
        ({"airline": "JetBlue Airways"}, legs["icao"] == "JBU"),
        ({"status": "overdue"}, shown == "overdue"),
        ({"status": "cancelled", "airport": "LGA"}, is_cancelled & (legs["from"] == "LGA")),
        ({"text": "n5 8"}, legs["aircraft"].str.contains("N58")),
    ):
        found = ask("flights", as_of=as_of, **filters)
        # A code of a partner can hold the same text.
        assert found["found"] == chosen.sum() or ("text" in filters and found["found"] >= chosen.sum()), filters
        assert {line["flight_key"] for line in found["flights"]} <= set(legs.index[chosen]) or "text" in filters


def check_place(ask: Ask, when: datetime, kind: str, code: str) -> None:
    """The page of an airport, an airline or an aircraft: figures, charts, what needs attention, flights."""
    own = {
        "airport": lambda every: (every["from"] == code) | (every["to"] == code),
        "airline": lambda every: every["icao"] == code,
        "aircraft": lambda every: every["aircraft"] == code,
    }[kind]
    said, every, earlier = ask(f"{kind}/{code}", as_of=when.isoformat()), board_truth.flights(when), before(when)
    legs, was = every[own(every)], board_truth.flights(earlier)
    assert said["code"] == code
    if not legs.empty:
        if own(was).any():
            check_tiles(said["figures"], legs, was[own(was)])
        check_hours(said["figures"], legs)
        check_attention(said["figures"], legs, when)
    departs = legs["from"] == code if kind == "airport" else legs["from"].notna()
    assert said["departures"]["found"] == departs.sum()
    if kind == "airport":
        assert said["arrivals"]["found"] == (legs["to"] == code).sum()
    if kind == "aircraft":
        assert {leg["flight_key"] for leg in said["legs"]} == set(legs.index)


def check_map(ask: Ask, when: datetime) -> None:
    """The page *Map*: each route's flights, how many of them are under way or overdue, and how late they land."""
    said, legs = ask("map", as_of=when.isoformat()), board_truth.flights(when)
    assert said["left_out"] == ""
    moving = legs[legs["standing"].isin(["under way", "overdue"])]
    late = moving.groupby(["from", "to"])["expected_arrival"].mean()
    bound = (moving["standing"] == "overdue") & (moving["expected"] == moving["late"])
    bound |= moving["expected_arrival"] == moving["late_arrival"]
    bound = bound.groupby([moving["from"], moving["to"]]).any()
    found = {(one["dep_airport"], one["arr_airport"]): one for one in said["routes"]}
    routes = legs.groupby(["from", "to"])
    assert set(found) == set(routes.groups)
    for route, rows in routes:
        one = found[route]
        counts = [(rows["standing"] == name).sum() for name in ("under way", "overdue")]
        assert (one["flights"], one["under_way"], one["overdue"]) == (len(rows), *counts)
        np.testing.assert_allclose(one["late_min"] if one["late_min"] is not None else np.nan, late.get(route, np.nan))
        assert one["is_at_least"] == bound.get(route, False)
    ends = pd.concat([legs["from"], legs["to"]]).value_counts().to_dict()
    assert {one["code"]: one["flights"] for one in said["airports"]} == ends
    flying = moving[moving["standing"] == "under way"]
    late = {one["flight_key"]: one["late_min"] for one in said["aircraft"]}
    assert late == flying["expected_arrival"].to_dict()


def check_flights(ask: Ask, when: datetime) -> None:
    """The page *Flight*, of a few of each standing."""
    legs = board_truth.flights(when)
    for _, alike in legs.groupby(["standing", "known_status"]):
        for key, leg in alike.iloc[:: max(1, len(alike) // 3)].iterrows():
            _check_flight(ask(f"flight/{key}", as_of=when.isoformat()), key, leg, when)


def _check_flight(said: dict, key: str, leg: pd.Series, when: datetime) -> None:
    known = [poll for poll in poll_times(DEFAULT_DAY) if poll <= when]
    now = pd.Timestamp(when).tz_localize(None)
    assert [pd.Timestamp(said[name]) for name in ("known_at", "observed_at", "first_seen_at")] == [
        now,
        now,
        pd.Timestamp(known[0]).tz_localize(None),
    ]
    status = "overdue" if leg["standing"] == "overdue" else leg["known_status"]
    assert (said["status"], said["standing"]) == (status, leg["standing"])
    side, arrives = said["departure"], said["arrival"]
    assert (side["code"], arrives["code"], side["gate"]) == (leg["from"], leg["to"], leg["dep_gate"])
    for name, expected in (("scheduled", leg["scheduled"]), ("actual", leg["dep_actual"])):
        assert pd.Timestamp(side[f"{name}_local"]) is pd.NaT or pd.Timestamp(side[f"{name}_local"]) == expected
        assert (side[f"{name}_local"] is None) == pd.isna(expected)
    for part, late, expected in ((side, "late", "expected"), (arrives, "late_arrival", "expected_arrival")):
        for name, value in (("delay_min", leg[late]), ("expected_min", leg[expected])):
            assert part[name] == (None if pd.isna(value) else value), (key, name)
    assert side["is_at_least"] == (leg["standing"] == "overdue")
    assert (said["aircraft"] or {"registration": ""})["registration"] == leg["aircraft"]
    # Its versions follow each other without a gap, and when its status became known is the first poll that had it.
    versions = said["versions"]
    assert versions[0]["known_from"] == said["first_seen_at"]
    assert versions[-1]["known_until"] is None
    assert [one["known_until"] for one in versions[:-1]] == [one["known_from"] for one in versions[1:]]
    had = [board_truth.flights(poll).loc[key, "known_status"] for poll in known]
    since = len(had) - next((back for back, one in enumerate(reversed(had)) if one != had[-1]), len(had))
    told = [
        step["known_from"]
        for step in said["steps"]
        for change in step["changes"]
        if (change["field"], change["after"]) == ("flight_status", leg["known_status"])
    ]
    assert pd.Timestamp(told[-1]) == pd.Timestamp(known[since]).tz_localize(None)


def check_places(ask: Ask, when: datetime) -> None:
    """The pages *Airport*, *Airline* and *Aircraft*, of a few of each."""
    for kind, code in PLACES:
        check_place(ask, when, kind, code)


PLACES = (("airport", "JFK"), ("airport", "LAX"), ("airline", "JBU"), ("airline", "UAL"), ("aircraft", "N588JB"))
CHECKS = (check_now, check_board, check_places, check_map, check_flights)
