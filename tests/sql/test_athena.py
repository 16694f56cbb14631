"""The path through Athena, with pandas and without: the emulator's Athena reads Parquet tables."""

from datetime import date, datetime

import awswrangler
import boto3
import pandas as pd
import pytest

from aviation import aws, places
from aviation.errors import QueryError
from aviation.sql import athena


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
    answer = athena.frame("select count(*) as legs, max(arr_delay_min) as worst from legs where arr_delay_min > 0")
    assert answer.to_dict("records") == [{"legs": 2, "worst": 40}]
    assert all(pd.api.types.is_integer_dtype(kind) for kind in answer.dtypes)


def test_without_pandas_athena_answers_with_rows_of_typed_values(parquet_table):
    answer = athena.rows(
        "select flight_key, arr_delay_min, arr_delay_min / 2.0e0 as half, arr_delay_min > 0 as late, "
        "date '2013-07-10' as day, timestamp '2013-07-10 12:30:00' as moment, cast(null as integer) as none "
        "from legs order by flight_key"
    )
    assert [row["flight_key"] for row in answer] == ["A", "B", "C"]
    first = answer[0]
    assert (first["arr_delay_min"], float(first["half"]), first["late"], first["none"]) == (12, 6.0, True, None)
    assert (first["day"], first["moment"]) == (date(2013, 7, 10), datetime(2013, 7, 10, 12, 30))
    with pytest.raises(QueryError, match="Athena refused the query"):
        athena.rows("select no_such_column from legs")


def test_a_query_that_athena_refuses_is_told_in_one_line(parquet_table):
    with pytest.raises(QueryError, match="Athena refused the query") as refusal:
        athena.frame("select no_such_column from legs")
    assert "\n" not in str(refusal.value)
