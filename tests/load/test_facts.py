"""What the API was measured to do, a test a fact, each on a real record made to have that shape.

The facts are those of the API's answers: 1,546 real flight records pulled between 2023 and 2026.
"""

import json
from datetime import date, datetime
from types import SimpleNamespace

import pytest

from aviation.columns import REFERENCES
from aviation.load import fold, history
from aviation.load.derive import derive, jvm_zones
from aviation.load.observation import reference_record
from aviation.load.read import outcomes
from support.observed import observed
from support.raw_lines import changed, line, records

POS, SZX, PKX, SNN = records("flights")
FIRST, LATER = "2023-09-14T01:00:00+00:00", "2023-09-14T01:30:00+00:00"
BEFORE = changed(SZX, departure__actual=None, departure__delay=None, arrival__delay=None, live=None)
EMPTY_SIDE = dict.fromkeys(
    ("airport", "timezone", "terminal", "gate", "delay", "estimated", "actual", "estimated_runway", "actual_runway")
)
NEVER_NULL = SZX | {
    "departure": SZX["departure"] | EMPTY_SIDE,
    "arrival": SZX["arrival"] | EMPTY_SIDE | {"baggage": None},
    "airline": dict.fromkeys(("name", "iata", "icao")),
    "flight": dict.fromkeys(("number", "iata", "icao", "codeshared")),
    "aircraft": None,
    "live": None,
}
SELLERS = [f"K{number:02d}" for number in range(13)]


def sold_by(seller: str) -> dict:
    """The row under which a partner sells flight CM315."""
    names = {"number": f"9{seller[1:]}", "iata": f"{seller[:2]}9{seller[1:]}", "icao": f"{seller}9{seller[1:]}"}
    return changed(POS, airline={"name": seller, "iata": seller[:2], "icao": seller}, flight=POS["flight"] | names)


# The rows of each case, with the instant at which they were observed; the legs of each are those of its own number.
CASES = {
    "local": [(SZX, FIRST)],
    "nulls": [(changed(NEVER_NULL, departure__iata="HAK", departure__icao="ZJHK"), FIRST)],
    "no_codes": [(changed(SZX, flight__iata=None, airline__iata=None, flight__icao="CSS"), FIRST)],
    "no_zones": [(changed(SZX, departure__timezone=None, arrival__timezone=None), FIRST)],
    "late_without_delay": [(changed(SZX, departure__delay=None, arrival__delay=None), FIRST)],
    "forecast": [(changed(BEFORE, departure__delay=45), FIRST)],
    "offset": [(PKX, FIRST)],
    "unknown_status": [(changed(BEFORE, flight_status="unknown"), FIRST)],
    "new_status": [(changed(BEFORE, flight_status="Redirected"), FIRST)],
    "lagging": [(SZX, FIRST)],
    "old_position": [(changed(SZX, live__updated="2023-09-12T19:36:22+00:00"), FIRST)],
    "on_the_ground": [(changed(SZX, live__is_ground=True, live__altitude=0), FIRST)],
    "twice": [(changed(SZX, departure__gate="6"), FIRST), (changed(SZX, departure__gate="7"), FIRST)],
    "int_or_float": [(SZX, FIRST), (changed(SZX, live__direction=4.0, live__altitude=9486.9), LATER)],
    "terminals": [(changed(BEFORE, arrival__terminal="2"), FIRST), (changed(BEFORE, arrival__terminal="T2"), LATER)],
    "withdrawn": [
        (SZX, FIRST),
        (changed(SZX, departure__actual=None, flight_status="cancelled", live=None), LATER),
    ],
    "two_legs": [
        (SZX, FIRST),
        (changed(SZX, departure__iata="PEK", departure__icao="ZBAA", arrival__iata="SZX", arrival__icao="ZGSZ"), FIRST),
    ],
    "other_airline": [
        (SZX, FIRST),
        (changed(SZX, airline__icao="CSN", airline__iata="CZ"), LATER),
        (changed(SZX, departure__gate="9"), "2023-09-14T02:00:00+00:00"),
    ],
}


def numbered(case: str, record: dict) -> dict:
    """The record as one of its case alone; one without a number is told apart by its airport."""
    if record["flight"]["number"] is None:
        return record
    return changed(record, flight__number=case)


@pytest.fixture(scope="module")
def found(spark):
    """The history of every case's legs and of the codeshares', by case; their events; and the lines' warnings."""
    lines = [line(sold_by(seller), observed_at=FIRST) for seller in SELLERS]
    owners = ["315"] * len(lines)
    for case, rows in CASES.items():
        for record, observed_at in rows:
            lines.append(line(numbered(case, record), observed_at=observed_at))
            owners.append(case)
    parsed = list(outcomes("flights/2023/09/14/01/a", b"".join(lines)))
    assert {outcome.kind for outcome in parsed} == {"observation"}
    warnings = {case: outcome.warnings for case, outcome in zip(owners, parsed, strict=True)}
    derived = derive(fold.versions(observed(lines)), jvm_zones(spark))
    versions = {}
    for row in (SimpleNamespace(**row) for row in derived.sort_by("known_from").to_pylist()):
        case = "nulls" if row.identity == "slot" else row.flight_number.lower()
        versions.setdefault(case, []).append(row)
    changes = history.events(derived).to_pylist()
    events = [(change["flight_key"].rpartition("|")[2].lower(), change["field"]) for change in changes]
    return versions, events, warnings


@pytest.fixture
def leg(found):
    """The last version of the only leg of a case."""

    def last(case: str):
        versions = found[0][case]
        assert len({row.flight_key for row in versions}) == 1
        return versions[-1]

    return last


def test_every_time_is_the_airports_local_time_although_written_as_utc(leg):
    assert leg("local").dep_scheduled_local == datetime(2023, 9, 14, 0, 5)
    assert leg("local").dep_scheduled_utc == datetime(2023, 9, 13, 16, 5)
    assert leg("local").dep_actual_utc == datetime(2023, 9, 13, 18, 3)


def test_the_positions_time_is_true_utc(leg):
    assert leg("local").live_updated_utc == datetime(2023, 9, 13, 19, 36, 22)


def test_the_flights_date_is_the_local_date_of_its_scheduled_departure(leg):
    assert leg("local").flight_date == leg("local").dep_scheduled_local.date() == date(2023, 9, 14)
    assert leg("local").dep_scheduled_utc.date() != leg("local").flight_date


def test_what_is_never_null_is_enough_for_a_leg(leg):
    row = leg("nulls")
    assert (row.identity, row.flight_key) == ("slot", "2023-09-14|HAK|PEK|2023-09-14T00:05:00")
    assert (row.flight_status, row.dep_scheduled_utc) == ("scheduled", datetime(2023, 9, 13, 16, 5))
    assert (row.aircraft_registration, row.dep_gate, row.arr_estimated_utc, row.dep_delay_min) == (None,) * 4


def test_an_airline_can_have_no_iata_code_and_a_flights_icao_code_can_be_the_airlines(leg, found):
    assert leg("no_codes").flight_key == "2023-09-14|SZX|CSS|NO_CODES"
    assert (leg("no_codes").flight_iata, leg("no_codes").flight_icao) == (None, None)
    assert found[2]["no_codes"] == ["value_readable:flight_icao"]


def test_a_null_zone_is_the_airports(leg):
    assert leg("no_zones").dep_scheduled_utc == datetime(2023, 9, 13, 16, 5)
    assert {"arr_zone_from_airport", "dep_zone_from_airport"} < set(leg("no_zones").flags)


def test_a_delay_that_the_api_leaves_out_follows_from_the_times(leg):
    assert (leg("late_without_delay").dep_delay_api_min, leg("late_without_delay").dep_delay_min) == (None, 118)


def test_a_delay_before_any_actual_time_is_a_forecast(leg):
    assert (leg("forecast").dep_delay_forecast_min, leg("forecast").dep_delay_min) == (45, None)


def test_a_zone_can_be_an_offset(leg):
    assert (leg("offset").arr_timezone, leg("offset").arr_scheduled_utc) == ("+08:00", datetime(2023, 7, 25, 11, 15))


@pytest.mark.parametrize(("case", "status"), [("unknown_status", "unknown"), ("new_status", "redirected")])
def test_a_status_that_is_not_documented_survives(leg, case, status):
    assert (leg(case).flight_status, leg(case).flight_status_api) == (status, status)


def test_a_status_that_nobody_knows_is_counted_by_its_name(found):
    assert found[2]["new_status"] == ["status_known:redirected"]
    assert found[2]["unknown_status"] == []


def test_a_status_that_lags_is_corrected_by_the_times_and_the_apis_own_is_kept(leg):
    assert (leg("lagging").flight_status, leg("lagging").flight_status_api) == ("active", "scheduled")
    assert leg("lagging").flags == ["status_corrected"]


def test_a_position_of_the_aircrafts_flight_before_is_left_out(leg):
    row = leg("old_position")
    assert [value for name, value in vars(row).items() if name.startswith("live_")] == [None] * 8
    assert "live_of_earlier_flight" in row.flags
    assert leg("local").live_latitude == 33.43


def test_an_aircraft_on_the_ground_is_told_from_one_in_the_air(leg):
    assert (leg("on_the_ground").live_is_ground, leg("local").live_is_ground) == (True, False)


def test_thirteen_codeshares_are_one_flight_under_its_operators_name(leg):
    row = leg("315")
    assert len(row.codeshares) == 13
    assert (row.airline_icao, row.airline_name, row.flight_iata) == ("CMP", "Copa Airlines", "CM315")
    assert row.flags == ["codeshare_only"]


def test_a_flight_twice_on_one_page_is_one_leg_with_one_gate_and_no_event(leg, found):
    assert leg("twice").dep_gate == "7"
    assert len(found[0]["twice"]) == 1
    assert not [event for event in found[1] if event[0] == "twice"]


def test_an_int_in_one_record_and_a_float_in_the_next_are_no_change(leg, found):
    assert leg("int_or_float").live_direction == 4.0
    assert len(found[0]["int_or_float"]) == 1


def test_a_terminal_with_and_without_its_letter_is_one_terminal(leg, found):
    assert leg("terminals").arr_terminal == "2"
    assert len(found[0]["terminals"]) == 1


def test_a_record_is_under_a_kilobyte():
    sizes = [len(json.dumps(record, separators=(",", ":"))) for record in records("flights")]
    assert 700 < sum(sizes) / len(sizes) < 1100


def test_an_actual_time_that_is_withdrawn_stays_and_is_flagged_where_the_flight_is_cancelled(leg):
    assert (leg("withdrawn").flight_status, leg("withdrawn").dep_actual_utc) == (
        "cancelled",
        datetime(2023, 9, 13, 18, 3),
    )
    assert "cancelled_with_actual" in leg("withdrawn").flags


def test_two_legs_of_one_number_on_one_date_are_two(found):
    assert {row.flight_key for row in found[0]["two_legs"]} == {
        "2023-09-14|SZX|CSS|TWO_LEGS",
        "2023-09-14|PEK|CSS|TWO_LEGS",
    }
    assert not {"slot_and_number_shared"} & {flag for row in found[0]["two_legs"] for flag in row.flags}


def test_a_slot_and_number_under_two_airlines_is_flagged_from_then_on_and_not_merged(found):
    flagged = [
        (row.airline_icao, f"{row.known_from:%H:%M}", "slot_and_number_shared" in row.flags)
        for row in found[0]["other_airline"]
    ]
    assert flagged == [("CSS", "01:00", False), ("CSN", "01:30", True), ("CSS", "02:00", True)]


# The reference entities.
AIRPLANE, OTHER = records("airplanes")


def read(entity: str, record: dict) -> dict:
    values, warnings = reference_record(entity, record)
    assert warnings == []
    return values


def test_numbers_and_coordinates_come_as_text():
    [city] = records("cities")
    assert isinstance(city["latitude"], str) and isinstance(AIRPLANE["engines_count"], str)
    assert float(read("cities", city)["longitude"]) == -145.41667
    assert read("airplanes", AIRPLANE)["engines_count"] == "2"
    assert REFERENCES["cities"].columns["latitude"].type == "double"


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("1986-08-21T22:00:00.000Z", "1986-08-21"),
        ("1999-10-03", "1999-10-03"),
        ("0000-00-00", None),
        ("", None),
        (None, None),
    ],
)
def test_a_date_in_each_of_its_forms(written, day):
    assert read("airplanes", AIRPLANE | {"first_flight_date": written})["first_flight_date"] == day


def test_the_age_that_the_api_gives_is_left_out_for_it_is_stale():
    assert AIRPLANE["plane_age"] == "31"
    assert "plane_age" not in read("airplanes", AIRPLANE)


@pytest.mark.parametrize("entity", ["cities", "airplanes", "aircraft_types"])
def test_an_id_that_changes_between_pulls_is_no_change(entity):
    for record in records(entity):
        assert reference_record(entity, record | {"id": "1"}) == reference_record(entity, record | {"id": "2"})
