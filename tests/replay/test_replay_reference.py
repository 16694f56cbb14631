"""The replay's cities, airplanes and aircraft types, and how the flights join them."""

from datetime import UTC, datetime
from functools import cache

import pytest

from aviation.replay import default_clock
from aviation.replay.records import flights
from aviation.replay.reference import ENDPOINTS
from aviation.replay.registrations import icao24

CLOCK = default_clock("2013-07-10")
KEYS = {"cities": "city_id", "airplanes": "airplane_id", "aircraft_types": "plane_type_id"}


@cache
def pulled(endpoint: str, clock: datetime = CLOCK) -> list[dict]:
    return ENDPOINTS[endpoint](clock)


# Ends of the FAA's block and of its parts, and numbers of which the address is on public record.
@pytest.mark.parametrize(
    ("registration", "address"),
    [
        ("N1", "A00001"),
        ("N1A", "A00002"),
        ("N1AA", "A00003"),
        ("N1ZZ", "A00259"),
        ("N10", "A0025A"),
        ("N12345", "A061D9"),
        ("N86QU", "ABCDEF"),
        ("N99999", "ADF7C7"),
    ],
)
def test_an_n_number_gives_its_address(registration, address):
    assert icao24(registration) == address


@pytest.mark.parametrize("registration", ["N3ALAA", "D942DN", "N0EGMQ", "N1I", "N1234AA", "N123456", "N", ""])
def test_what_is_no_n_number_has_no_address(registration):
    assert icao24(registration) is None


def test_addresses_are_one_to_an_airplane():
    addresses = [row["icao_code_hex"] for row in pulled("airplanes") if row["icao_code_hex"]]
    assert len(set(addresses)) == len(addresses) > 3_500


def test_every_aircraft_of_a_flight_is_among_the_airplanes():
    by_registration = {row["registration_number"]: row for row in pulled("airplanes")}
    named = [row["aircraft"] for row in flights("2013-07-10", CLOCK) if row["aircraft"]]
    assert len(named) > 500
    for aircraft in named:
        airplane = by_registration[aircraft["registration"]]
        assert (aircraft["icao24"], aircraft["icao"]) == (airplane["icao_code_hex"], airplane["iata_code_long"])


def test_every_type_of_an_airplane_is_among_the_types():
    codes = {row["iata_code"] for row in pulled("aircraft_types")}
    flown = {row["iata_code_short"] for row in pulled("airplanes")} - {None}
    assert flown <= codes
    typed = [row for row in pulled("airplanes") if row["iata_code_short"]]
    assert len(typed) > 3_200


def test_every_airport_of_a_flight_is_in_a_city():
    known = {row["iata_code"] for row in pulled("cities")}
    rows = flights("2013-07-10", CLOCK)
    assert {row[side]["iata"] for row in rows for side in ("departure", "arrival")} <= known


@pytest.mark.parametrize("endpoint", KEYS)
def test_every_value_is_a_string_or_null(endpoint):
    assert {type(value) for row in pulled(endpoint) for value in row.values()} <= {str, type(None)}


@pytest.mark.parametrize("endpoint", KEYS)
def test_ids_change_between_pulls_and_nothing_else_does(endpoint):
    one, other = (pulled(endpoint, clock) for clock in (CLOCK, datetime(2013, 7, 10, 4, tzinfo=UTC)))
    assert all(a["id"] != b["id"] for a, b in zip(one, other, strict=True))
    assert [row | {"id": None} for row in one] == [row | {"id": None} for row in other]


@pytest.mark.parametrize("endpoint", KEYS)
def test_keys_are_one_to_a_record(endpoint):
    keys = [row[KEYS[endpoint]] for row in pulled(endpoint)]
    assert len(set(keys)) == len(keys)


def test_a_citys_gmt_is_its_standard_offset():
    by_code = {row["iata_code"]: row for row in pulled("cities")}
    assert {code: by_code[code]["gmt"] for code in ("JFK", "AAA", "SYD", "DEL")} == {
        "JFK": "-5",
        "AAA": "-10",
        "SYD": "10",
        "DEL": "5.5",
    }


def test_dates_come_in_all_forms_of_the_api():
    written = {row["delivery_date"] for row in pulled("airplanes")} | {
        row["rollout_date"] for row in pulled("airplanes")
    }
    assert {None, "0000-00-00"} <= written
    assert {len(text) for text in written if text} == {len("1999-10-03"), len("1986-08-21T22:00:00.000Z")}


def test_the_first_flight_is_in_the_year_of_manufacture():
    # planes.csv: N10156 is an EMB-145XR of 2004, N102UW an A320-214 of 1998.
    by_tail = {row["registration_number"]: row for row in pulled("airplanes")}
    assert by_tail["N10156"]["first_flight_date"][:4] == "2004"
    assert (by_tail["N102UW"]["first_flight_date"][:4], by_tail["N102UW"]["iata_code_short"]) == ("1998", "320")
