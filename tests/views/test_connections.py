"""Connections that a delay breaks, on made pairs: the replay has departures from New York only, so it has none."""

from datetime import timedelta
from itertools import product

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from aviation.columns import FLIGHTS, HISTORY
from aviation.sql.as_of import expand, rewrite
from aviation.sql.catalog import Catalog
from aviation.sql.parse import parse_select
from aviation.views.connections import DEFAULT, LONGEST_MIN, MINIMUM_MIN
from support.made_up import CATALOG, NOON, Database, columns, leg, real_legs

LATER = NOON + timedelta(minutes=90)
WAITS = {"flight_status": "scheduled", "dep_late": None, "arr_late": None, "observed_at": LATER}


def broken(*legs: dict) -> list[dict]:
    """The view's rows of these legs, in the order of their keys."""
    return with_forecasts([], *legs)


def with_forecasts(said: list[dict], *legs: dict) -> list[dict]:
    """The same, of forecasts too."""
    flights = pd.DataFrame(legs).astype({"dep_delay_min": "Int64", "arr_delay_min": "Int64"})
    text = "select * from connections_at_risk order by arrival_key, departure_key"
    database = Database().insert("flights", flights)
    return (database.insert("flight_forecasts", said) if said else database).ask(text).to_dict("records")


def into(route: str, at: int, late: int | None, airline: str = "AAL", **more) -> dict:
    return leg("in", route, at - 120, at, arr_late=late, airline_icao=airline, **more)


def out(route: str, at: int, late: int | None = 0, airline: str = "AAL", **more) -> dict:
    return leg("out", route, at, at + 120, dep_late=late, airline_icao=airline, **more)


@pytest.mark.parametrize(
    ("arrival", "departure", "expected"),
    [
        # minimum, by the schedule, by the delays: domestic to domestic takes 30 minutes
        (into("BOS-ORD", 0, 31), out("ORD-SFO", 60), (30, 60, 29)),
        (into("BOS-ORD", 0, 30), out("ORD-SFO", 60), None),
        (into("BOS-ORD", 0, 100), out("ORD-SFO", 60), (30, 60, -40)),
        (into("BOS-ORD", 0, 100), out("ORD-SFO", 60, late=70), None),  # the second waits
        (into("BOS-ORD", 0, 100), out("ORD-SFO", 60, late=69), (30, 60, 29)),
        (into("BOS-ORD", 0, 10), out("ORD-SFO", 29), None),  # no connection by the schedule
        (into("BOS-ORD", 0, 300), out("ORD-SFO", LONGEST_MIN), (30, LONGEST_MIN, LONGEST_MIN - 300)),
        (into("BOS-ORD", 0, 300), out("ORD-SFO", LONGEST_MIN + 1), None),
        # across countries, and where the airport has its own minimum
        (into("BOS-ORD", 0, 40), out("ORD-LHR", 120), (90, 120, 80)),
        (into("LHR-ORD", 0, 40), out("ORD-BOS", 120), (90, 120, 80)),
        (into("JFK-FRA", 0, 40, "UAL"), out("FRA-MUC", 80, airline="DLH"), (45, 80, 40)),
        (into("JFK-LHR", 0, 40), out("LHR-MAD", 80, airline="BAW"), (60, 80, 40)),
        (into("QQQ-ORD", 0, 40), out("ORD-BOS", 120), (90, 120, 80)),  # nobody knows that airport's country
        # of one airline or alliance, and not back
        (into("BOS-ORD", 0, 50), out("ORD-SFO", 60, airline="UAL"), None),
        (into("BOS-ORD", 0, 50, "JBU"), out("ORD-SFO", 60, airline="JBU"), (30, 60, 10)),
        (into("BOS-ORD", 0, 50, "JBU"), out("ORD-SFO", 60, airline="SWA"), None),
        (into("BOS-ORD", 0, 50), out("ORD-BOS", 60), None),
        (into("BOS-ORD", 0, 50), out("MDW-SFO", 60), None),
        # over midnight, in UTC
        (into("BOS-ORD", 700, 50), out("ORD-SFO", 760), (30, 60, 10)),
        # what is not flown
        (into("BOS-ORD", 0, None, flight_status="cancelled"), out("ORD-SFO", 60), None),
        (into("BOS-ORD", 0, None, flight_status="diverted"), out("ORD-SFO", 60), None),
        (into("BOS-ORD", 0, 50), out("ORD-SFO", 60, None, flight_status="cancelled"), None),
        (into("BOS-ORD", 0, 50), out("ORD-SFO", 60, flight_status="diverted"), None),
        (into("BOS-ORD", 0, None), out("ORD-SFO", 60), None),  # it landed, and nobody says when
    ],
)
def test_a_connection_that_a_delay_breaks(arrival, departure, expected):
    rows = broken(arrival, departure)
    assert [(row["minimum_min"], row["scheduled_min"], row["expected_min"]) for row in rows] == [expected] * bool(
        expected
    )
    for row in rows:
        assert row["short_by_min"] == row["minimum_min"] - row["expected_min"]
        assert (row["arrival_key"], row["departure_key"], row["is_missed"]) == ("in", "out", True)


def test_two_airlines_share_their_alliance_and_one_itself():
    other = broken(into("JFK-LHR", 0, 60, "AAL"), out("LHR-CDG", 90, airline="BAW"))
    own = broken(into("JFK-LHR", 0, 60, "BAW"), out("LHR-CDG", 90, airline="BAW"))
    assert [row["shared"] for row in (*other, *own)] == ["oneworld", "BAW"]


def test_a_delay_that_is_expected_is_a_risk_and_not_yet_missed():
    """It should have left two hours ago: it is late by as much at the least."""
    arrival = leg("in", "BOS-ORD", 0, 100, airline_icao="AAL", **WAITS)
    departure = leg("out", "ORD-SFO", 160, 300, airline_icao="AAL", **WAITS)
    [row] = broken(arrival, departure)
    assert (row["arr_delay_expected_min"], row["expected_min"], row["is_missed"]) == (90, -30, False)
    assert pd.isna(row["dep_delay_expected_min"])


def test_it_is_missed_only_once_the_first_has_landed_and_the_second_has_left():
    lands, flies = into("BOS-ORD", 60, 50, observed_at=LATER), {"flight_status": "active", "observed_at": LATER}
    waits = out("ORD-SFO", 95, None, arr_late=None, flight_status="scheduled", observed_at=LATER)
    gone = out("ORD-SFO", 100, arr_late=None, **flies)
    # By now, half past one, the first should have landed 50 minutes ago.
    late = into("BOS-ORD", 40, None, **flies)
    pairs = ((lands, waits), (late, gone), (lands, gone))
    assert [row["is_missed"] for pair in pairs for row in broken(*pair)] == [False, False, True]


@settings(max_examples=10, deadline=None, phases=[Phase.generate])  # an example takes too long to be made smaller
@given(st.data())
def test_the_pairs_are_all_and_only_those_that_the_delays_break(data):
    airport, airline = st.sampled_from(["ORD", "BOS", "SFO", "LHR"]), st.sampled_from(["AAL", "BAW", "UAL"])
    late = st.integers(-20, 300)
    made = st.lists(st.tuples(airport, airport, airline, st.integers(0, 1500), late, late), min_size=10, max_size=25)
    flights = [flight for flight in data.draw(made) if flight[0] != flight[1]] or [("ORD", "BOS", "AAL", 0, 0, 0)]
    legs = [
        leg(f"{number:02}", f"{start}-{end}", at, at + 120, airline_icao=of, dep_late=dep, arr_late=arr)
        for number, (start, end, of, at, dep, arr) in enumerate(flights)
    ]
    allied, abroad = {"AAL": "oneworld", "BAW": "oneworld", "UAL": "Star"}, {"LHR"}
    expected = []
    for (one, first), (two, second) in product(enumerate(flights), repeat=2):
        at, planned = first[1], second[3] - first[3] - 120
        crosses = sum(len({at, far} & abroad) == 1 for far in (first[0], second[1]))
        least = MINIMUM_MIN.get(at, MINIMUM_MIN[DEFAULT])[3 if crosses else 0]
        left = planned - first[5] + second[4]
        together = at == second[0] and first[0] != second[1] and allied[first[2]] == allied[second[2]]
        if together and least <= planned <= LONGEST_MIN and left < least:
            expected.append((f"{one:02}", f"{two:02}", left))
    found = [(row["arrival_key"], row["departure_key"], row["expected_min"]) for row in broken(*legs)]
    assert found == sorted(expected)


def test_the_demo_s_day_has_no_pair():
    day = pd.DataFrame(real_legs("2013-07-10")).astype({"dep_delay_min": "Int64", "arr_delay_min": "Int64"})
    assert Database().insert("flights", day).ask("select * from connections_at_risk").empty


def test_as_of_a_moment_it_is_what_was_known_then():
    known = Catalog(views=CATALOG.views, columns={name: columns()[name] for name in (FLIGHTS.name, HISTORY.name)})
    on_time, late = into("BOS-ORD", 0, 0), into("BOS-ORD", 0, 50)
    history = [
        on_time | {"known_from": NOON, "known_until": NOON + timedelta(hours=2)},
        late | {"known_from": NOON + timedelta(hours=2)},
        out("ORD-SFO", 60) | {"known_from": NOON},
    ]
    flights = pd.DataFrame(history).astype({"dep_delay_min": "Int64", "arr_delay_min": "Int64"})
    database = Database().insert("flight_history", flights)

    def at(hour: int) -> list[tuple]:
        past = rewrite(
            parse_select("select expected_min from connections_at_risk"), NOON + timedelta(hours=hour), known
        )
        return database.run(expand(past, Catalog()).sql(dialect="duckdb")).fetchall()

    assert (at(1), at(3)) == ([], [(10,)])


def said(key: str, *, p50: float = 0, arr_p50: float = 0, arr_p90: float = 0, minutes: int = 0) -> dict:
    """A forecast of a leg, made so many minutes after noon."""
    quantiles = {"p50": p50, "arr_p50": arr_p50, "arr_p90": arr_p90}
    return {"flight_key": key, "flight_date": "2013-07-10", "made_at": NOON + timedelta(minutes=minutes)} | quantiles


@pytest.mark.parametrize(
    ("forecasts", "more", "found"),
    [
        # what breaks it, minutes between the two by what is expected, and by the arrival's p90
        ([], {}, None),
        ([said("in", arr_p50=29.6, arr_p90=30)], {}, None),
        ([said("in", arr_p50=31, arr_p90=40)], {}, ("the forecast", 29, 20)),
        ([said("in", arr_p50=10, arr_p90=31)], {}, ("one in ten", 50, 29)),
        ([said("in", arr_p50=31, arr_p90=40), said("out", p50=2)], {}, ("one in ten", 31, 22)),  # the second waits
        ([said("in", arr_p50=31, arr_p90=40), said("out", p50=-5)], {}, ("the forecast", 24, 15)),
        # the newest forecast holds, and only of what has not left
        ([said("in", arr_p50=99, arr_p90=99), said("in", arr_p50=0, arr_p90=0, minutes=1)], {}, None),
        ([said("in", arr_p50=99, arr_p90=99)], {"flight_status": "active", "dep_late": 0}, None),
        # what is known is no better than that
        ([said("in", arr_p50=10, arr_p90=20)], {"dep_delay_forecast_min": 31}, ("what is known", 29, 29)),
        ([said("in", arr_p50=40, arr_p90=50)], {"dep_delay_forecast_min": 31}, ("what is known", 20, 10)),
    ],
)
def test_what_the_forecast_breaks_is_told_from_what_is_known(forecasts, more, found):
    to_come = {"flight_status": "scheduled", "dep_late": None, "arr_late": None, "observed_at": NOON}
    first = leg("in", "BOS-ORD", 60, 180, airline_icao="AAL", **to_come | more)
    second = leg("out", "ORD-SFO", 240, 400, airline_icao="AAL", **to_come)
    rows = with_forecasts(forecasts, first, second)
    assert [(row["broken_by"], row["expected_min"], row["p90_min"]) for row in rows] == [found] * bool(found)


def test_without_a_forecast_it_is_broken_by_what_is_known():
    [row] = broken(into("BOS-ORD", 0, 31), out("ORD-SFO", 60))
    assert row["broken_by"] == "what is known" and pd.isna(row["p90_min"])
