"""The tables that Spark makes are the declared ones, and hold what the load reads and folds."""

from dataclasses import replace

import pytest

from aviation.columns import FLIGHTS, MADE, OBSERVATIONS, REFERENCES, TYPES, Table
from aviation.load.fold import STATE, WORKED_OUT
from aviation.load.history import WATCHED
from aviation.load.leaves import READERS
from aviation.load.tables import create_statement, literal

BY_NAME = pytest.mark.parametrize("table", MADE, ids=lambda table: table.name)


def create(table: Table) -> str:
    return create_statement(table, "glue_catalog.aviation", "s3://published/aviation")


def test_events_are_of_columns_of_a_flight():
    assert set(WATCHED) <= set(FLIGHTS.columns)


def test_every_field_that_is_folded_is_observed():
    assert set(WORKED_OUT) == {"codeshares", "has_operating_row", "slot_and_number_shared"}
    assert set(STATE) - set(WORKED_OUT) <= set(OBSERVATIONS.columns) - {"observed_at"}


def test_every_kind_of_leaf_has_a_type_and_a_reader():
    assert set(READERS) == set(TYPES)


@BY_NAME
def test_a_table_holds_times_without_a_zone_and_is_partitioned_by_flight_date_where_it_has_one(table):
    statement = create(table)
    assert not {column.type for column in table.columns.values()} & {"timestamp", "timestamp_ltz"}
    assert ("PARTITIONED BY (flight_date" in statement) == ("flight_date" in table.columns)
    assert f"LOCATION 's3://published/aviation/{table.name}'" in statement
    assert "'format-version' = '2'" in statement


@BY_NAME
def test_a_table_is_made_with_its_comments(table):
    statement = create(table)
    assert f" COMMENT {literal(table.meaning)} LOCATION" in statement
    for name, column in table.columns.items():
        assert f"`{name}` {column.type} COMMENT {literal(column.meaning)}" in statement


def test_a_quote_and_a_backslash_in_a_meaning_are_escaped():
    cities = REFERENCES["cities"]
    name = replace(cities.columns["city_name"], meaning=r"The city's name, \ and all.")
    statement = create(replace(cities, columns=cities.columns | {"city_name": name}))
    assert r"`city_name` string COMMENT 'The city\'s name, \\ and all.'" in statement
