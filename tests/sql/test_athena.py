"""The path through Athena, with pandas and without: the emulator's Athena reads Parquet tables."""

from datetime import date, datetime

import awswrangler
import boto3
import pandas as pd
import pytest

from aviation import aws, places
from aviation.errors import QueryError
from aviation.sql import athena
from aviation.sql.question import Question


def name_the_result(parsed: dict, **_) -> None:
    """The emulator stores a result one folder below the place that it names; AWS stores it where it says."""
    found = parsed["QueryExecution"]
    found["ResultConfiguration"]["OutputLocation"] += f"/{found['QueryExecutionId']}.csv"


@pytest.fixture(scope="module")
def parquet_table(stack):
    """A Parquet table in the stack's database: `legs`, three rows."""
    frame = pd.DataFrame({"flight_key": ["A", "B", "C"], "arr_delay_min": [12, -3, 40]})
    where = f"s3://{places.place('PublishedBucket')}/parquet/legs/"
    boto3.setup_default_session()  # boto3's own may still hold the keys of the stack of a test before
    awswrangler.s3.to_parquet(frame, path=where, dataset=True, database=places.place("Database"), table="legs")
    boto3.DEFAULT_SESSION.events.register("after-call.athena.GetQueryExecution", name_the_result)
    yield frame
    boto3.DEFAULT_SESSION = None
    aws.client("glue").delete_table(DatabaseName=places.place("Database"), Name="legs")


def test_athena_answers_with_a_data_frame_of_typed_columns(parquet_table):
    answer = athena.frame(
        Question("select count(*) as legs, max(arr_delay_min) as worst from legs where arr_delay_min > 0")
    )
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
        athena.frame(Question("select no_such_column from legs"))
    assert "\n" not in str(refusal.value)


class Listing:
    """Athena as it answers a DESCRIBE: no row repeats the names, and each is one text, unlike the emulator's."""

    def __init__(self, names: list[str], lines: list[str]):
        self.asked: list[str] = []
        self.page = {
            "Rows": [{"Data": [{"VarCharValue": line}]} for line in lines],
            "ResultSetMetadata": {"ColumnInfo": [{"Name": name, "Type": "string"} for name in names]},
        }

    def start_query_execution(self, *, QueryString: str, **_) -> dict:  # noqa: N803 - boto3's name
        self.asked.append(QueryString)
        return {"QueryExecutionId": "1"}

    def get_query_execution(self, **_) -> dict:
        return {"QueryExecution": {"Status": {"State": "SUCCEEDED"}}}

    def get_paginator(self, _: str):
        return self

    def paginate(self, **_) -> list[dict]:
        return [{"ResultSet": self.page}]


@pytest.mark.parametrize(
    ("text", "names", "lines", "rows"),
    [
        ("SHOW TABLES 'fl*'", ["tab_name"], ["fleet", "flights"], [["fleet"], ["flights"]]),
        (
            "-- what is there?\ndescribe  flights;",
            ["col_name", "data_type", "comment"],
            ["flight_key          \tstring              \tThe key.            ", "flags\tarray<string>\t"],
            [["flight_key", "string", "The key."], ["flags", "array<string>", ""]],
        ),
        (
            "show create view x",
            ["Create View"],
            ["CREATE VIEW x AS", "\tselect 1"],
            [["CREATE VIEW x AS"], ["\tselect 1"]],
        ),
        ("show views", ["views"], [], []),
    ],
)
def test_show_and_describe_go_to_athena_as_they_are(monkeypatch, text, names, lines, rows):
    listing = Listing(names, lines)
    monkeypatch.setattr(athena.aws, "client", lambda service: listing)
    monkeypatch.setattr(athena, "place", lambda name: name)
    answer = athena.frame(Question(text))
    assert listing.asked == [text]
    assert list(answer.columns) == names
    assert answer.values.tolist() == rows
