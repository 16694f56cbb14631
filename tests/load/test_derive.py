"""UTC, delays, status, flags and events: each case is one leg, all of them derived at once."""

from datetime import datetime
from types import SimpleNamespace

import pytest

from aviation.load import history
from aviation.load.derive import derive, jvm_zones
from aviation.load.fold import versions
from support.observed import observed
from support.raw_lines import changed, line, records

POS, SZX, PKX, SNN = records("flights")
BLANK = changed(SZX, departure__delay=None, departure__actual=None, arrival__delay=None, live=None)
LATER = "2023-09-14T01:30:00+00:00"


def leave(record: dict, time: str = "02:03") -> dict:
    return changed(record, departure__actual=f"2023-09-14T{time}:00+00:00")


def land(record: dict, time: str = "04:44") -> dict:
    return changed(leave(record), arrival__actual=f"2023-09-14T{time}:00+00:00")


def new_york(scheduled: str, actual: str) -> dict:
    left = changed(BLANK, departure__timezone="America/New_York", departure__iata="JFK")
    return changed(left, departure__scheduled=f"{scheduled}+00:00", departure__actual=f"{actual}+00:00")


# The observations of each leg; the second of two is half an hour later.
LEGS = {
    "szx": [SZX],
    "pos": [POS],
    "pkx": [PKX],
    "snn": [SNN],
    "forecast": [changed(BLANK, departure__delay=118)],
    "cancelled": [changed(BLANK, flight_status="cancelled", departure__delay=118)],
    "cancelled_left": [changed(leave(BLANK), flight_status="cancelled")],
    "early": [leave(BLANK, "00:01")],
    "landed": [land(BLANK)],
    "said_landed": [changed(leave(BLANK), flight_status="landed")],
    "no_status": [changed(BLANK, flight_status=None)],
    "diverted_landed": [changed(land(BLANK), flight_status="diverted")],
    "before": [land(BLANK, "01:00")],
    "unknown_zone": [changed(BLANK, departure__timezone="Mars/Olympus", arrival__timezone=None)],
    "no_zone": [changed(BLANK, departure__timezone=None, departure__iata="XXX", departure__icao="XXXX")],
    "wild_offset": [changed(BLANK, departure__timezone="+99")],
    "old_position": [changed(SZX, live__updated="2023-09-12T19:36:22+00:00")],
    "events": [BLANK, changed(leave(BLANK), departure__gate="6", aircraft__registration="B-1", aircraft__icao24=None)],
    "gate_forgotten": [changed(BLANK, departure__gate="6"), BLANK],
    # In New York, 2:30 on 12 March 2023 never was, and 1:30 on 5 November was twice.
    "skipped": [new_york("2023-03-12T02:30:00", "2023-03-12T03:40:00")],
    "repeated": [new_york("2023-11-05T00:30:00", "2023-11-05T01:30:00")],
    "after_repeated": [new_york("2023-11-05T00:30:00", "2023-11-05T02:30:00")],
    # Lord Howe Island moves its clocks by half an hour.
    "repeated_half": [
        changed(BLANK, departure__timezone="Australia/Lord_Howe", departure__scheduled="2023-04-02T01:45:00+00:00")
    ],
    "spring_forward": [
        changed(
            SNN,
            departure__timezone="America/New_York",
            departure__iata="JFK",
            departure__scheduled="2023-03-12T01:30:00+00:00",
            departure__actual="2023-03-12T03:30:00+00:00",
        )
    ],
}


@pytest.fixture(scope="module")
def derived(spark):
    """The history of all legs, and their events, by leg."""
    lines = [
        line(changed(record, flight__number=name, flight__codeshared=None), **({"observed_at": LATER} if index else {}))
        if name != "pos"
        else line(record)
        for name, records in LEGS.items()
        for index, record in enumerate(records)
    ]
    found = derive(versions(observed(lines)), jvm_zones(spark))
    rows = (SimpleNamespace(**row) for row in history.latest(found).to_pylist())
    legs = {row.flight_key.rpartition("|")[2].lower(): row for row in rows}
    return legs | {"pos": legs.pop("315")}, [SimpleNamespace(**row) for row in history.events(found).to_pylist()]


@pytest.fixture
def legs(derived):
    return derived[0]


@pytest.fixture
def events(derived):
    return derived[1]


def test_local_times_become_utc_by_the_airports_zone(legs):
    assert legs["szx"].dep_scheduled_utc == datetime(2023, 9, 13, 16, 5)
    assert legs["szx"].dep_scheduled_local == datetime(2023, 9, 14, 0, 5)
    assert legs["pos"].dep_scheduled_utc == datetime(2023, 7, 25, 7, 39)
    assert legs["pos"].arr_scheduled_utc == datetime(2023, 7, 25, 10, 52)
    assert legs["snn"].arr_scheduled_utc == datetime(2021, 2, 7, 20, 55)


def test_an_offset_is_a_zone(legs):
    assert legs["pkx"].arr_scheduled_utc == datetime(2023, 7, 25, 11, 15)
    assert "arr_zone_missing" not in legs["pkx"].flags and "arr_zone_from_airport" not in legs["pkx"].flags


def test_a_delay_is_the_actual_time_minus_the_scheduled_time_in_minutes(legs):
    assert legs["szx"].dep_delay_min == 118
    assert legs["early"].dep_delay_min == -4
    assert (legs["landed"].dep_delay_min, legs["landed"].arr_delay_min) == (118, 84)
    assert (legs["szx"].arr_delay_min, legs["pos"].dep_delay_min) == (None, None)
    # Recorded as 401 by the API, which the times do not bear out.
    assert (legs["snn"].dep_delay_min, legs["snn"].dep_delay_api_min) == (400, 401)


def test_a_delay_is_counted_in_time_that_passed_where_clocks_go_forward(legs):
    assert legs["spring_forward"].dep_delay_min == 60


def test_a_time_that_the_clocks_skipped_is_moved_on_and_one_that_they_repeated_is_its_first_and_both_are_flagged(legs):
    assert legs["skipped"].dep_scheduled_utc == datetime(2023, 3, 12, 7, 30)
    assert legs["skipped"].dep_scheduled_local == datetime(2023, 3, 12, 2, 30)
    assert (legs["skipped"].dep_delay_min, "local_time_skipped" in legs["skipped"].flags) == (10, True)
    assert legs["repeated"].dep_actual_utc == datetime(2023, 11, 5, 5, 30)
    assert (legs["repeated"].dep_delay_min, "local_time_repeated" in legs["repeated"].flags) == (60, True)
    assert legs["after_repeated"].dep_delay_min == 180
    assert "local_time_repeated" in legs["repeated_half"].flags
    odd = {"local_time_skipped", "local_time_repeated"}
    assert not odd & {*legs["after_repeated"].flags, *legs["spring_forward"].flags, *legs["szx"].flags}


def test_the_apis_delay_is_a_forecast_until_the_flight_has_left_or_is_cancelled(legs):
    assert (legs["forecast"].dep_delay_forecast_min, legs["forecast"].dep_delay_min) == (118, None)
    assert legs["szx"].dep_delay_forecast_min is None
    assert legs["cancelled"].dep_delay_forecast_min is None


@pytest.mark.parametrize(
    ("leg", "status"),
    [
        ("pos", "scheduled"),
        ("szx", "active"),
        ("landed", "landed"),
        ("said_landed", "landed"),
        ("cancelled", "cancelled"),
        ("cancelled_left", "cancelled"),
        ("snn", "diverted"),
        ("diverted_landed", "diverted"),
        ("no_status", "unknown"),
    ],
)
def test_the_status_is_reconciled_with_the_times(legs, leg, status):
    assert legs[leg].flight_status == status
    assert ("status_corrected" in legs[leg].flags) == (status != legs[leg].flight_status_api)


def test_a_diverted_flight_has_no_arrival_delay(legs):
    assert (legs["snn"].arr_actual_utc, legs["snn"].arr_delay_min) == (None, None)
    assert legs["diverted_landed"].arr_delay_min is None
    assert "diverted_with_arrival" in legs["diverted_landed"].flags


@pytest.mark.parametrize(
    ("leg", "flags"),
    [
        ("pos", ["codeshare_only"]),
        ("pkx", []),
        ("cancelled_left", ["cancelled_with_actual"]),
        ("before", ["arr_before_dep", "status_corrected"]),
        ("old_position", ["live_of_earlier_flight", "status_corrected"]),
        ("unknown_zone", ["arr_zone_from_airport", "dep_zone_from_airport"]),
        ("wild_offset", ["dep_zone_from_airport"]),
        ("no_zone", ["dep_zone_missing"]),
    ],
)
def test_what_is_odd_about_a_leg_is_flagged(legs, leg, flags):
    assert legs[leg].flags == flags


def test_a_missing_or_unknown_zone_falls_back_to_the_airports_else_to_no_utc(legs):
    assert legs["unknown_zone"].dep_timezone == legs["unknown_zone"].arr_timezone == "Asia/Shanghai"
    for leg in ("unknown_zone", "wild_offset"):
        assert legs[leg].dep_scheduled_utc == datetime(2023, 9, 13, 16, 5)
    assert (legs["no_zone"].dep_timezone, legs["no_zone"].dep_scheduled_utc) == (None, None)
    assert legs["no_zone"].dep_scheduled_local == datetime(2023, 9, 14, 0, 5)


def test_codeshares_are_a_list_that_is_never_null(legs):
    assert legs["pos"].codeshares == ["KL3018"]
    assert legs["szx"].codeshares == []


def test_an_event_is_a_watched_field_that_changed_between_versions(events):
    changes = {row.field: (row.from_value, row.to_value) for row in events if row.flight_key.endswith("|EVENTS")}
    assert changes == {
        "flight_status": ("scheduled", "active"),
        "dep_actual_utc": (None, "2023-09-13 18:03:00"),
        "dep_delay_min": (None, "118"),
        "dep_gate": (None, "6"),
        "aircraft_registration": ("B-2981", "B-1"),
        "aircraft_icao24": ("7BB051", None),
    }
    assert {row.known_from for row in events} == {datetime(2023, 9, 14, 1, 30)}
    assert len({row.event_id for row in events}) == len(events)


def test_a_value_that_the_api_forgets_is_still_known(legs, events):
    assert legs["gate_forgotten"].dep_gate == "6"
    assert legs["gate_forgotten"].observed_at == datetime(2023, 9, 14, 1, 30)
    assert not [row for row in events if row.flight_key.endswith("|GATE_FORGOTTEN")]
