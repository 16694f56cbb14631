"""The declared tables hold what people and checks rely on, and every column is explained."""

import subprocess
import sys

import pytest

from aviation.columns import FLIGHTS, HISTORY, MADE, OBSERVATIONS
from aviation.entities import ENTITIES
from support import ROOT

# The Glue catalog takes 255.
LONGEST = 200
BY_NAME = pytest.mark.parametrize("table", MADE, ids=lambda table: table.name)
PROMISED = """
    flight_key identity flight_date flight_status flight_status_api airline_iata airline_icao airline_name flight_number
    flight_iata flight_icao dep_iata dep_icao arr_iata arr_icao dep_timezone arr_timezone dep_scheduled_utc
    dep_estimated_utc dep_actual_utc arr_scheduled_utc arr_estimated_utc arr_actual_utc dep_scheduled_local
    arr_scheduled_local dep_delay_min arr_delay_min dep_delay_forecast_min dep_terminal dep_gate arr_terminal arr_gate
    arr_baggage aircraft_registration aircraft_icao24 codeshares live_latitude live_longitude live_altitude
    live_speed_horizontal live_is_ground live_updated_utc flags first_seen_at observed_at
"""


def test_every_table_is_declared_once_and_every_entity_has_one():
    names = [table.name for table in MADE]
    assert len(set(names)) == len(names)
    assert set(ENTITIES) <= set(names)


def test_flights_has_every_promised_column():
    assert set(PROMISED.split()) <= set(FLIGHTS.columns)


def test_a_version_has_every_column_of_a_flight_so_that_it_can_stand_in_for_one():
    assert set(FLIGHTS.columns) < set(HISTORY.columns)


def test_a_column_that_a_leg_takes_over_from_its_observations_has_one_type():
    shared = set(FLIGHTS.columns) & set(OBSERVATIONS.columns)
    assert len(shared) > 40
    assert all(FLIGHTS.columns[name].type == OBSERVATIONS.columns[name].type for name in shared)


@BY_NAME
def test_every_table_has_a_meaning_and_a_key_of_its_columns(table):
    assert table.meaning.startswith("One row is ")
    assert table.key and set(table.key) <= set(table.columns)


@BY_NAME
def test_every_column_has_a_meaning_and_stands_under_its_name(table):
    assert all(column.meaning for column in table.columns.values())
    assert [column.name for column in table.columns.values()] == list(table.columns)


@BY_NAME
def test_a_meaning_is_one_line_that_the_catalog_takes(table):
    for text in (table.meaning, *(column.meaning for column in table.columns.values())):
        assert text == " ".join(text.split())
        assert len(text) <= LONGEST
        assert text[0].isupper()
        assert text.endswith(".")


@BY_NAME
def test_the_meaning_of_a_time_says_whether_it_is_utc_or_local(table):
    for name, column in table.columns.items():
        if "timestamp" in column.type:
            word = "local time" if name.endswith("_local") else "in UTC"
            assert word in column.meaning, name


def test_the_declarations_need_the_standard_library_alone():
    program = "import sys; sys.path.insert(0, sys.argv[1]); import aviation.columns; print(len(aviation.columns.MADE))"
    command = [sys.executable, "-I", "-S", "-c", program, str(ROOT / "lib")]  # -S: no site-packages
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(MADE)
