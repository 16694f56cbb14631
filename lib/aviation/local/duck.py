"""Athena's stand-in on a laptop: DuckDB over the same Iceberg tables, in the same SQL."""

import importlib.util
import os
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
from sqlglot import exp

from aviation.errors import QueryError
from aviation.sql import catalog
from aviation.sql.as_of import expand
from aviation.sql.catalog import Catalog
from aviation.sql.names import in_database, references

EXTENSIONS = ("httpfs", "avro", "iceberg")


def frame(text: str) -> pd.DataFrame:
    """Transpile Athena's SQL and run it; QueryError in one line where it does not parse, bind or run."""
    known = catalog.read()
    statement = expand(text, known)
    connection = _connect(os.environ["AWS_ENDPOINT_URL"])
    _attach(connection, statement, known)
    try:
        answer = connection.execute(statement.sql(dialect="duckdb"))
        # A sum of bigints is one on Athena, and more than pandas has a type for on DuckDB.
        wide = [name for name, kind, *_ in answer.description if str(kind) == "HUGEINT"]
        return answer.df().astype(dict.fromkeys(wide, "Int64"))
    except duckdb.Error as error:
        raise QueryError(f"the query failed: {str(error).splitlines()[0]}") from error


def rows(text: str) -> list[dict]:
    """As `frame`, as dictionaries with null as None."""
    answer = frame(text).astype(object)
    return answer.where(answer.notna(), None).to_dict("records")


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


def _attach(connection: duckdb.DuckDBPyConnection, statement: exp.Query, known: Catalog) -> None:
    """A view for each table that the query names; those that it does not name cost nothing."""
    connection.execute(f"create schema if not exists {known.database}; use {known.database}")
    named = list(references(statement))
    for table in named:
        if not in_database(table, known.database) or table.name.lower() not in known.tables:
            there = ", ".join(sorted(known.tables)) or "none yet: run 'aviation load' first"
            raise QueryError(f"there is no table '{table.name}' in the database '{known.database}': there are {there}")
        # Athena's catalog is none of DuckDB's.
        table.set("catalog", None)
    for name in {table.name.lower() for table in named}:
        connection.execute(f"create or replace view {name} as select * from iceberg_scan('{known.tables[name]}')")
