"""What a poll of flights asks, for which days and in which order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aviation.poll.watch import Seen, Sweep, Watch, departure, saw
from aviation.zones import airport_zones

NOON = datetime(2026, 6, 15, 16, tzinfo=UTC)  # 12:00 in New York
NIGHT = datetime(2026, 6, 16, 2, tzinfo=UTC)  # 22:00 on the 15th in New York
NEW_YORK = Watch(["JFK"], ["B6"])


def words(watch: Watch, now: datetime, seen=None, filters=None) -> list[str]:
    return [sweep.words for sweep in watch.sweeps(now, seen or {}, filters)]


def over(*names: str) -> dict[str, Seen]:
    return {name: Seen(10, 0, None, name[-10:]) for name in names}


def test_departures_and_arrivals_of_each_airport_and_flights_of_each_airline_are_swept():
    sweeps = Watch(["JFK", "EWR"], ["B6"]).sweeps(NOON, {})
    today = [dict(sweep.filters) for sweep in sweeps if sweep.day == "2026-06-15"]
    assert today == [
        {"dep_iata": "JFK", "flight_date": "2026-06-15"},
        {"arr_iata": "JFK", "flight_date": "2026-06-15"},
        {"dep_iata": "EWR", "flight_date": "2026-06-15"},
        {"arr_iata": "EWR", "flight_date": "2026-06-15"},
        {"airline_iata": "B6", "flight_date": "2026-06-15"},
    ]


def test_today_is_the_airports_own_date():
    assert "departures from JFK on 2026-06-15" in words(NEW_YORK, NIGHT)
    assert "departures from NRT on 2026-06-16" in words(Watch(["NRT"]), NOON)  # 01:00 on the 16th in Tokyo
    assert "flights of B6 on 2026-06-16" in words(NEW_YORK, NIGHT)


def test_the_day_before_is_asked_for_until_all_its_flights_are_over():
    before = "departures from JFK on 2026-06-14"
    assert before in words(NEW_YORK, NOON)
    assert before in words(NEW_YORK, NOON, {before: Seen(400, 1, NOON, "2026-06-14")})
    assert before not in words(NEW_YORK, NOON, over(before))


def test_what_was_seen_later_than_now_does_not_count_since_the_replays_clock_can_be_turned_back():
    before = "departures from JFK on 2026-06-14"
    for hours, asked in ((-1, False), (1, True)):
        seen = {before: Seen(400, 0, None, "2026-06-14", NOON + timedelta(hours=hours))}
        assert (before in words(NEW_YORK, NOON, seen)) is asked


def test_the_day_after_is_asked_for_where_flights_can_be_dated_by_it_and_one_is_about_to_leave():
    """At noon in New York it is the 16th in the Pacific: what leaves there for New York now is dated the 16th."""
    after = "arrivals at JFK on 2026-06-16"
    assert after in words(NEW_YORK, NOON)
    assert after not in words(NEW_YORK, NOON, {after: Seen(9, 9, NOON + timedelta(hours=7), "2026-06-16")})
    assert after in words(NEW_YORK, NOON, {after: Seen(9, 9, NOON + timedelta(hours=5), "2026-06-16")})
    assert "departures from JFK on 2026-06-16" not in words(NEW_YORK, NOON)
    assert after not in words(NEW_YORK, datetime(2026, 6, 15, 9, tzinfo=UTC))


def test_what_is_nearest_to_its_departure_comes_first():
    seen = {
        "departures from JFK on 2026-06-15": Seen(9, 9, NOON + timedelta(minutes=50), "2026-06-15"),
        "arrivals at JFK on 2026-06-15": Seen(9, 9, NOON - timedelta(minutes=20), "2026-06-15"),
        "flights of B6 on 2026-06-15": Seen(9, 9, NOON + timedelta(minutes=5), "2026-06-15"),
    }
    assert words(NEW_YORK, NOON, seen)[:3] == [
        "flights of B6 on 2026-06-15",
        "arrivals at JFK on 2026-06-15",
        "departures from JFK on 2026-06-15",
    ]
    assert all(name.endswith(("-14", "-16")) for name in words(NEW_YORK, NOON, seen)[3:])


def test_a_date_among_the_filters_is_swept_alone_and_other_filters_go_with_every_sweep():
    sweeps = NEW_YORK.sweeps(NOON, {}, {"flight_date": "2013-07-10", "flight_status": "active"})
    assert [dict(sweep.filters) for sweep in sweeps] == [
        {name: code, "flight_date": "2013-07-10", "flight_status": "active"}
        for name, code in (("dep_iata", "JFK"), ("arr_iata", "JFK"), ("airline_iata", "B6"))
    ]


def test_a_name_that_stands_twice_is_swept_once():
    assert len(Watch(["JFK", "JFK"], ["B6", "B6"]).sweeps(NOON, {}, {"flight_date": "2026-06-15"})) == 3


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    st.sampled_from(sorted(code for code in airport_zones() if len(code) == 3)),
)
def test_every_moment_sweeps_today_and_at_most_one_day_on_either_side(moment, airport):
    now = moment.replace(tzinfo=UTC)
    sweeps = Watch([airport], ["B6"]).sweeps(now, {})
    for name in (f"departures from {airport}", f"arrivals at {airport}", "flights of B6"):
        days = sorted(sweep.day for sweep in sweeps if sweep.words.startswith(name))
        first, last = (datetime.fromisoformat(day) for day in (days[0], days[-1]))
        assert len(set(days)) == len(days) == (last - first).days + 1 <= 3
        assert abs(first - moment) < timedelta(days=3)


def row(status: str, scheduled: str | None, airport: str = "JFK") -> dict:
    return {"flight_status": status, "departure": {"iata": airport, "scheduled": scheduled}}


def test_a_sweep_sees_how_many_are_not_over_and_when_the_next_of_them_leaves():
    sweep = Sweep("departures from JFK on 2026-06-15", "2026-06-15", {})
    rows = [
        row("landed", "2026-06-15T13:00:00+00:00"),
        row("active", "2026-06-15T11:00:00+00:00"),
        row("scheduled", "2026-06-15T12:30:00+00:00"),
        row("scheduled", "2026-06-15T18:00:00+00:00"),
        row("cancelled", "2026-06-15T12:10:00+00:00"),
    ]
    assert saw(sweep, rows, 5, NOON) == Seen(5, 3, NOON + timedelta(minutes=30), "2026-06-15", NOON)
    assert saw(sweep, rows[:2], 5, NOON).departure == NOON - timedelta(hours=1)
    assert saw(sweep, rows[:1], 1, NOON) == Seen(1, 0, None, "2026-06-15", NOON)


@pytest.mark.parametrize("record", [None, 7, {}, row("active", None), row("active", "soon"), {"departure": "JFK"}])
def test_a_record_without_a_schedule_has_no_departure(record):
    assert departure(record) is None


def test_a_departure_is_the_airports_local_time_whatever_offset_is_written():
    assert departure(row("active", "2026-06-15T12:30:00+00:00", "NRT")) == datetime(2026, 6, 15, 3, 30, tzinfo=UTC)


INSTANT = st.none() | st.just(NOON)


@given(st.builds(Seen, st.integers(0), st.integers(0), INSTANT, st.none() | st.just("2026-06-15"), INSTANT))
def test_what_was_seen_is_kept_as_json(seen):
    assert Seen.from_json(seen.to_json()) == seen
