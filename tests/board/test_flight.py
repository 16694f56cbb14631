"""The page of one flight: where it stands, what became known of it and when, its aircraft's day."""

import random
from datetime import datetime, timedelta
from urllib.parse import quote

import pandas as pd
import pytest

from aviation.board.pages.timeline import TOLD
from aviation.views.aircraft import MINIMUM_TURN_MIN
from support.board import MadeTables, browser, storm
from support.made_up import NOON, Database, leg
from support.payloads import payloads

POLL = "2013-07-10T20:10Z"
THEN = datetime(2013, 7, 10, 20, 10)


@pytest.fixture(scope="module")
def board():
    return browser(storm())


def flight(board, key, **query):
    answer = board.get(f"/api/flight/{key}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def some(where, number=3):
    """Keys of flights of the demo's day, as they stood at POLL."""
    found = storm().ask(f"select flight_key from flights_so_far where {where} order by flight_key", as_of=THEN)
    assert len(found) >= number, where
    return list(found["flight_key"])[:number]


def page(board, key, **query):
    answer = board.get(f"/flight/{quote(key)}", params=query)
    return answer.status_code, " ".join(answer.text.split())


def made(*legs, **changes):
    """Tables with these legs as their newest versions; `changes` are columns of all."""
    rows = [row | changes for row in legs]
    frame = pd.DataFrame([{"observed_at": NOON, "first_seen_at": NOON} | row for row in rows])
    for side in ("dep", "arr"):
        frame[f"{side}_delay_min"] = frame[f"{side}_delay_min"].astype("Int64")
        frame[f"{side}_actual_local"] = frame[f"{side}_actual_utc"]
    tables = Database().insert("flights", frame)
    tables.insert("flight_history", frame.assign(known_from=NOON - timedelta(hours=1), known_until=pd.NaT))
    tables.insert("flight_observations", frame[["flight_key", "flight_date"]].assign(observed_at=NOON))
    for table in ("flights", "flight_history"):
        tables.run(f"update {table} set flags = coalesce(flags, []), codeshares = coalesce(codeshares, [])")
    return tables


def test_an_overdue_flight_is_at_least_as_late_as_its_schedule_says(board):
    for key in some("standing = 'overdue'"):
        found = flight(board, key, as_of=POLL)
        scheduled = datetime.fromisoformat(found["departure"]["scheduled_local"]) + timedelta(hours=4)  # New York
        waits = (THEN - scheduled).total_seconds() / 60
        hours, minutes = divmod(round(waits), 60)
        words = " ".join([f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours))
        assert found["headline"].startswith(f"Has not left: at least {words} late.")
        departure = found["departure"]
        assert (found["status"], departure["delay_min"], departure["is_at_least"]) == ("overdue", waits, True)
        assert f"≥ {waits:.0f} min" in page(board, key, as_of=POLL)[1]


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("flight_status = 'cancelled'", "Cancelled, known since "),
        ("standing = 'over' and flight_status = 'landed' and arr_delay_min > 60", " late. Left "),
        ("standing = 'under way' and arr_delay_expected_min > 0 and not arr_delay_is_at_least", "Expected to land "),
        ("standing = 'to come' and dep_delay_expected_min > 15", "To come: expected to leave "),
    ],
)
def test_the_headline_says_where_a_flight_stands(board, where, words):
    for key in some(where, 2):
        assert words in flight(board, key, as_of=POLL)["headline"]


def test_the_headline_of_a_diverted_flight_names_where_it_did_not_land(board):
    key = storm().ask("select min(flight_key) as key from flights where flight_status = 'diverted'")["key"][0]
    found = flight(board, key)
    assert found["headline"].startswith("Diverted, known since ")
    assert f"it did not land at {found['arrival']['code']}" in found["headline"]
    assert found["arrival"]["delay_min"] is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"observed_at": NOON - timedelta(minutes=70)}, "Not seen since 10:50 UTC: what became of it is not known."),
        ({"flight_status": "scheduled", "dep_late": None, "leaves": 60}, "To come, by its schedule"),
        ({"flight_status": "landed", "arr_late": None}, "Landed at a time that is not known."),
        ({"flight_status": "landed", "arr_late": -5, "dep_late": 0}, "Landed 5 min early. Left on time."),
    ],
)
def test_what_is_not_known_is_said(changes, words):
    late = {"dep_late": 0, "arr_late": None} | {
        key: changes.pop(key) for key in ("dep_late", "arr_late") if key in changes
    }
    leaves = changes.pop("leaves", -120)
    one = leg("2013-07-10|EWR|UAL|1", "EWR-BOS", leaves, leaves + 60, **late) | {"flight_status": "active"} | changes
    other = leg("2013-07-10|EWR|UAL|2", "EWR-BOS", 0, 60) | {"aircraft_registration": "N2"}
    found = flight(browser(MadeTables(made(one, other))), one["flight_key"])
    assert words in found["headline"]


def test_a_step_is_told_for_each_change_with_when_it_became_known(board):
    told = ", ".join(f"'{name}'" for name in TOLD)
    events = storm().ask(f"select flight_key, field, known_from from flight_events where field in ({told})")
    busiest = events["flight_key"].value_counts().index[:6]
    for key in busiest:
        steps = flight(board, key)["steps"]
        said = [(change["field"], step["known_from"]) for step in steps[1:] for change in step["changes"]]
        own = events[events["flight_key"] == key]
        assert sorted(said) == sorted((row.field, row.known_from.isoformat()) for row in own.itertuples())
        assert [step["known_from"] for step in steps] == sorted({step["known_from"] for step in steps})


def test_a_time_that_changed_is_told_in_the_airports_own_time(board):
    key = "2013-07-10|EWR|UAL|1222"
    versions = (
        storm()
        .ask(
            f"select known_from, dep_estimated_local from flight_history where flight_key = '{key}' order by known_from"
        )
        .set_index("known_from")["dep_estimated_local"]
    )
    changes = [
        (pd.Timestamp(step["known_from"]), change)
        for step in flight(board, key)["steps"]
        for change in step["changes"]
        if change["field"] == "dep_estimated_utc"
    ]
    assert len(changes) > 3
    before = ""
    for known_from, change in changes:
        assert change["after"] == f"{versions[known_from]:%H:%M}"
        assert change["before"] == before
        before = change["after"]


def test_every_version_is_there(board):
    for key in some("flight_status = 'cancelled'", 2) + some("standing = 'overdue'", 2):
        found = flight(board, key)["versions"]
        rows = storm().records(f"select * from flight_history where flight_key = '{key}' order by known_from")
        assert [version["known_from"] for version in found] == [row["known_from"].isoformat() for row in rows]
        assert [version["dep_gate"] for version in found] == [row["dep_gate"] for row in rows]


def test_a_moment_in_the_past_knows_nothing_of_what_came_later(board):
    key = "2013-07-10|EWR|UAL|1244"
    then, now = flight(board, key, as_of=POLL), flight(board, key)
    assert then["known_at"] == THEN.isoformat()
    assert max(step["known_from"] for step in then["steps"]) <= THEN.isoformat()
    assert then["versions"][-1]["known_until"] is None
    assert (then["aircraft"], then["departure"]["actual_local"]) == (None, None)
    assert now["aircraft"]["registration"] == "N68453"
    assert "N68453" not in page(board, key, as_of=POLL)[1]


def test_before_a_flight_is_known_its_page_says_so_and_the_moment_can_be_changed(board):
    key = "2013-07-10|EWR|UAL|1222"
    status, text = page(board, key, as_of="2013-07-10T01:00Z")
    assert status == 200
    assert f"the flight {key} was not known yet at 01:00 UTC: it was first seen at 08:30 UTC." in text
    assert 'id="scrubber"' in text
    assert board.get(f"/api/flight/{key}", params={"as_of": "2013-07-10T01:00Z"}).status_code == 404


@pytest.mark.parametrize("key", ["2013-07-10|EWR|UAL|nothing", "2013-07-11|EWR|UAL|1222", "nonsense", "x' or 1=1 --"])
def test_a_flight_that_does_not_exist_is_not_found_in_one_line(board, key):
    answer = board.get(f"/api/flight/{quote(key)}")
    assert answer.status_code == 404
    assert answer.json() == {"error": f"there is no flight {key} in the tables"}
    status, text = page(board, key)
    assert status == 404
    assert '<a href="/">' in text


def test_before_the_first_load_no_flight_is_found():
    assert page(browser(MadeTables()), "2013-07-10|EWR|UAL|1222")[0] == 404


def test_another_day_leads_to_the_flight_of_that_name(board):
    answer = board.get(
        f"/flight/{quote('2013-07-10|EWR|UAL|1222')}", params={"date": "2013-07-09"}, follow_redirects=False
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/flight/{quote('2013-07-09|EWR|UAL|1222')}?date=2013-07-09"


def rotation_of(seed):
    """A day of one aircraft to and fro, each leg with delays of its own; all legs have landed."""
    rng = random.Random(seed)
    legs, at, airports = [], -600, ["EWR", "BOS"]
    for number in range(7):
        legs.append(
            leg(
                f"2013-07-10|X|UAL|{number}",
                "-".join(airports),
                at,
                at + 60,
                dep_late=rng.randint(-10, 90),
                arr_late=rng.randint(-20, 110),
                flight_number=str(number),
            )
        )
        at += 60 + rng.randint(20, 90)
        airports.reverse()
    return sorted(legs, key=lambda row: row["dep_actual_utc"])


@pytest.mark.parametrize("seed", range(5))
def test_what_came_with_the_aircraft_is_as_the_view_of_turn_arounds_has_it(seed):
    legs = rotation_of(seed)
    tables = MadeTables(made(*legs))
    view = tables.ask("select * from turn_arounds").set_index("flight_key")
    found = flight(browser(tables), legs[0]["flight_key"])["legs"]
    assert [row["flight_key"] for row in found] == [row["flight_key"] for row in legs]
    turns = {row["flight_key"]: row["turn"] for row in found if row["turn"]}
    expected = view[view["is_turn_around"]]
    assert sorted(turns) == sorted(expected.index)
    for key, turn in turns.items():
        assert turn["previous_key"] == expected.loc[key, "previous_flight_key"]
        assert turn["scheduled_min"] == expected.loc[key, "scheduled_gap_min"]
        assert turn["left_min"] == expected.loc[key, "actual_gap_min"]
        # The view takes an early departure's (negative) delay as it is: nothing came with the aircraft.
        assert turn["came_min"] == max(0, expected.loc[key, "late_incoming_min"])


def test_a_late_aircraft_leaves_few_minutes_for_the_leg_to_come():
    comes = leg("2013-07-10|BOS|UAL|1", "BOS-EWR", -60, 20, dep_late=70, arr_late=None, flight_number="1")
    comes |= {"flight_status": "active", "airline_iata": "UA"}
    goes = leg("2013-07-10|EWR|UAL|2", "EWR-ORD", 80, 200, dep_late=None, arr_late=None, flight_number="2")
    goes |= {"flight_status": "scheduled", "airline_iata": "UA"}
    tables = MadeTables(made(comes, goes))
    late = flight(browser(tables), goes["flight_key"])
    # It lands 70 minutes late, 60 minutes before the schedule of its next leg.
    assert late["legs"][1]["turn"] | {"previous_key": ""} == {
        "previous_key": "",
        "scheduled_min": 60,
        "left_min": -10,
        "is_over": False,
        "came_min": None,
    }
    assert late["travels"] == [
        "Its aircraft comes with UA 1 from BOS, 1 h 10 min late: 0 min of 1 h in the schedule are left to turn it "
        f"around, less than the {MINIMUM_TURN_MIN} min that a turn takes."
    ]
    onward = flight(browser(tables), comes["flight_key"])["travels"]
    assert onward[0].startswith("Its aircraft goes on as UA 2 to ORD: 0 min of 1 h in the schedule are left")


def test_where_flights_lie_between_that_the_tables_do_not_have_no_turn_is_made_up(board):
    key = storm().ask("""
        select max(flight_key) as key from flights where aircraft_registration = 'N348JB'""")["key"][0]
    found = flight(board, key)
    assert len(found["legs"]) == 4
    assert [leg["turn"] for leg in found["legs"]] == [None] * 4
    assert all("others lie between, which the tables do not have" in leg["gap"] for leg in found["legs"][1:])


def test_a_position_is_told_with_when_it_was_taken(board):
    [row] = storm().records("select * from flights where live_latitude is not null order by flight_key limit 1")
    found = flight(board, row["flight_key"])["position"]
    assert found["taken_utc"] == row["live_updated_utc"].isoformat()
    assert (found["latitude"], found["longitude"]) == (row["live_latitude"], row["live_longitude"])
    assert f"at {row['live_updated_utc']:%H:%M}" in page(board, row["flight_key"])[1]


@pytest.mark.parametrize("payload", payloads("http://elsewhere.example").values(), ids=payloads("x"))
def test_text_of_the_tables_is_text_on_the_page(payload):
    key = f"2013-07-10|EWR|{' '.join(payload.split())}|1"
    names = dict.fromkeys(("airline_name", "dep_airport", "dep_gate", "arr_gate", "arr_baggage"), payload)
    names |= {"aircraft_registration": payload, "flight_iata": payload, "flight_status_api": payload}
    one = leg(key, "EWR-BOS", -60, 0) | names
    other = leg("2013-07-10|BOS|UAL|2", "BOS-EWR", 60, 90) | {"aircraft_registration": payload}
    tables = made(one, other)
    tables.run("update flights set codeshares = [flight_iata], flags = [flight_iata]")
    board = browser(MadeTables(tables))
    status, text = page(board, key)
    assert status == 200
    for sign in (
        "<script>",
        "<img",
        "<svg",
        "<style",
        "<iframe",
        "<meta http-equiv",
        'onfocus="',
        '<a href="javascript',
    ):
        assert sign not in text.replace("<script src=", ""), sign
    assert flight(board, quote(key, safe=""))["airline"] == payload
