"""Athena: what it answers to a query, as a DataFrame, or as plain rows for the Lambdas, which have no pandas."""

import time
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from aviation import aws
from aviation.errors import QueryError
from aviation.places import place

if TYPE_CHECKING:
    import pandas as pd

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
    athena = aws.client("athena")
    query_id = athena.start_query_execution(
        QueryString=text, QueryExecutionContext={"Database": place("Database")}, WorkGroup=place("Workgroup")
    )["QueryExecutionId"]
    while (state := athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"])["State"] in (
        "QUEUED",
        "RUNNING",
    ):
        time.sleep(PAUSE_SECONDS)
    if state["State"] != "SUCCEEDED":
        reason = " ".join(state.get("StateChangeReason", state["State"]).split())
        raise QueryError(f"Athena refused the query: {reason}")
    pages = list(athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id))
    columns: list[dict[str, Any]] = pages[0]["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    return columns, [row for page in pages for row in page["ResultSet"]["Rows"]]


def _value(kind: str, text: str | None) -> object:
    return None if text is None else PARSERS.get(kind, str)(text)
