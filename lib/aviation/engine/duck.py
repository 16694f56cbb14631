"""A question answered by DuckDB over the files of the tables, in Athena's SQL."""

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from threading import Timer
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd
from sqlglot import exp

from aviation.engine import as_athena, metadata
from aviation.engine.connection import Confined
from aviation.errors import QueryError
from aviation.sql.as_of import expand
from aviation.sql.catalog import Catalog
from aviation.sql.names import drop_qualifiers, in_database, references, stand_in
from aviation.sql.question import Question

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 5000
# The schema in which Athena lists the tables of a database and their columns.
SCHEMA = "information_schema"


def frame(question: Question) -> pd.DataFrame:
    """The answer to the question; QueryError in one line where Athena would refuse it, or it does not bind or run."""
    return answer(question, _shared(os.environ.get("AWS_ENDPOINT_URL", "")))


def answer(
    question: Question, engine: Confined, *, kept: Mapping[str, str] | None = None, seconds: float | None = None
) -> pd.DataFrame:
    """As `frame`, by an engine of one's own. `kept` are names of tables that it has in its memory, by the names of
    those in whose place they stand; after `seconds` the question is given up, with a QueryError that says so."""
    if question.tree is None:
        return metadata.show(question.text, question.catalog)
    with _executed(question, question.tree, engine, kept or {}, seconds) as given:
        # A sum of bigints is one on Athena, and more than pandas has a type for on DuckDB.
        rows = given.df().astype(dict.fromkeys(_wide(given), "Int64"))
    return rows.set_axis(as_athena.names(list(rows.columns)), axis="columns")


def first_rows(question: Question, engine: Confined, most: int, *, seconds: float) -> "pa.Table":
    """The first `most` rows of the answer, each column with its type: what more there is, is not fetched. QueryError as
    in `answer`."""
    import pyarrow as pa

    if question.tree is None:
        table = pa.Table.from_pandas(metadata.show(question.text, question.catalog), preserve_index=False)
        return table.slice(0, most)
    with _executed(question, question.tree, engine, {}, seconds) as given:
        wide = _wide(given)
        reader, batches, rows = given.to_arrow_reader(BATCH), [], 0
        for batch in reader:
            batches.append(batch)
            if (rows := rows + batch.num_rows) >= most:
                break
    table = pa.Table.from_batches(batches, reader.schema).slice(0, most)
    for place, name in enumerate(table.column_names):
        if name in wide:
            table = table.set_column(place, name, table.column(place).cast(pa.int64()))
    return table.rename_columns(as_athena.names(table.column_names))


def _wide(given: duckdb.DuckDBPyConnection) -> list[str]:
    return [name for name, kind, *_ in given.description or [] if str(kind) == "HUGEINT"]


@contextmanager
def _executed(
    question: Question, tree: exp.Query, engine: Confined, kept: Mapping[str, str], seconds: float | None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """What DuckDB has to fetch; its errors, while it is fetched too, are QueryErrors."""
    known = question.catalog
    statement = expand(tree, known)
    as_athena.refuse(statement, known)
    statement = as_athena.mark_unnamed(statement)
    with engine.cursor() as connection:
        _attach(connection, statement, known, kept)
        limit = Timer(seconds or 0, connection.interrupt)
        if seconds:
            limit.start()
        try:
            yield connection.execute(_one_select(connection, statement.sql(dialect="duckdb")))
        except duckdb.InterruptException:
            raise QueryError(f"the query was given up after {seconds:g} seconds: ask for less") from None
        except duckdb.Error as error:
            line = str(error).splitlines()[0]
            raise QueryError(f"the query failed: {line}{_column_hint(line, tree, known)}") from error
        finally:
            limit.cancel()


def keep(question: Question, engine: Confined, name: str) -> None:
    """Have the engine keep the answer in its memory, as a table of that name, for `answer`. QueryError as there."""
    statement = expand(question.tree, question.catalog) if question.tree else None
    if not statement:
        raise QueryError("only the answer to a SELECT can be kept")
    with engine.cursor() as connection:
        _attach(connection, statement, question.catalog, {})
        connection.execute(
            f"create or replace table {exp.to_identifier(name, quoted=True)} as {statement.sql('duckdb')}"
        )


def forget(engine: Confined, name: str) -> None:
    """Have the engine give up what it keeps under that name."""
    with engine.cursor() as connection:
        connection.execute(f"drop table if exists {exp.to_identifier(name, quoted=True)}")


@cache
def _shared(endpoint: str) -> Confined:
    """One engine a process and stack: loading the extensions takes longer than most queries."""
    return Confined()


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


def _attach(
    connection: duckdb.DuckDBPyConnection, statement: exp.Query, known: Catalog, kept: Mapping[str, str]
) -> None:
    """Put in place of each table that the query names what is kept of it, else the scan of it: those that it does not
    name cost nothing."""
    for table in list(references(statement)):
        name = table.name.lower()
        if table.db.lower() == SCHEMA:
            lists = metadata.information_schema(known)
            if name not in lists:
                raise QueryError(f"there is no table '{table.name}' in {SCHEMA}: there are {', '.join(sorted(lists))}")
            connection.register(f"{SCHEMA}_{name}", lists[name])
            stand_in(table, exp.to_identifier(f"{SCHEMA}_{name}"))
        elif in_database(table, known.database) and name in kept:
            stand_in(table, exp.to_identifier(kept[name], quoted=True))
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
