"""What the replay's flight records say, at any clock, against what the data itself says."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import airportsdata
import pytest

from aviation.replay import default_clock
from aviation.replay.data import fleet, legs, local_instant, scheduled_arrival, truth
from aviation.replay.quirks import carriers
from aviation.replay.records import flights

STORMS = "2013-07-10"
AIRPORTS = airportsdata.load("IATA")
FIRST_POLL = datetime(2013, 7, 10, 4, tzinfo=UTC)
LAST_MOVEMENT = datetime(2013, 7, 11, 12, 6, tzinfo=UTC)


def key(row: dict) -> tuple:
    """The identity of a row's leg, as a reader of the API works it out."""
    sold = row["flight"]["codeshared"]
    airline, number = (
        (sold["airline_icao"].upper(), sold["flight_number"])
        if sold
        else (row["airline"]["icao"], row["flight"]["number"])
    )
    return row["flight_date"], row["departure"]["iata"], airline, number


def late(block: dict) -> int | None:
    """Actual less scheduled in minutes, through the airport's zone."""
    if block["actual"] is None:
        return None
    return round((instant(block, "actual") - instant(block, "scheduled")).total_seconds() / 60)


def instant(block: dict, name: str) -> datetime:
    local = datetime.fromisoformat(block[name]).replace(tzinfo=None)
    return local.replace(tzinfo=ZoneInfo(AIRPORTS[block["iata"]]["tz"])).astimezone(UTC)


def at(hour: int, minute: int = 0, day: int = 10) -> tuple[dict, ...]:
    return flights(STORMS, datetime(2013, 7, day, hour, minute, tzinfo=UTC))


@cache
def polls() -> tuple[dict, ...]:
    """The rows of the day's 13 polls."""
    step = (default_clock(STORMS) - FIRST_POLL) / 12
    return tuple(row for n in range(13) for row in flights(STORMS, FIRST_POLL + n * step))


@cache
def expected(day: str) -> dict:
    """By leg: departure delay, arrival delay, and the status at the end."""
    frame = truth(day).astype(object)
    frame = frame.where(frame.notna(), None)
    ends = {(True, False): "cancelled", (False, True): "diverted", (False, False): "landed"}
    return {
        (row.flight_date, row.dep_iata, carriers()[row.carrier].icao, row.number): (
            row.dep_delay,
            row.arr_delay,
            ends[row.cancelled, row.diverted],
        )
        for row in frame.itertuples()
    }


# The day of storms, and the days on which US clocks go forward and back, and the evenings before.
@pytest.mark.parametrize("day", [STORMS, "2013-03-09", "2013-03-10", "2013-11-02", "2013-11-03"])
def test_local_times_through_the_zones_give_every_delay_of_the_data_and_every_end(day):
    rows = flights(day, default_clock(day) + timedelta(days=2))
    found = {key(row): (late(row["departure"]), late(row["arrival"]), row["flight_status"]) for row in rows}
    assert found == expected(day)


def test_every_flight_is_there_as_its_own_row_at_every_clock():
    for rows in (at(4), at(18), at(12, 30, day=11)):
        assert {key(row) for row in rows if not row["flight"]["codeshared"]} == expected(STORMS).keys()


def test_codeshares_say_of_a_leg_what_its_own_row_says():
    rows = at(20)
    own = {key(row): row for row in rows if not row["flight"]["codeshared"]}
    for row in rows:
        for side in ("departure", "arrival"):
            for name in ("iata", "icao", "scheduled", "actual"):
                assert row[side][name] == own[key(row)][side][name]


def test_the_day_of_storms_is_as_many_flights_as_it_was_and_over_at_six_past_noon():
    ends = Counter(end for _, _, end in expected(STORMS).values())
    assert ends == {"landed": 846, "cancelled": 121, "diverted": 37}
    moments = [moment for leg in legs(STORMS) for moment in (leg.dep_actual, leg.arr_actual) if moment]
    assert max(moments) == LAST_MOVEMENT


def test_nothing_is_left_open_at_the_default_clock():
    rows = flights(STORMS, default_clock(STORMS))
    assert {key(row): row["flight_status"] for row in rows} == {leg: end[2] for leg, end in expected(STORMS).items()}


def test_a_flight_is_scheduled_then_active_then_landed_as_the_clock_passes():
    leg = next(leg for leg in legs(STORMS) if leg.arr_actual and leg.dep_delay_min > 60)
    minute = timedelta(minutes=1)
    seen = [
        own_row(leg, clock)
        for clock in (leg.dep_actual - minute, leg.dep_actual + timedelta(minutes=45), leg.arr_actual)
    ]
    assert [row["flight_status"] for row in seen] == ["scheduled", "active", "landed"]
    assert [row["departure"]["actual"] is None for row in seen] == [True, False, False]
    assert [row["arrival"]["actual"] is None for row in seen] == [True, True, False]


def test_a_cancelled_flight_is_scheduled_until_it_should_have_left():
    leg = next(leg for leg in legs(STORMS) if leg.cancelled)
    before, after = (own_row(leg, leg.dep_scheduled - timedelta(minutes=minutes)) for minutes in (1, 0))
    assert (before["flight_status"], after["flight_status"]) == ("scheduled", "cancelled")
    assert after["departure"]["actual"] is None


def test_a_diverted_flight_is_active_until_it_should_have_landed_and_never_arrives():
    leg = next(leg for leg in legs(STORMS) if leg.diverted and leg.dep_delay_min > 0)
    planned = leg.arr_scheduled + timedelta(minutes=leg.dep_delay_min)
    before, after = own_row(leg, planned - timedelta(minutes=1)), own_row(leg, planned)
    assert (before["flight_status"], after["flight_status"]) == ("active", "diverted")
    assert after["departure"]["actual"] is not None
    assert after["arrival"]["actual"] is None


def own_row(leg, clock: datetime) -> dict:
    wanted = (leg.day, leg.origin, carriers()[leg.carrier].icao, leg.number)
    return next(row for row in flights(STORMS, clock) if key(row) == wanted and not row["flight"]["codeshared"])


def test_no_actual_time_lies_after_the_clock():
    clock = datetime(2013, 7, 10, 20, tzinfo=UTC)
    known = [
        instant(row[side], "actual")
        for row in flights(STORMS, clock)
        for side in ("departure", "arrival")
        if row[side]["actual"]
    ]
    assert len(known) > 500
    assert max(known) <= clock


def test_an_arrival_after_midnight_is_on_the_next_day():
    new_york = ZoneInfo("America/New_York")
    day = datetime(2013, 7, 10).date()
    departure = local_instant(day, 2145, new_york)
    assert scheduled_arrival(departure, day, 34, new_york, 1028) - departure == timedelta(hours=2, minutes=49)


def test_2400_is_midnight_at_the_end_of_the_day():
    day = datetime(2013, 7, 10).date()
    assert local_instant(day, 2400, ZoneInfo("America/New_York")) == datetime(2013, 7, 11, 4, tzinfo=UTC)


def test_a_day_of_another_year_has_no_flights():
    assert flights("2014-07-10", default_clock(STORMS)) == ()


@pytest.mark.parametrize(
    ("habit", "share", "tolerance", "of"),
    [
        ("codeshares", 0.47, 0.02, lambda row: row["flight"]["codeshared"]),
        ("no flight.iata", 0.039, 0.01, lambda row: not row["flight"]["iata"] and not row["airline"]["iata"]),
        ("no flight.number", 0.026, 0.008, lambda row: row["flight"]["number"] is None),
        ("no departure.timezone", 0.008, 0.004, lambda row: row["departure"]["timezone"] is None),
        ("no arrival.timezone", 0.019, 0.007, lambda row: row["arrival"]["timezone"] is None),
        ("no aircraft", 0.68, 0.04, lambda row: row["aircraft"] is None),
        ("no departure.gate", 0.56, 0.04, lambda row: row["departure"]["gate"] is None),
        ("no arrival.estimated", 0.73, 0.03, lambda row: row["arrival"]["estimated"] is None),
        ("no departure.delay", 0.968, 0.01, lambda row: row["departure"]["delay"] is None),
        ("a late status", 0.01, 0.005, lambda row: row["flight_status"] == "scheduled" and row["departure"]["actual"]),
    ],
)
def test_the_apis_habits_come_at_the_measured_rates(habit, share, tolerance, of):
    rows = polls()
    assert sum(map(bool, map(of, rows))) / len(rows) == pytest.approx(share, abs=tolerance), habit


def test_the_rarer_habits_turn_up():
    rows = polls()
    sides = [row[side] for row in rows for side in ("departure", "arrival")]
    assert any(row["flight_status"] == "unknown" for row in rows)
    assert any(side["delay"] is not None and side["actual"] is None for side in sides)
    assert {"4", "T4"} <= {side["terminal"] for side in sides}
    lives = [row["live"] for row in rows if row["live"]]
    for name in ("altitude", "direction", "speed_vertical"):
        assert {type(live[name]) for live in lives} == {int, float}


def test_a_zone_written_as_a_number_is_the_airports_offset_that_day():
    sides = [row[side] for row in polls() for side in ("departure", "arrival")]
    numbered = [side for side in sides if (side["timezone"] or "").startswith(("+", "-"))]
    assert numbered
    for side in numbered:
        local = datetime.fromisoformat(side["scheduled"]).replace(tzinfo=None)
        offset = local.replace(tzinfo=ZoneInfo(AIRPORTS[side["iata"]]["tz"])).utcoffset()
        assert timedelta(hours=int(side["timezone"])) == offset


def test_a_leg_listed_twice_differs_in_its_gate_alone():
    rows = at(20)
    pairs = [pair for pair in pairwise(rows) if pair[0]["flight"] == pair[1]["flight"]]
    assert pairs
    gates = [[row["departure"]["gate"] for row in pair] for pair in pairs]
    assert any(one != other for one, other in gates)
    for pair in pairs:
        one, other = (row | {"departure": row["departure"] | {"gate": None}} for row in pair)
        assert one == other


def test_live_is_true_utc_near_the_clock_or_of_the_day_before():
    clock = datetime(2013, 7, 10, 20, tzinfo=UTC)
    ages = [clock - datetime.fromisoformat(row["live"]["updated"]) for row in flights(STORMS, clock) if row["live"]]
    assert any(age < timedelta(minutes=5) for age in ages)
    assert all(timedelta(0) <= age <= timedelta(minutes=5) or age >= timedelta(days=1) for age in ages)


def test_a_leg_is_sold_under_up_to_thirteen_numbers_in_lower_case_of_the_operator():
    rows = [row for day in (STORMS, "2013-11-03", "2013-03-10") for row in flights(day, default_clock(day))]
    sold = [row for row in rows if row["flight"]["codeshared"]]
    names = {(key(row), row["airline"]["icao"]) for row in sold}
    most = max(Counter(leg for leg, _ in names).values())
    assert 10 <= most <= 13
    assert all(value == value.lower() for row in sold for value in row["flight"]["codeshared"].values())


def test_every_aircraft_named_flew_in_the_year():
    named = {row["aircraft"]["registration"] for row in polls() if row["aircraft"]}
    assert len(named) > 300
    assert named <= fleet().keys()


def test_records_have_the_shape_of_the_apis_own():
    # A record of the API, pulled on 2023-09-14.
    sample = json.loads(
        '{"flight_date":"","flight_status":"","departure":{"airport":"","timezone":"","iata":"","icao":"",'
        '"terminal":"","gate":"","delay":0,"scheduled":"","estimated":"","actual":"","estimated_runway":"",'
        '"actual_runway":""},"arrival":{"airport":"","timezone":"","iata":"","icao":"","terminal":"","gate":"",'
        '"baggage":"","delay":0,"scheduled":"","estimated":"","actual":"","estimated_runway":"","actual_runway":""},'
        '"airline":{"name":"","iata":"","icao":""},"flight":{"number":"","iata":"","icao":"","codeshared":null},'
        '"aircraft":{"registration":"","iata":"","icao":"","icao24":""},"live":{"updated":"","latitude":0,'
        '"longitude":0,"altitude":0,"direction":0,"speed_horizontal":0,"speed_vertical":0,"is_ground":false}}'
    )
    row = next(row for row in at(20) if row["aircraft"] and row["live"])
    assert list(row) == list(sample)
    for block in ("departure", "arrival", "airline", "flight", "aircraft", "live"):
        assert list(row[block]) == list(sample[block])
