"""Athena: what it answers to a query, as a DataFrame, or as plain rows where pandas is not: in a Lambda."""

import time
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING

from aviation import aws
from aviation.errors import QueryError
from aviation.places import place

if TYPE_CHECKING:
    import pandas

PAUSE_SECONDS = 0.5
PARSERS: dict[str, Callable[[str], object]] = {
    "boolean": lambda text: text == "true",
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint"), int),
    **dict.fromkeys(("float", "real", "double"), float),
}


def frame(text: str) -> "pandas.DataFrame":
    """The rows of one SELECT in the stack's workgroup, through awswrangler. QueryError where Athena refuses it."""
    import awswrangler

    from aviation.sql.names import parse_select  # sqlglot is not in the Lambdas' zip

    parse_select(text)
    try:
        return awswrangler.athena.read_sql_query(
            text, database=place("Database"), workgroup=place("Workgroup"), ctas_approach=False
        )
    except awswrangler.exceptions.QueryFailed as error:
        raise QueryError(f"Athena refused the query: {' '.join(str(error).split())}") from error


def rows(text: str) -> list[dict]:
    """The rows of one SELECT in the stack's workgroup, by column name: numbers, dates and times as such, null as None,
    whatever else as Athena's text. QueryError where Athena refuses it."""
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
        raise QueryError(
            f"Athena refused the query: {' '.join(state.get('StateChangeReason', state['State']).split())}"
        )
    found, columns = [], []
    for page in athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id):
        columns = columns or page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        found += page["ResultSet"]["Rows"]
    # The first row repeats the names.
    return [
        {
            column["Name"]: _value(column["Type"], cell.get("VarCharValue"))
            for column, cell in zip(columns, row["Data"], strict=True)
        }
        for row in found[1:]
    ]


def _value(kind: str, text: str | None) -> object:
    return None if text is None else PARSERS.get(kind, str)(text)
