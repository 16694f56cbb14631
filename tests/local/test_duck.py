"""DuckDB in Athena's place: which names of a query it finds."""

import duckdb
import pytest

from aviation.errors import QueryError
from aviation.local import duck
from aviation.sql import catalog
from aviation.sql.catalog import Catalog

CATALOG = Catalog(
    tables={"legs": "s3://lake/legs.json", "planes": "s3://lake/planes.json"},
    views={"routes": "select count(*) as n, min(location) as location from legs"},
    columns={"flights": ["flight_key"], "flight_history": ["flight_key", "known_from", "known_until"]},
)


@pytest.fixture
def laptop(monkeypatch):
    """DuckDB over CATALOG, where an Iceberg table is one row that says where it is."""
    connection = duckdb.connect()
    connection.execute("create macro main.iceberg_scan(place) as table select place as location")
    monkeypatch.setattr(duck, "_connect", lambda endpoint: connection)
    monkeypatch.setattr(catalog, "read", lambda: CATALOG)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    yield lambda text: duck.frame(text).values.tolist()
    connection.close()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("select location from LEGS", "s3://lake/legs.json"),
        ("select location from aviation.planes", "s3://lake/planes.json"),
        ("select location from awsdatacatalog.aviation.planes", "s3://lake/planes.json"),
        ("select aviation.planes.location from aviation.planes", "s3://lake/planes.json"),
        ("with legs as (select location from planes) select location from legs", "s3://lake/planes.json"),
        ("with legs as (select location from legs) select location from legs", "s3://lake/legs.json"),
        ("select location from Routes", "s3://lake/legs.json"),
        ("with legs as (select 1 as one) select location from aviation.routes", "s3://lake/legs.json"),
    ],
)
def test_a_laptop_finds_tables_and_views_as_athena_does(laptop, text, answer):
    assert laptop(text) == [[answer]]


@pytest.mark.parametrize("name", ["flihgts", "other.legs", "information_schema.tables"])
def test_a_table_that_is_not_there_is_told_in_one_line(laptop, name):
    with pytest.raises(QueryError, match=rf"there is no table '{name.split('.')[-1]}' .* there are legs, planes$"):
        laptop(f"select * from {name}")
