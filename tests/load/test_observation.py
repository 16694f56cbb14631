"""Identity and values of real flight and reference records."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aviation.columns import OBSERVATIONS, REFERENCES
from aviation.load.observation import flight_observation, reference_record
from support.raw_lines import changed, records

POS, SZX, PKX, SNN = records("flights")


def observed(record: dict) -> dict:
    values, warnings = flight_observation(record)
    assert warnings == []
    assert ["observed_at", *values] == list(OBSERVATIONS.columns)
    return values


def test_a_codeshare_row_is_about_the_operating_flight_and_keeps_its_own_number():
    values = observed(POS)
    assert values["flight_key"] == "2023-07-25|POS|CMP|315"
    assert values["identity"] == "number"
    assert (values["is_operating"], values["codeshare"]) == ("false", "KL3018")
    assert (values["airline_iata"], values["airline_icao"], values["airline_name"]) == ("CM", "CMP", "Copa Airlines")
    assert (values["flight_number"], values["flight_iata"], values["flight_icao"]) == ("315", "CM315", "CMP315")


def test_an_airline_that_is_called_empty_is_none():
    nobody = {"name": "empty", "iata": None, "icao": None}
    values = observed(
        changed(POS, airline=nobody, flight={"number": None, "iata": None, "icao": None, "codeshared": None})
    )
    assert (values["airline_name"], values["airline_iata"], values["identity"]) == (None, None, "slot")


def test_the_operating_row_meets_its_codeshares_under_one_key():
    own = changed(
        POS,
        airline={"name": "Copa Airlines", "iata": "CM", "icao": "CMP"},
        flight={"number": "0315", "iata": "CM315", "icao": "CMP315", "codeshared": None},
    )
    values = observed(own)
    assert values["flight_key"] == observed(POS)["flight_key"]
    assert (values["is_operating"], values["codeshare"], values["flight_number"]) == ("true", None, "315")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"airline__icao": None}, "2023-09-14|SZX|O3|7303"),
        ({"airline__icao": ""}, "2023-09-14|SZX|O3|7303"),
        ({"departure__iata": None}, "2023-09-14|ZGSZ|CSS|7303"),
        ({"flight__number": "007303"}, "2023-09-14|SZX|CSS|7303"),
        ({"flight__number": 7303}, "2023-09-14|SZX|CSS|7303"),
        ({"flight__number": "73a"}, "2023-09-14|SZX|CSS|73A"),
        ({"flight__number": "000"}, "2023-09-14|SZX|CSS|0"),
    ],
)
def test_the_key_is_date_departure_operating_airline_and_number(changes, key):
    values = observed(changed(SZX, **changes))
    assert (values["flight_key"], values["identity"]) == (key, "number")


@pytest.mark.parametrize(
    "changes", [{"flight__number": None}, {"flight__number": ""}, {"airline__iata": None, "airline__icao": ""}]
)
def test_without_airline_or_number_the_key_is_the_slot(changes):
    values = observed(changed(SZX, **changes))
    assert (values["flight_key"], values["identity"]) == ("2023-09-14|SZX|PEK|2023-09-14T00:05:00", "slot")


CORRECTED = st.sampled_from(
    [
        {"arrival__iata": "PKX", "arrival__icao": "ZBAD"},
        {"departure__scheduled": "2023-09-14T00:35:00+00:00"},
        {"departure__gate": "12", "departure__terminal": "T2"},
        {"aircraft": None},
        {"flight_status": "cancelled"},
    ]
)


@given(st.lists(CORRECTED, max_size=5))
def test_what_gets_corrected_is_not_part_of_the_key(corrections):
    made = SZX
    for correction in corrections:
        made = changed(made, **correction)
    assert observed(made)["flight_key"] == observed(SZX)["flight_key"]


def test_times_are_the_airports_local_time_whatever_offset_is_written_behind_them():
    assert observed(SZX)["dep_actual_local"] == "2023-09-14T02:03:00"
    with_zone = changed(SZX, departure__actual="2023-09-14T02:03:00+08:00")
    assert observed(with_zone)["dep_actual_local"] == "2023-09-14T02:03:00"


def test_the_position_is_dated_in_utc():
    assert observed(SZX)["live_updated_utc"] == "2023-09-13T19:36:22"
    with_zone = changed(SZX, live__updated="2023-09-14T03:36:22+08:00")
    assert observed(with_zone)["live_updated_utc"] == "2023-09-13T19:36:22"


@pytest.mark.parametrize("zone", ["+8", "+08", "+08:00", "+0800", "UTC+8", "GMT+08:00"])
def test_an_offset_in_place_of_a_zone_is_written_in_one_way(zone):
    assert observed(PKX)["arr_timezone"] == "+08:00"
    assert observed(changed(PKX, arrival__timezone=zone))["arr_timezone"] == "+08:00"


def test_whole_and_fractional_numbers_are_one_value():
    assert observed(SZX) == observed(changed(SZX, live__direction=4.0, live__speed_vertical=-0.0))


@given(st.permutations(sorted(SZX)))
def test_the_hash_does_not_depend_on_the_order_of_keys(keys):
    assert flight_observation({key: SZX[key] for key in keys}) == flight_observation(SZX)


def test_the_hash_tells_observations_apart():
    assert observed(SZX)["content_hash"] != observed(changed(SZX, departure__gate="9"))["content_hash"]


def test_reference_records_are_typed_and_keep_no_id_and_no_stale_age():
    airplane, other = (reference_record("airplanes", record)[0] for record in records("airplanes"))
    assert (airplane["airplane_id"], airplane["icao_code_hex"], airplane["engines_count"]) == ("1", "4A0823", "2")
    assert airplane["delivery_date"] == "1986-08-21" and other["delivery_date"] == "1999-10-03"
    assert airplane["registration_date"] is None and other["rollout_date"] is None
    assert [*airplane, "observed_at"] == list(REFERENCES["airplanes"].columns)
    assert not {"id", "plane_age"} & set(airplane)


@pytest.mark.parametrize("entity", ["cities", "airplanes", "aircraft_types"])
def test_a_new_id_in_another_pull_is_no_change(entity):
    for record in records(entity):
        values, warnings = reference_record(entity, record)
        assert warnings == []
        assert reference_record(entity, record | {"id": "another"}) == (values, [])


def test_a_null_city_name_is_null_and_its_place_is_a_number():
    city, _ = reference_record("cities", changed(records("cities")[0], city_name=None))
    assert (city["city_name"], city["latitude"], city["timezone"]) == (None, "-17.05", "Pacific/Tahiti")


@pytest.mark.parametrize("number", ["2023-07-25T09:00:00", "1|2"])
def test_a_number_that_could_be_taken_for_another_part_of_the_key_is_none(number):
    values, warnings = flight_observation(changed(SZX, flight__number=number))
    assert values["flight_number"] is None
    assert values["identity"] == "slot"
    assert "value_readable:flight_number" in warnings
