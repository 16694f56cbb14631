"""The map's figures against what the replay answers, and how they are placed."""

from collections import Counter
from datetime import datetime
from itertools import pairwise
from math import asin, cos, degrees, radians, sin, sqrt

import pytest

from aviation.board.geography import Place, airport, along, great_circle, on_map
from aviation.board.moment import moment
from aviation.board.pages.map import drawn, lateness
from aviation.board.pages.routes import NEARLY_THERE, flight_map
from aviation.jobs.demo import poll_times
from aviation.replay import DEFAULT_DAY, data, records
from support.board import MadeTables, browser, storm
from support.made_up import NOON, Database, leg

EARTH_KM = 6371.0
INSTANTS = [poll_times(DEFAULT_DAY)[number] for number in (3, 5, 8)]


def apart(one: Place, other: Place) -> float:
    """Kilometres, by the haversine formula."""
    (y1, x1), (y2, x2) = (map(radians, place) for place in (one, other))
    return 2 * EARTH_KM * asin(sqrt(sin((y2 - y1) / 2) ** 2 + cos(y1) * cos(y2) * sin((x2 - x1) / 2) ** 2))


def figures(instant: datetime):
    tables = storm()
    return flight_map(tables, moment(tables, DEFAULT_DAY, instant.isoformat()))


def flying(instant: datetime) -> Counter[tuple[str, str]]:
    """How many flights of each route are under way by the data set, and by the replay's rule of when a diversion is
    known."""
    legs = zip(data.legs(DEFAULT_DAY), data.truth(DEFAULT_DAY).itertuples(), strict=True)
    return Counter(
        (leg.origin, leg.dest)
        for leg, said in legs
        if not said.cancelled and leg.dep_actual <= instant < records.ends(leg)
    )


@pytest.mark.parametrize("instant", INSTANTS, ids=str)
def test_each_route_counts_the_flights_under_way(instant):
    routes = figures(instant).routes
    assert {(one.dep_airport, one.arr_airport): one.under_way for one in routes if one.under_way} == flying(instant)
    every = Counter((leg.origin, leg.dest) for leg in data.legs(DEFAULT_DAY))
    assert {(one.dep_airport, one.arr_airport): one.flights for one in routes} == every


@pytest.mark.parametrize("instant", INSTANTS, ids=str)
def test_an_aircraft_is_where_the_api_says_else_estimated_on_its_way(instant):
    aircraft = figures(instant).aircraft
    assert len(aircraft) == flying(instant).total()
    said = {
        (live["latitude"], live["longitude"]) for one in records.flights(DEFAULT_DAY, instant) if (live := one["live"])
    }
    assert {one.is_estimated for one in aircraft} == {True, False}
    for one in aircraft:
        if not one.is_estimated:
            assert (one.latitude, one.longitude) in said
            continue
        # On the shortest way, between its ends.
        ends, here = (
            (airport(one.dep_airport).place, airport(one.arr_airport).place),
            Place(one.latitude, one.longitude),
        )
        assert apart(ends[0], here) + apart(here, ends[1]) == pytest.approx(apart(*ends), abs=1)


def test_lateness_of_a_route_is_the_mean_of_what_is_expected_of_its_flights():
    tables = storm()
    at = moment(tables, DEFAULT_DAY, "2013-07-10T20:10Z")
    flights = tables.ask("select * from flights_so_far", day=at.day, as_of=at.as_of)
    moving = flights[flights["standing"].isin(["under way", "overdue"])]
    means = moving.groupby(["dep_airport", "arr_airport"])["arr_delay_expected_min"].mean()
    shown = {(one.dep_airport, one.arr_airport): one for one in flight_map(tables, at).routes}
    assert {route for route, one in shown.items() if one.late_min is not None} == set(means.index)
    for route, mean in means.items():
        assert shown[route].late_min == pytest.approx(mean)
    assert sum(one.overdue for one in shown.values()) == 64
    assert any(one.is_at_least for one in shown.values())


def made(*rows: dict) -> MadeTables:
    rows = [{"observed_at": NOON} | row for row in rows]
    database = Database().insert("flights", rows)
    seen = [{name: row[name] for name in ("flight_key", "flight_date", "observed_at")} for row in rows]
    return MadeTables(database.insert("flight_observations", seen).insert("loads", [{"run_id": "a"}]))


def under_way(key: str, route: str, leaves: int, arrives: int, **more) -> dict:
    return leg(key, route, leaves, arrives, dep_late=0, arr_late=None, flight_status="active", **more)


def map_of(*rows: dict):
    tables = made(*rows)
    return flight_map(tables, moment(tables))


def test_half_of_the_time_is_half_of_the_way():
    [one] = map_of(under_way("a", "JFK-LAX", -180, 180)).aircraft
    ends = airport("JFK").place, airport("LAX").place
    assert one.is_estimated
    assert apart(ends[0], Place(one.latitude, one.longitude)) == pytest.approx(apart(*ends) / 2, rel=1e-6)
    assert 255 < one.course < 265  # a little south of west


def test_an_aircraft_that_should_have_landed_is_not_there_yet():
    [one] = map_of(under_way("a", "JFK-BOS", -90, -30)).aircraft
    ends = airport("JFK").place, airport("BOS").place
    # It is half an hour late at the least, so it is expected now.
    assert (one.late_min, one.is_at_least) == (30, True)
    assert apart(ends[0], Place(one.latitude, one.longitude)) == pytest.approx(NEARLY_THERE * apart(*ends), rel=1e-6)


def test_what_cannot_be_placed_is_said():
    found = map_of(under_way("a", "JFK-ZZZ9", -60, 60), under_way("b", "JFK-BOS", -10, 60, arr_scheduled_utc=None))
    assert (len(found.routes), found.aircraft) == (1, [])
    assert "(ZZZ9)" in found.left_out and "2 aircraft under way" in found.left_out


def test_a_route_over_the_date_line_does_not_cross_the_whole_map():
    narita, honolulu = airport("NRT").place, airport("HNL").place
    points = great_circle(narita, honolulu, 180)
    assert max(abs(one[0] - other[0]) for one, other in pairwise(points)) < 100
    assert points[-1][0] == pytest.approx(on_map(honolulu, 180)[0])
    frame = drawn(map_of(under_way("a", "NRT-HNL", -60, 60))).frame
    assert frame[2] < 900  # tenths of a degree


def test_the_frame_holds_every_route():
    found = figures(INSTANTS[1])
    x, y, width, height = drawn(found).frame
    for mark in drawn(found).airports:
        assert x < mark.x < x + width and y < mark.y < y + height


def test_the_way_begins_and_ends_at_the_airports():
    start, end = airport("EWR").place, airport("HNL").place
    for fraction, place in ((0, start), (1, end)):
        assert apart(along(start, end, fraction)[0], place) < 0.01
    assert along(start, start, 0.5) == (start, 0.0)
    east, course = along(Place(0, 0), Place(0, 90), 0.5)
    assert (round(east.latitude, 6), round(degrees(radians(east.longitude)), 6), round(course)) == (0, 45, 90)


@pytest.mark.parametrize(
    ("minutes", "name"),
    [(None, "none"), (-5, "on-time"), (14, "on-time"), (15, "late"), (59, "late"), (60, "very-late")],
)
def test_a_delay_has_its_colour(minutes, name):
    assert lateness(minutes) == name


def test_the_page_and_its_json_are_of_the_same_moment():
    pages = browser(storm())
    answer = pages.get("/api/map", params={"as_of": "2013-07-10T20:10Z"}).json()
    html = pages.get("/map", params={"as_of": "2013-07-10T20:10Z"}).text
    assert answer["known_at"] == "2013-07-10T20:10:00"
    for one in answer["aircraft"]:
        assert f">{one['flight']}</a>" in html
    assert html.count('class="route ') == len(answer["routes"]) + 4  # those of the key


def test_before_the_first_load_there_is_nothing():
    pages = browser(MadeTables())
    assert pages.get("/api/map").json() is None
    assert "no flights yet" in pages.get("/map").text


def test_near_is_where_most_flights_are():
    flown = [under_way(f"k{number}", "EWR-BOS", -60, 60) for number in range(9)]
    found = drawn(map_of(*flown, under_way("far", "EWR-HNL", -60, 600)))
    assert found.near[2] < 0.2 * found.frame[2]
    assert drawn(map_of(*flown)).near == drawn(map_of(*flown)).frame
