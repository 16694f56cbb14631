"""A question answered by DuckDB over the files of the tables, in Athena's SQL."""

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from threading import Timer
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd
from sqlglot import exp

from aviation.engine import as_athena, metadata
from aviation.engine.connection import Confined
from aviation.errors import QueryError
from aviation.sql.as_of import AT, expand
from aviation.sql.catalog import Catalog
from aviation.sql.names import drop_qualifiers, in_database, references, stand_in
from aviation.sql.question import Question

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 5000
FITTING = "fitting"
"""A view of the connection's own, for one question."""
# The schema in which Athena lists the tables of a database and their columns.
SCHEMA = "information_schema"


@dataclass(frozen=True)
class Prepared:
    """A question in DuckDB's SQL, to be asked again and again: where the tables' files lie, and of which moment the
    answer is, are parameters. `scans` are the tables that are read from their files, `lists` those of
    information_schema, and `is_of_past` says whether there is a moment."""

    text: str
    question: Question
    scans: frozenset[str]
    lists: frozenset[str]
    is_of_past: bool


@dataclass(frozen=True)
class Asking:
    """How a question is asked: `known` says where the tables' files lie, `at` of which moment (naive, UTC) the answer
    is. `schema` is the one of the engine's memory that has the tables which were kept, `fitting` what stands for the
    view FITTING. After `seconds` the question is given up, with a QueryError that says so."""

    known: Catalog
    at: datetime | None = None
    schema: str = ""
    fitting: Prepared | None = None
    seconds: float | None = None


def frame(question: Question) -> pd.DataFrame:
    """The answer to the question; QueryError in one line where Athena would refuse it, or it does not bind or run."""
    if question.tree is None:
        return metadata.show(question.text, question.catalog)
    prepared = prepare(question, question.tree, refuses=True)
    return answer(prepared, _shared(os.environ.get("AWS_ENDPOINT_URL", "")), Asking(question.catalog))


def answer(prepared: Prepared, engine: Confined, asking: Asking) -> pd.DataFrame:
    """The answer to a prepared question, by an engine of one's own. QueryError as in `frame`."""
    with _executed(prepared, engine, asking) as given:
        # A sum of bigints is one on Athena, and more than pandas has a type for on DuckDB.
        rows = given.df().astype(dict.fromkeys(_wide(given), "Int64"))
    return rows.set_axis(as_athena.names(list(rows.columns)), axis="columns")


def first_rows(question: Question, engine: Confined, most: int, *, seconds: float) -> "pa.Table":
    """The first `most` rows of the answer, each column with its type: what more there is, is not fetched. QueryError as
    in `frame`, and after `seconds`."""
    import pyarrow as pa

    if question.tree is None:
        table = pa.Table.from_pandas(metadata.show(question.text, question.catalog), preserve_index=False)
        return table.slice(0, most)
    prepared = prepare(question, question.tree, refuses=True)
    with _executed(prepared, engine, Asking(question.catalog, seconds=seconds)) as given:
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


def keep(prepared: Prepared, engine: Confined, asking: Asking, table: str) -> None:
    """Have the engine keep the answer in its memory, as the table `table` (qualified, quoted). QueryError as in
    `frame`."""
    kept = replace(prepared, text=f"create table {table} as {prepared.text}")
    with _executed(kept, engine, asking, kind=duckdb.StatementType.CREATE):
        pass


def _wide(given: duckdb.DuckDBPyConnection) -> list[str]:
    return [name for name, kind, *_ in given.description or [] if str(kind) == "HUGEINT"]


def prepare(
    question: Question, tree: exp.Query, kept: Mapping[str, str] | None = None, *, refuses: bool = False
) -> Prepared:
    """The question with this tree as DuckDB is asked. `kept` are names of tables in the engine's memory, by the names
    of the tables and views in whose place they stand. With `refuses`, what Athena alone refuses is a QueryError too:
    the code's own questions are held to Athena's rules by the tests."""
    known, kept = question.catalog, kept or {}
    statement = expand(tree, replace(known, views={name: sql for name, sql in known.views.items() if name not in kept}))
    if refuses:
        as_athena.refuse(statement, known)
    statement = as_athena.mark_unnamed(statement)
    scans, lists = _attach(statement, known, kept)
    is_of_past = any(given.name == AT for given in statement.find_all(exp.Placeholder))
    return Prepared(statement.sql(dialect="duckdb"), question.rewritten(tree), scans, lists, is_of_past)


@contextmanager
def _executed(
    prepared: Prepared, engine: Confined, asking: Asking, kind: duckdb.StatementType = duckdb.StatementType.SELECT
) -> Iterator[duckdb.DuckDBPyConnection]:
    """What DuckDB has to fetch; its errors, while it is fetched too, are QueryErrors."""
    with engine.cursor() as connection:
        limit = Timer(asking.seconds or 0, connection.interrupt)
        if asking.seconds:
            limit.start()
        try:
            _give(connection, prepared, asking)
            yield connection.execute(_one(connection, prepared.text, kind), _values(prepared, asking))
        except duckdb.InterruptException:
            reason = "as this program ends" if engine.is_over else f"after {asking.seconds:g} seconds: ask for less"
            raise QueryError(f"the query was given up {reason}") from None
        except duckdb.Error as error:
            line = str(error).splitlines()[0]
            hint = _column_hint(line, prepared.question)
            raise QueryError(f"the query failed: {line}{hint}") from error
        finally:
            limit.cancel()


def _give(connection: duckdb.DuckDBPyConnection, prepared: Prepared, asking: Asking) -> None:
    """Have the connection, which is this question's alone, find what the question reads."""
    for name in prepared.lists:
        connection.register(f"{SCHEMA}_{name}", metadata.information_schema(asking.known)[name])
    if asking.schema:
        connection.execute(f"use {exp.to_identifier(asking.schema, quoted=True)}")
    if asking.fitting:
        connection.execute(f"create temp view {FITTING} as {asking.fitting.text}")


def _values(prepared: Prepared, asking: Asking) -> dict[str, object]:
    """The parameters of the question, by name."""
    values: dict[str, object] = {
        _location(name): _published(name, asking.known.tables[name]) for name in prepared.scans
    }
    return values | ({AT: asking.at} if asking.at and prepared.is_of_past else {})


@cache
def _shared(endpoint: str) -> Confined:
    """One engine a process and stack: loading the extensions takes longer than most queries."""
    return Confined()


def _one(connection: duckdb.DuckDBPyConnection, text: str, kind: duckdb.StatementType) -> duckdb.Statement:
    """The statement that DuckDB itself reads in the text; QueryError unless it is one of that kind, and nothing
    besides."""
    statements = connection.extract_statements(text)
    if [statement.type for statement in statements] != [kind]:
        raise QueryError("the query is more than one SELECT to this laptop's DuckDB (a PIVOT is): write it without")
    return statements[0]


def _column_hint(line: str, asked: Question) -> str:
    """Which column of the query's tables is near the one that was not found; that a text stands in single quotes."""
    match = re.search(r'Referenced column "(.+?)" (?:was )?not found', line)
    if not match or not asked.tree:
        return ""
    known = asked.catalog.columns
    columns = {name for table in references(asked.tree) for name in known.get(table.name.lower(), {})}
    near = difflib.get_close_matches(match[1], columns, n=1)
    return f" (did you mean '{near[0]}'?)" if near else " (a text stands in single quotes: 'JFK')"


def rows(text: str) -> list[dict[str, Any]]:
    """As `frame`, as dictionaries with null as None."""
    answer = frame(Question(text)).astype(object)
    return [
        {str(name): value for name, value in row.items()}
        for row in answer.where(answer.notna(), None).to_dict("records")
    ]


def _attach(statement: exp.Query, known: Catalog, kept: Mapping[str, str]) -> tuple[frozenset[str], frozenset[str]]:
    """Put in place of each table that the query names what is kept of it, else the scan of it: those that it does not
    name cost nothing. The tables that are scanned, and those of information_schema."""
    scans, lists = set(), set()
    for table in list(references(statement)):
        name = table.name.lower()
        if table.db.lower() == SCHEMA:
            there = metadata.information_schema(known)
            if name not in there:
                raise QueryError(f"there is no table '{table.name}' in {SCHEMA}: there are {', '.join(sorted(there))}")
            lists.add(name)
            stand_in(table, exp.to_identifier(f"{SCHEMA}_{name}"))
        elif in_database(table, known.database) and name in kept:
            stand_in(table, exp.to_identifier(kept[name], quoted=True))
        elif in_database(table, known.database) and name in known.tables:
            scans.add(name)
            where = exp.Placeholder(this=_location(name))
            stand_in(table, exp.Anonymous(this="iceberg_scan", expressions=[where]))
        else:
            raise known.missing(table.name)
    for database in (known.database, SCHEMA):
        drop_qualifiers([statement], database)
    return frozenset(scans), frozenset(lists)


def _location(table: str) -> str:
    """The name of the parameter that says where the table's files lie."""
    return f"where_{table}_is"


def _published(table: str, location: str) -> str:
    """The metadata location of a table; QueryError where it climbs out of its bucket: DuckDB holds a path against the
    allowed folders as it is written, and S3's stand-in then follows the dots."""
    if ".." in location.split("/"):
        raise QueryError(
            f"the catalog has the table '{table}' at {location}, which is no place of a table: load it again"
        )
    return location
