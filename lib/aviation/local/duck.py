"""Athena's stand-in on a laptop: DuckDB over the same Iceberg tables, in the same SQL."""

import importlib.util
import os
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
from sqlglot import exp

from aviation import aws
from aviation.as_of import parse_select
from aviation.errors import QueryError
from aviation.places import place

EXTENSIONS = ("httpfs", "avro", "iceberg")


def run(text: str) -> pd.DataFrame:
    """Transpile Athena's SQL and run it; QueryError in one line where it does not parse, bind or run."""
    statement = parse_select(text)
    connection = _connect(os.environ["AWS_ENDPOINT_URL"])
    _attach(connection, statement)
    try:
        return connection.execute(statement.sql(dialect="duckdb")).df()
    except duckdb.Error as error:
        raise QueryError(f"the query failed: {str(error).splitlines()[0]}") from error


def tables() -> dict[str, str]:
    """The metadata location (s3://...) of each Iceberg table in the Glue database, by table name."""
    pages = aws.client("glue").get_paginator("get_tables").paginate(DatabaseName=place("Database"))
    return {
        table["Name"]: table["Parameters"]["metadata_location"]
        for page in pages
        for table in page["TableList"]
        if "metadata_location" in table.get("Parameters", {})
    }


@cache
def _connect(endpoint: str) -> duckdb.DuckDBPyConnection:
    """One connection a process: loading the extensions takes longer than most queries."""
    # The extensions are installed as packages: nothing is downloaded when a query runs.
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    for name in EXTENSIONS:
        package = Path(importlib.util.find_spec(f"duckdb_extension_{name}").origin).parent
        connection.load_extension(str(next(package.rglob("*.duckdb_extension"))))
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(
        "create secret (type s3, key_id ?, secret ?, region ?, endpoint ?, url_style 'path', use_ssl false)",
        [os.environ[n] for n in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")]
        + [endpoint.removeprefix("http://")],
    )
    return connection


def _attach(connection: duckdb.DuckDBPyConnection, statement: exp.Expression) -> None:
    """A view for each table that the query names; those that it does not name cost nothing."""
    database = place("Database")
    known = tables()
    connection.execute(f"create schema if not exists {database}; use {database}")
    local_names = {cte.alias for cte in statement.find_all(exp.CTE)}
    for name in {table.name for table in statement.find_all(exp.Table)} - local_names:
        if name not in known:
            there = ", ".join(sorted(known)) or "none yet: run 'aviation load' first"
            raise QueryError(f"there is no table '{name}' in the database '{database}': there are {there}")
        connection.execute(f"create or replace view {name} as select * from iceberg_scan('{known[name]}')")
