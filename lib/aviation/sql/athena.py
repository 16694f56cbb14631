"""Athena: what it answers to a query, as a DataFrame or an Arrow table, or as plain rows for the Lambdas, which have
neither."""

import time
from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO
from threading import Event
from typing import TYPE_CHECKING, Any

from aviation import aws
from aviation.errors import QueryError
from aviation.places import place

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from aviation.sql.question import Question

PAUSE_SECONDS = 0.5
PARSERS: dict[str, Callable[[str], object]] = {
    "boolean": lambda text: text == "true",
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint"), int),
    **dict.fromkeys(("float", "real", "double"), float),
}


def frame(question: "Question") -> "pd.DataFrame":
    """The answer to the question in the stack's workgroup, a SELECT's through awswrangler. QueryError where Athena
    refuses it."""
    import awswrangler
    import pandas as pd

    if question.tree is None:
        return pd.DataFrame(**_listing(question.text), dtype=object)
    try:
        return awswrangler.athena.read_sql_query(
            question.athena(), database=place("Database"), workgroup=place("Workgroup"), ctas_approach=False
        )
    except awswrangler.exceptions.QueryFailed as error:
        raise QueryError(f"Athena refused the query: {' '.join(str(error).split())}") from error


def rows(text: str) -> list[dict[str, Any]]:
    """The rows of one SELECT in the stack's workgroup, by column name: numbers, dates and times as such, null as None,
    whatever else as Athena's text. QueryError where Athena refuses it."""
    columns, answered = _run(text)
    return [
        {
            column["Name"]: _value(column["Type"], cell.get("VarCharValue"))
            for column, cell in zip(columns, row["Data"], strict=True)
        }
        for row in answered[1:]  # the first one repeats the names
    ]


def table(text: str, *, seconds: float, ended: Event) -> "pa.Table":
    """The answer to one SELECT, each column with its type; an array, a map or a row as Athena's text. After `seconds`,
    or once `ended` is set, the query is stopped: QueryError, as where Athena refuses it."""
    import pyarrow as pa
    from pyarrow import csv

    execution = _executed(text, seconds, ended)
    found = aws.client("athena").get_query_results(QueryExecutionId=execution["QueryExecutionId"], MaxResults=1)
    columns = found["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    bucket, _, key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
    body = aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    # Not by the names of the columns: two may have the same.
    answered = csv.read_csv(
        BytesIO(body),
        csv.ReadOptions(autogenerate_column_names=True, skip_rows_after_names=1),
        csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        csv.ConvertOptions(
            column_types={f"f{place}": _arrow_type(column) for place, column in enumerate(columns)},
            null_values=[""],  # without quotes: an empty text has them
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    table: pa.Table = answered.rename_columns([column["Name"] for column in columns])
    return table


def _arrow_type(column: dict[str, Any]) -> "pa.DataType":
    import pyarrow as pa

    if column["Type"] == "decimal":
        return pa.decimal128(column["Precision"], column["Scale"])
    kinds = {
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
        **dict.fromkeys(("tinyint", "smallint", "integer"), pa.int32()),
        "bigint": pa.int64(),
        **dict.fromkeys(("float", "real"), pa.float32()),
        "double": pa.float64(),
    }
    return kinds.get(column["Type"], pa.string())


def column_names(text: str) -> list[str]:
    """The names of the columns that Athena answers the statement with. QueryError where it refuses it."""
    return [column["Name"] for column in _run(text)[0]]


def _listing(text: str) -> dict[str, Any]:
    """What Athena answers to a SHOW or DESCRIBE, as the columns and data of a DataFrame. No row repeats the names, and
    a row can be one text, its cells filled up with spaces and divided by tabs."""
    columns, answered = _run(text)
    cells = ["\t".join(cell.get("VarCharValue", "") for cell in row["Data"]) for row in answered]
    return {
        "columns": [column["Name"] for column in columns],
        "data": [[part.rstrip() for part in line.split("\t", len(columns) - 1)] for line in cells],
    }


def _run(text: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Run the statement and wait for it: the columns of its answer and the rows, as GetQueryResults gives them."""
    query_id = _executed(text)["QueryExecutionId"]
    pages = list(aws.client("athena").get_paginator("get_query_results").paginate(QueryExecutionId=query_id))
    columns: list[dict[str, Any]] = pages[0]["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    return columns, [row for page in pages for row in page["ResultSet"]["Rows"]]


def _executed(text: str, seconds: float | None = None, ended: Event | None = None) -> dict[str, Any]:
    """Run the statement and wait for it: the execution, as GetQueryExecution gives it, and its id."""
    athena, ended = aws.client("athena"), ended or Event()
    query_id = athena.start_query_execution(
        QueryString=text, QueryExecutionContext={"Database": place("Database")}, WorkGroup=place("Workgroup")
    )["QueryExecutionId"]
    until = time.monotonic() + seconds if seconds else None
    while True:
        execution = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        state = execution["Status"]
        if state["State"] not in ("QUEUED", "RUNNING"):
            break
        if ended.is_set() or (until and time.monotonic() >= until):
            athena.stop_query_execution(QueryExecutionId=query_id)
            reason = "as this program ends" if ended.is_set() else f"after {seconds:g} seconds: ask for less"
            raise QueryError(f"the query was given up {reason}")
        ended.wait(PAUSE_SECONDS)
    if state["State"] != "SUCCEEDED":
        reason = " ".join(state.get("StateChangeReason", state["State"]).split())
        raise QueryError(f"Athena refused the query: {reason}")
    return {**execution, "QueryExecutionId": query_id}


def _value(kind: str, text: str | None) -> object:
    return None if text is None else PARSERS.get(kind, str)(text)
