"""Athena's stand-in on a laptop: DuckDB over the same Iceberg tables, in the same SQL."""

import difflib
import importlib.util
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from sqlglot import exp

from aviation.errors import QueryError
from aviation.local import as_athena, metadata
from aviation.places import place
from aviation.sql.as_of import expand
from aviation.sql.catalog import Catalog
from aviation.sql.names import drop_qualifiers, in_database, references, stand_in
from aviation.sql.question import Question

EXTENSIONS = ("httpfs", "avro", "iceberg")
# The extensions are installed as packages: nothing is downloaded when a query runs. A person's own secrets of S3, which
# DuckDB keeps in their home, are for other places.
OWN_MEANS: dict[str, str | bool | int | float | list[str]] = {
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
# The schema in which Athena lists the tables of a database and their columns.
SCHEMA = "information_schema"


def frame(question: Question) -> pd.DataFrame:
    """The answer to the question; QueryError in one line where Athena would refuse it, or it does not bind or run."""
    known = question.catalog
    if question.tree is None:
        return metadata.show(question.text, known)
    statement = expand(question.tree, known)
    as_athena.refuse(statement, known)
    statement = as_athena.mark_unnamed(statement)
    # A cursor is a connection of its own: what is registered for one question is none of another's.
    with _connect(os.environ["AWS_ENDPOINT_URL"]).cursor() as connection:
        _attach(connection, statement, known)
        try:
            answer = connection.execute(_one_select(connection, statement.sql(dialect="duckdb")))
            # A sum of bigints is one on Athena, and more than pandas has a type for on DuckDB.
            wide = [name for name, kind, *_ in answer.description or [] if str(kind) == "HUGEINT"]
            rows = answer.df().astype(dict.fromkeys(wide, "Int64"))
        except duckdb.Error as error:
            line = str(error).splitlines()[0]
            raise QueryError(f"the query failed: {line}{_column_hint(line, question.tree, known)}") from error
    return rows.set_axis(as_athena.names(list(rows.columns)), axis="columns")


def _one_select(connection: duckdb.DuckDBPyConnection, text: str) -> duckdb.Statement:
    """The statement that DuckDB itself reads in the text; QueryError unless it is one SELECT, and nothing besides."""
    statements = connection.extract_statements(text)
    if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
        raise QueryError("the query is more than one SELECT to this laptop's DuckDB (a PIVOT is): write it without")
    return statements[0]


def _column_hint(line: str, asked: exp.Query, known: Catalog) -> str:
    """Which column of the query's tables is near the one that was not found; that a text stands in single quotes."""
    match = re.search(r'Referenced column "(.+?)" (?:was )?not found', line)
    if not match:
        return ""
    columns = {name for table in references(asked) for name in known.columns.get(table.name.lower(), {})}
    near = difflib.get_close_matches(match[1], columns, n=1)
    return f" (did you mean '{near[0]}'?)" if near else " (a text stands in single quotes: 'JFK')"


def rows(text: str) -> list[dict[str, Any]]:
    """As `frame`, as dictionaries with null as None."""
    answer = frame(Question(text)).astype(object)
    return [
        {str(name): value for name, value in row.items()}
        for row in answer.where(answer.notna(), None).to_dict("records")
    ]


@cache
def _connect(endpoint: str) -> duckdb.DuckDBPyConnection:
    """One database a process, locked: loading the extensions takes longer than most queries."""
    connection = duckdb.connect(config=OWN_MEANS)
    for name in EXTENSIONS:
        package = importlib.util.find_spec(f"duckdb_extension_{name}")
        if package is None or package.origin is None:
            raise QueryError(f"DuckDB's extension '{name}' is not installed: run 'make setup'")
        connection.load_extension(str(next(Path(package.origin).parent.rglob("*.duckdb_extension"))))
    connection.execute("set global TimeZone = 'UTC'")
    connection.execute(
        "create secret (type s3, key_id ?, secret ?, region ?, endpoint ?, url_style 'path', use_ssl false)",
        [os.environ[n] for n in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")]
        + [endpoint.removeprefix("http://")],
    )
    # Nothing but the tables can be read, whatever a query says (and DuckDB's own folder, for what does not fit into
    # memory).
    connection.execute(f"set allowed_directories = ['s3://{place('PublishedBucket')}/']")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def _attach(connection: duckdb.DuckDBPyConnection, statement: exp.Query, known: Catalog) -> None:
    """Put in place of each table that the query names the scan of it: those that it does not name cost nothing."""
    for table in list(references(statement)):
        name = table.name.lower()
        if table.db.lower() == SCHEMA:
            lists = metadata.information_schema(known)
            if name not in lists:
                raise QueryError(f"there is no table '{table.name}' in {SCHEMA}: there are {', '.join(sorted(lists))}")
            connection.register(f"{SCHEMA}_{name}", lists[name])
            stand_in(table, exp.to_identifier(f"{SCHEMA}_{name}"))
        elif in_database(table, known.database) and name in known.tables:
            where = exp.Literal.string(_published(name, known.tables[name]))
            stand_in(table, exp.Anonymous(this="iceberg_scan", expressions=[where]))
        else:
            raise known.missing(table.name)
    for database in (known.database, SCHEMA):
        drop_qualifiers([statement], database)


def _published(table: str, location: str) -> str:
    """The metadata location of a table; QueryError where it climbs out of its bucket: DuckDB holds a path against the
    allowed folders as it is written, and S3's stand-in then follows the dots."""
    if ".." in location.split("/"):
        raise QueryError(
            f"the catalog has the table '{table}' at {location}, which is no place of a table: load it again"
        )
    return location
