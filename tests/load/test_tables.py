"""The declared tables hold what people and checks rely on."""

import pytest

from aviation.columns import FLIGHTS, HISTORY, OBSERVATIONS, TABLES, TYPES
from aviation.load.fold import STATE, WORKED_OUT
from aviation.load.history import WATCHED
from aviation.load.leaves import READERS
from aviation.load.tables import create_statement

PROMISED = """
    flight_key identity flight_date flight_status flight_status_api airline_iata airline_icao airline_name flight_number
    flight_iata flight_icao dep_iata dep_icao arr_iata arr_icao dep_timezone arr_timezone dep_scheduled_utc
    dep_estimated_utc dep_actual_utc arr_scheduled_utc arr_estimated_utc arr_actual_utc dep_scheduled_local
    arr_scheduled_local dep_delay_min arr_delay_min dep_delay_forecast_min dep_terminal dep_gate arr_terminal arr_gate
    arr_baggage aircraft_registration aircraft_icao24 codeshares live_latitude live_longitude live_altitude
    live_speed_horizontal live_is_ground live_updated_utc flags first_seen_at observed_at
"""


def test_flights_has_every_promised_column():
    assert set(PROMISED.split()) <= set(FLIGHTS.columns)


def test_a_version_has_every_column_of_a_flight_so_that_it_can_stand_in_for_one():
    assert set(FLIGHTS.columns) < set(HISTORY.columns)
    assert set(WATCHED) <= set(FLIGHTS.columns)


def test_every_field_that_is_folded_is_observed():
    assert set(WORKED_OUT) == {"codeshares", "has_operating_row", "slot_and_number_shared"}
    assert set(STATE) - set(WORKED_OUT) <= set(OBSERVATIONS.columns) - {"observed_at"}


def test_every_kind_of_leaf_has_a_type_and_a_reader():
    assert set(READERS) == set(TYPES)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_holds_times_without_a_zone_and_is_partitioned_by_flight_date_where_it_has_one(table):
    statement = create_statement(table, "glue_catalog.aviation", "s3://published/aviation")
    assert not {column.type for column in table.columns.values()} & {"timestamp", "timestamp_ltz"}
    assert ("PARTITIONED BY (flight_date)" in statement) == ("flight_date" in table.columns)
    assert f"LOCATION 's3://published/aviation/{table.name}'" in statement
    assert "'format-version' = '2'" in statement
