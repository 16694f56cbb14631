"""In the middle of the storm each notebook counts what is overdue, or says that it does not and how many that are."""

import pandas as pd
import pytest

from aviation.explore import choice, getting_started, late_aircraft, on_time, routes, so_far, storm_day, what_we_knew
from aviation.explore.choice import Choice
from aviation.sql.as_of import instant
from support.board import storm

DAY, STORM = "2013-07-10", "2013-07-10T20:10Z"
WAITING = "130 under way, 64 overdue and 349 to come. Of the overdue, the worst is at least 190 minutes late."


@pytest.fixture(autouse=True)
def stored(monkeypatch):
    """The demo's day answers in place of a stack."""
    tables = storm()
    monkeypatch.setattr(
        choice, "ask", lambda text, as_of=None: tables.ask(text, as_of=instant(as_of) if as_of else None).copy()
    )


@pytest.fixture
def then() -> Choice:
    return Choice(DAY, as_of=STORM)


@pytest.fixture
def flights() -> pd.DataFrame:
    return storm().ask("select * from flights_so_far", as_of=instant(STORM))


@pytest.mark.parametrize("notebook", [getting_started, on_time, late_aircraft])
def test_a_finding_says_what_is_not_over(then, notebook):
    assert WAITING in notebook.finding(then).text


def test_so_do_the_findings_of_routes_and_of_a_past_moment(then):
    assert WAITING in routes.finding(routes.RouteChoice(DAY, as_of=STORM, minimum_arrivals=3)).text
    assert WAITING in what_we_knew.finding(then, Choice(DAY)).text


def test_of_a_day_that_is_over_nothing_is_left_out():
    over = Choice(DAY)
    assert so_far.waiting(over) == so_far.expected(over) == so_far.bound(over) == so_far.left_out(over) == ""
    for notebook in (getting_started, on_time, late_aircraft):
        assert "not over" not in notebook.finding(over).text.lower()


def test_charts_of_finished_flights_say_how_many_are_not(then):
    said = "finished flights alone; 543 not over yet (64 overdue) are left out"
    for drawn in (on_time.by_airline, on_time.by_airline_airport, on_time.by_airport_hour, late_aircraft.compared):
        assert said in drawn(then).options["subtitle"]
    for drawn in (storm_day.delays, storm_day.delays_by_airport):
        assert "64 overdue: counted by what they are late at the least" in drawn(then).options["subtitle"]


def test_each_airline_has_its_finished_and_its_expected_flights(then, flights):
    found = on_time.so_far(then).frame.set_index("airline")
    for airline, own in flights.groupby("airline_name"):
        row = found.loc[airline]
        assert row["finished"] == (own["standing"] == "over").sum()
        assert row["overdue"] == (own["standing"] == "overdue").sum()
        assert row["expected"] == ((own["standing"] == "over") | own["arr_delay_expected_min"].notna()).sum()
        assert row["expected_on_time"] == (own["arr_delay_expected_min"] < 15).sum()
        assert row["expected_share"] == row["expected_on_time"] / row["expected"]
    assert found["overdue"].sum() == 64


def test_the_mean_of_an_airport_counts_what_is_overdue_there(then, flights):
    found = storm_day.delays_by_airport(then).frame.set_index(["hour", "airport"])["mean_dep_delay_min"]
    groups = flights.assign(hour=flights["dep_scheduled_local"].dt.hour).groupby(["hour", "dep_airport"])
    delays = groups["dep_delay_min"].agg(["mean", "count"]).query("count >= 5")["mean"]
    assert found.to_dict() == pytest.approx(delays.to_dict())


def test_a_route_says_what_is_expected_of_it(flights):
    ranked = routes.routes(routes.RouteChoice(DAY, as_of=STORM, minimum_arrivals=3)).frame
    for row in ranked.itertuples():
        own = flights[(flights["dep_iata"] == row.dep_iata) & (flights["arr_iata"] == row.arr_iata)]
        assert row.not_over == (own["standing"] != "over").sum()
        assert row.mean_expected_min == pytest.approx(own["arr_delay_expected_min"].mean())
    assert routes.labelled(ranked)["in_words"].str.contains("not over, .* min expected").any()


def test_what_was_overdue_at_each_poll_is_counted(flights):
    told = what_we_knew.expectations(Choice(DAY)).frame.set_index(["measure", "known_at"])["flights"]
    late = flights[(flights["standing"] == "overdue") & (flights["dep_delay_min"] >= 15)]
    assert told["overdue departures"][pd.Timestamp("2013-07-10 20:10")] == len(late) > 0
    assert told["overdue departures"].iloc[-1] == 0
