"""DuckDB in Athena's place: which names of a query it finds, and what it is kept from."""

import os
import re

import duckdb
import pytest

from aviation import places, query
from aviation.engine import duck
from aviation.engine.connection import Confined
from aviation.errors import QueryError
from aviation.sql.catalog import Catalog, GlueColumn
from aviation.sql.question import Question

CATALOG = Catalog(
    tables={"legs": "s3://lake/legs.json", "planes": "s3://lake/planes.json"},
    views={"routes": "select count(*) as n, min(location) as location from legs"},
    columns={
        "legs": {"location": GlueColumn("string", "Where it is."), "seen_at": GlueColumn("timestamp")},
        "planes": {"location": GlueColumn("string"), "codes": GlueColumn("array<string>")},
        "routes": {"n": GlueColumn("bigint", "Legs."), "location": GlueColumn("string")},
    },
)


@pytest.fixture
def ask(monkeypatch):
    """DuckDB over CATALOG, where an Iceberg table is one row that says where it is."""
    connection = duckdb.connect()
    connection.execute("create macro main.iceberg_scan(place) as table select place as location")
    monkeypatch.setattr(duck, "_shared", lambda endpoint: connection)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    yield lambda text: duck.frame(Question(text, CATALOG))
    connection.close()


@pytest.fixture
def laptop(ask):
    return lambda text: ask(text).values.tolist()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("select location from LEGS", "s3://lake/legs.json"),
        ("select location from aviation.planes", "s3://lake/planes.json"),
        ("select location from awsdatacatalog.aviation.planes", "s3://lake/planes.json"),
        ("select aviation.planes.location from aviation.planes", "s3://lake/planes.json"),
        ("select planes.location from planes", "s3://lake/planes.json"),
        ("select p.location from planes p, planes", "s3://lake/planes.json"),
        ("with legs as (select location from planes) select location from legs", "s3://lake/planes.json"),
        ("with legs as (select location from legs) select location from legs", "s3://lake/legs.json"),
        ("select location from Routes", "s3://lake/legs.json"),
        ("with legs as (select 1 as one) select location from aviation.routes", "s3://lake/legs.json"),
    ],
)
def test_a_laptop_finds_tables_and_views_as_athena_does(laptop, text, answer):
    assert laptop(text) == [[answer]]


@pytest.mark.parametrize("name", ["flihgts", "other.legs"])
def test_a_table_that_is_not_there_is_told_in_one_line_with_the_tables_and_views_there_are(laptop, name):
    told = rf"there is no table '{name.split('.')[-1]}' .* there are the tables legs, planes and the views routes$"
    with pytest.raises(QueryError, match=told):
        laptop(f"select * from {name}")


@pytest.mark.parametrize(("name", "near"), [("leggs", "legs"), ("ROUTE", "routes")])
def test_the_nearest_name_is_suggested(laptop, name, near):
    for text in (f"select * from {name}", f"describe {name}"):
        with pytest.raises(QueryError, match=rf"in the database 'aviation' \(did you mean '{near}'\?\)"):
            laptop(text)


def test_before_the_first_load_the_way_to_the_tables_is_told(ask):
    with pytest.raises(QueryError, match="none yet: run 'aviation produce flights', then 'aviation load'"):
        duck.frame(Question("select 1 from flights", Catalog()))


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("show tables", ["tab_name"], [["legs"], ["planes"], ["routes"]]),
        ("SHOW TABLES IN aviation '*e*s';", ["tab_name"], [["legs"], ["planes"], ["routes"]]),
        ("show tables 'leg*|pla*'", ["tab_name"], [["legs"], ["planes"]]),
        ("show views", ["views"], [["routes"]]),
        ("show views from aviation like 'leg*'", ["views"], []),
        ("show databases", ["database_name"], [["aviation"]]),
        (
            "describe Routes",
            ["col_name", "data_type", "comment"],
            [["n", "bigint", "Legs."], ["location", "string", ""]],
        ),
        (
            "desc aviation.planes",
            ["col_name", "data_type", "comment"],
            [["location", "string", ""], ["codes", "array<string>", ""]],
        ),
        ("show columns from legs", ["field"], [["location"], ["seen_at"]]),
        ("show columns in legs in aviation", ["field"], [["location"], ["seen_at"]]),
        ("show create view routes", ["Create View"], [["CREATE VIEW aviation.routes AS"], [CATALOG.views["routes"]]]),
        (
            "select table_name, table_type from information_schema.tables order by 1",
            ["table_name", "table_type"],
            [["legs", "BASE TABLE"], ["planes", "BASE TABLE"], ["routes", "VIEW"]],
        ),
        (
            "select c.column_name, data_type, comment from information_schema.columns c where table_name = 'legs'"
            " and table_schema = 'aviation' order by ordinal_position",
            ["column_name", "data_type", "comment"],
            [["location", "varchar", "Where it is."], ["seen_at", "timestamp(6)", None]],
        ),
        (
            "select information_schema.tables.table_name from information_schema.tables where table_type = 'VIEW'",
            ["table_name"],
            [["routes"]],
        ),
        (
            "select data_type from INFORMATION_SCHEMA.COLUMNS where column_name = 'codes'",
            ["data_type"],
            [["array(varchar)"]],
        ),
    ],
)
def test_what_there_is_is_told_as_athena_tells_it(ask, text, columns, rows):
    answer = ask(text)
    assert list(answer.columns) == columns
    assert answer.values.tolist() == rows


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("show partitions legs", "a laptop does not answer 'show partitions legs': it answers show tables, "),
        ("show tables in other", "there is no database 'other': there is 'aviation'"),
        ("show create view legs", "'legs' is a table, not a view"),
        (
            "select * from information_schema.routines",
            "no table 'routines' in information_schema: there are columns, tables",
        ),
    ],
)
def test_what_a_laptop_cannot_tell_is_refused_in_one_line(laptop, text, told):
    with pytest.raises(QueryError, match=told):
        laptop(text)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("select count(*) from legs", ["_col0"]),
        (
            "select location, 1, max(location) as most, upper(location) from legs group by 1",
            ["location", "_col1", "most", "_col3"],
        ),
        ("select *, count(*) over () from legs", ["location", "_col1"]),
        ("select (location), legs.location as l, (select 1) from legs", ["location", "l", "_col2"]),
        ("select count(*), 1 as one union all select 1, 2 order by 1", ["_col0", "one"]),
        ("(select count(*) from legs)", ["_col0"]),
        ("with x as (select 1 as n) select n + 1 from x", ["_col0"]),
    ],
)
def test_a_column_without_a_name_is_called_by_its_place_as_on_athena(ask, text, columns):
    assert list(ask(text).columns) == columns


def test_the_tables_of_a_stack_are_all_that_can_be_read(stack):
    connection = duck._shared(os.environ["AWS_ENDPOINT_URL"]).cursor()
    assert places.place("PublishedBucket") in str(
        connection.execute("select current_setting('allowed_directories')").fetchone()
    )
    for source in ("read_text('/etc/hostname')", "'/etc/hosts.csv'", "read_text('s3://other/x')", "glob('/*')"):
        with pytest.raises(duckdb.PermissionException):
            connection.execute(f"select * from {source}")
    with pytest.raises(duckdb.InvalidInputException, match="locked"):
        connection.execute("set enable_external_access = true")
    with connection.cursor() as cursor:
        assert cursor.execute("select current_setting('TimeZone')").fetchone() == ("UTC",)
    with pytest.raises(QueryError, match="not 'read_text"):
        query.sql("select * from read_text('/etc/hostname')")


def test_what_does_not_fit_into_memory_leaves_the_working_folder_as_it_is(stack, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # A sort of more than fits: its first rows come when the rest is on disk.
    numbers = "select hash(i) as h, repeat(hash(i)::varchar, 5) as text from range(1500000) as r(i)"
    with Confined("60MB").cursor() as connection:
        assert len(connection.execute(f"select text from ({numbers}) order by h").fetchmany(10)) == 10
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("select locatoin from legs", "did you mean 'location'?"),
        ("select locatoin from routes", "did you mean 'location'?"),
        ("select location from legs where location = JFK", "single quotes"),
    ],
)
def test_a_column_that_is_not_there_is_told_with_the_nearest_one(laptop, text, hint):
    with pytest.raises(QueryError, match=f"the query failed: .*{re.escape(hint)}"):
        laptop(text)
