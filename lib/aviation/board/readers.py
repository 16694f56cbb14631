"""How the tables are read: DuckDB reads their files with the reader's credentials; where it cannot, Athena is asked.

Either way what is kept of a day is in DuckDB's memory, and a question about a day is answered from there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from threading import Event
from typing import Literal, Protocol

import duckdb
import pandas as pd
import pyarrow as pa
from botocore.exceptions import ClientError
from sqlglot import exp

from aviation.engine import duck, metadata
from aviation.engine.connection import Confined
from aviation.engine.duck import Asking, Prepared
from aviation.errors import AviationError, QueryError, one_line
from aviation.places import place
from aviation.sql import athena
from aviation.sql.as_of import expand
from aviation.sql.catalog import Catalog
from aviation.sql.question import Question

PROBED = "loads"
"""The smallest table: whether its files can be read tells whether the others' can."""
PROBE = f"select run_id from {PROBED} limit 1"
UNKNOWN_FORMAT = (duckdb.InvalidInputException, duckdb.NotImplementedException)
DENIED = re.compile("access ?denied|not authorized|insufficient permissions", re.IGNORECASE)
NESTED = ("array<", "map<", "struct<")


@dataclass(frozen=True)
class Rows:
    """A table's rows of a flight date; `columns` are the names of those that are read, divided by commas, or `*`."""

    table: str
    columns: str
    day: date

    @property
    def condition(self) -> str:
        """Where they are, in Athena's SQL."""
        return f"from {self.table} where flight_date = date '{self.day}'"


class Known(Protocol):
    """What `Loaded` knows of the tables."""

    catalog: Catalog

    def prepared(self, text: str, kept: Mapping[str, str], *, is_past: bool = False) -> Prepared: ...


class Reader(Protocol):
    """Reads the tables. `because` says why it is Athena that is asked. Each method raises QueryError in one line, after
    `seconds` too."""

    @property
    def name(self) -> Literal["DuckDB", "Athena"]: ...

    @property
    def because(self) -> str: ...

    def answer(self, known: Known, text: str, as_of: datetime | None, seconds: float) -> pd.DataFrame:
        """The answer to Athena's SQL over all rows, as the tables stood at `as_of` (naive, UTC) if that is given."""

    def keep(self, known: Known, rows: Rows, table: str, seconds: float) -> None:
        """Keep the rows in DuckDB's memory, as the table `table` (qualified, quoted)."""

    def first_rows(self, question: Question, most: int, seconds: float) -> pa.Table:
        """The first `most` rows of the answer, each column with its type."""


def chosen(known: Known, engine: Confined, ended: Event, seconds: float) -> Reader:
    """What can read the tables; once `ended` is set, Athena is asked nothing more. QueryError where reading their files
    fails for another reason than that it is not allowed, or that their format is not known."""
    if PROBED in known.catalog.tables:
        try:
            FromFiles(engine).answer(known, PROBE, None, seconds)
        except QueryError as error:
            if because := _unreadable(error.__cause__):
                return ThroughAthena(engine, ended, because)
            raise
    return FromFiles(engine)


def _unreadable(error: BaseException | None) -> str:
    """Why DuckDB can read none of the files, in one line: with these credentials, or in their format. Empty where the
    error is another."""
    is_denied = isinstance(error, duckdb.HTTPException) and error.status_code == HTTPStatus.FORBIDDEN
    return str(error).splitlines()[0] if is_denied or isinstance(error, UNKNOWN_FORMAT) else ""


@dataclass(frozen=True)
class FromFiles:
    """DuckDB over the files of the tables."""

    engine: Confined
    name: Literal["DuckDB"] = "DuckDB"
    because: str = ""

    def answer(self, known: Known, text: str, as_of: datetime | None, seconds: float) -> pd.DataFrame:
        """As `Reader.answer`."""
        prepared = known.prepared(text, {}, is_past=bool(as_of))
        return duck.answer(prepared, self.engine, Asking(known.catalog, as_of, seconds=seconds))

    def keep(self, known: Known, rows: Rows, table: str, seconds: float) -> None:
        """As `Reader.keep`."""
        prepared = known.prepared(f"select {rows.columns} {rows.condition}", {})
        duck.keep(prepared, self.engine, Asking(known.catalog, seconds=seconds), table)

    def first_rows(self, question: Question, most: int, seconds: float) -> pa.Table:
        """As `Reader.first_rows`."""
        return duck.first_rows(question, self.engine, most, seconds=seconds)


@dataclass(frozen=True)
class ThroughAthena:
    """Athena, whose answers DuckDB gives the types that its own would have. AviationError where that is not allowed
    either."""

    engine: Confined
    ended: Event
    because: str
    name: Literal["Athena"] = "Athena"

    def answer(self, known: Known, text: str, as_of: datetime | None, seconds: float) -> pd.DataFrame:
        """As `Reader.answer`."""
        question = Question(text, known.catalog)
        answered = self._asked(question.as_of(as_of) if as_of else question, seconds)
        with self.engine.cursor() as connection:
            return connection.from_arrow(answered).df()

    def keep(self, known: Known, rows: Rows, table: str, seconds: float) -> None:
        """As `Reader.keep`."""
        there = known.catalog.columns[rows.table]
        types = {name: there[name].type for name in (there if rows.columns == "*" else rows.columns.split(", "))}
        # Athena writes an array as text that cannot be read back.
        listed = ", ".join(
            f'json_format(cast("{name}" as json)) as "{name}"' if kind.startswith(NESTED) else f'"{name}"'
            for name, kind in types.items()
        )
        answered = self._asked(Question(f"select {listed} {rows.condition}", known.catalog), seconds)
        with self.engine.cursor() as connection:
            connection.register("given", answered)
            typed = ", ".join(_typed(name, kind) for name, kind in types.items())
            connection.execute(f"create table {table} as from given select {typed}")

    def first_rows(self, question: Question, most: int, seconds: float) -> pa.Table:
        """As `Reader.first_rows`."""
        if question.tree is None:
            return pa.Table.from_pandas(metadata.show(question.text, question.catalog), preserve_index=False).slice(
                0, most
            )
        return self._asked(question.rewritten(_limited(question.tree, most)), seconds).slice(0, most)

    def _asked(self, question: Question, seconds: float) -> pa.Table:
        """Athena's answer. The catalog can have views that Athena has not yet: they are written out."""
        if question.tree is None:
            raise QueryError("only a SELECT can be asked here")
        text = question.rewritten(expand(question.tree, question.catalog)).athena()
        try:
            return athena.table(text, seconds=seconds, ended=self.ended)
        except (ClientError, QueryError) as error:
            if DENIED.search(said := one_line(error)):
                raise AviationError(
                    f"the tables cannot be read: not from their files, which takes s3:GetObject on the bucket "
                    f"{place('PublishedBucket')} ({self.because}), and not through Athena, which takes "
                    f"athena:StartQueryExecution on the workgroup {place('Workgroup')} ({said})"
                ) from error
            raise


def _limited(tree: exp.Query, most: int) -> exp.Query:
    """The query with a limit of `most` rows, unless it has a lower one."""
    own = tree.args.get("limit")
    count = own.expression if isinstance(own, exp.Limit) else None
    if isinstance(count, exp.Literal) and count.is_int and int(count.name) <= most:
        return tree
    return tree.limit(most)


def _typed(name: str, kind: str) -> str:
    """A column of Athena's answer in the type that the catalog has (Hive's name; none where it is empty)."""
    if not kind:
        return f'"{name}"'
    source = f'"{name}"::json' if kind.startswith(NESTED) else f'"{name}"'
    return f'({source})::{exp.DataType.build(kind, dialect="hive").sql("duckdb")} as "{name}"'
