"""Which engine gets which text, and the path through awswrangler: the emulator's Athena reads Parquet tables."""

from datetime import date, datetime

import awswrangler
import boto3
import duckdb
import pandas as pd
import pytest

from aviation import athena_rows, aws, catalog, places, query
from aviation.catalog import Catalog
from aviation.errors import QueryError
from aviation.local import duck

CATALOG = Catalog(
    tables={"legs": "s3://lake/legs.json", "planes": "s3://lake/planes.json"},
    views={"routes": "select count(*) as n, min(location) as location from legs"},
    columns={"flights": ["flight_key"], "flight_history": ["flight_key", "known_from", "known_until"]},
)


def name_the_result(parsed: dict, **_) -> None:
    """The emulator stores a result one folder below the place that it names; AWS stores it where it says."""
    found = parsed["QueryExecution"]
    found["ResultConfiguration"]["OutputLocation"] += f"/{found['QueryExecutionId']}.csv"


@pytest.fixture(scope="module")
def parquet_table(stack):
    """A Parquet table in the stack's database: `legs`, three rows."""
    frame = pd.DataFrame({"flight_key": ["A", "B", "C"], "arr_delay_min": [12, -3, 40]})
    where = f"s3://{places.place('PublishedBucket')}/parquet/legs/"
    awswrangler.s3.to_parquet(frame, path=where, dataset=True, database=places.place("Database"), table="legs")
    boto3.setup_default_session()
    boto3.DEFAULT_SESSION.events.register("after-call.athena.GetQueryExecution", name_the_result)
    yield frame
    boto3.DEFAULT_SESSION = None
    aws.client("glue").delete_table(DatabaseName=places.place("Database"), Name="legs")


def test_athena_answers_with_a_data_frame_of_typed_columns(parquet_table):
    answer = query.athena("select count(*) as legs, max(arr_delay_min) as worst from legs where arr_delay_min > 0")
    assert answer.to_dict("records") == [{"legs": 2, "worst": 40}]
    assert all(pd.api.types.is_integer_dtype(kind) for kind in answer.dtypes)


def test_without_pandas_athena_answers_with_rows_of_typed_values(parquet_table):
    answer = athena_rows.run(
        "select flight_key, arr_delay_min, arr_delay_min / 2.0e0 as half, arr_delay_min > 0 as late, "
        "date '2013-07-10' as day, timestamp '2013-07-10 12:30:00' as moment, cast(null as integer) as none "
        "from legs order by flight_key"
    )
    assert [row["flight_key"] for row in answer] == ["A", "B", "C"]
    first = answer[0]
    assert (first["arr_delay_min"], float(first["half"]), first["late"], first["none"]) == (12, 6.0, True, None)
    assert (first["day"], first["moment"]) == (date(2013, 7, 10), datetime(2013, 7, 10, 12, 30))
    with pytest.raises(QueryError, match="Athena refused the query"):
        athena_rows.run("select no_such_column from legs")


def test_a_query_that_athena_refuses_is_told_in_one_line(parquet_table):
    with pytest.raises(QueryError, match="Athena refused the query") as refusal:
        query.athena("select no_such_column from legs")
    assert "\n" not in str(refusal.value)


@pytest.fixture
def laptop(monkeypatch):
    """DuckDB over CATALOG, where an Iceberg table is one row that says where it is."""
    connection = duckdb.connect()
    connection.execute("create macro main.iceberg_scan(place) as table select place as location")
    monkeypatch.setattr(duck, "_connect", lambda endpoint: connection)
    monkeypatch.setattr(catalog, "read", lambda: CATALOG)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    yield lambda text: duck.run(text).values.tolist()
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


def test_athena_gets_the_text_as_it_is_and_its_past_written_out_as_of_an_instant(monkeypatch):
    monkeypatch.setattr(aws, "query_engine", lambda: lambda text: text)
    monkeypatch.setattr(catalog, "read", lambda: CATALOG)
    asked = "select  n from routes, FLIGHTS"
    assert query.sql(asked) == asked
    past = query.sql(asked, as_of="2013-07-10T12:00Z")
    assert "flight_history" in past
    assert "FROM legs" in past
    assert "2013-07-10 12:00:00" in past
