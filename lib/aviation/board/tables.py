"""What the board asks: the tables of the stack in use, as of their newest load.

The rows of a day are copied into memory when they are first asked for, and so is what they were at a moment of the
past: a page, a filter or an earlier moment of the same day then takes milliseconds. A question is prepared once,
however many days and moments it is asked of. A load makes all of that old but the questions.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from itertools import count
from threading import Event
from typing import Any, cast
from weakref import finalize

import pandas as pd
import pyarrow as pa

from aviation import aws
from aviation.board import readers
from aviation.board.once import Once
from aviation.board.readers import Reader, Rows
from aviation.columns import FORECASTS
from aviation.engine import duck
from aviation.engine.connection import Confined
from aviation.engine.duck import FITTING, Asking, Prepared
from aviation.errors import QueryError
from aviation.places import place
from aviation.sql import as_of as past
from aviation.sql import catalog
from aviation.sql.catalog import Catalog, GlueColumn
from aviation.sql.question import Question
from aviation.views import UNPRICED
from aviation.views.holding import SAID

MEMORY = "500MB"
SECONDS = 20.0
"""A question that takes longer is given up."""
MOST_KEPT, MOST_ANSWERS, MOST_QUESTIONS = 20, 200, 500
BY_DAY = ("flights", "flight_history", "flight_events", "flight_observations", "flight_forecasts")
"""The tables of which a day's rows are kept."""
SO_FAR = "flights_so_far"
"""The view of a day's flights that nearly every page asks: its rows are kept too."""
# Of an observation the board shows when it was made: the rest is in the versions; of a forecast what people are told.
COLUMNS = {
    "flight_observations": "flight_key, observed_at, flight_date, flight_status_api, is_operating, codeshare",
    "flight_forecasts": ", ".join(("flight_date", *SAID)),
}
SQL_TYPES = {"string": "varchar", "int": "integer", "timestamp_ntz": "timestamp"}
NUMBERS = count(1)
# A name that no table and no query has.
KEPT = {name: f"kept {name}" for name in (*BY_DAY, SO_FAR)}


@dataclass(frozen=True)
class Kept:
    """What the engine's memory has of a day, as of now or of a moment: a schema, which goes when nobody asks it any
    more."""

    schema: str


@dataclass
class Loaded:
    """The tables as one load left them. `version` is where the newest metadata of `loads` lies, empty before the first
    load."""

    version: str
    catalog: Catalog
    kept: "Once[Kept]" = field(default_factory=lambda: Once(MOST_KEPT))
    answers: "Once[pd.DataFrame]" = field(default_factory=lambda: Once(MOST_ANSWERS))
    questions: "Once[Prepared]" = field(default_factory=lambda: Once(MOST_QUESTIONS))
    reader: "Once[Reader]" = field(default_factory=lambda: Once(1))

    def prepared(
        self, text: str, kept: Mapping[str, str], *, is_past: bool = False, turns_back: bool = False
    ) -> Prepared:
        """The question, prepared once. With `is_past` it is asked of a moment: what is kept is of that moment already,
        or, with `turns_back`, is of now."""

        def prepare() -> Prepared:
            question = Question(text, self.catalog)
            tree = question.tree
            if tree is None:
                raise QueryError("only a SELECT can be asked here")
            if is_past:
                tree = past.rewrite(tree, None, self._as_kept() if turns_back else self._without(kept))
            return duck.prepare(question, tree, kept)

        return self.questions.get((text, tuple(kept.items()), is_past, turns_back), prepare)

    def _without(self, kept: Collection[str]) -> Catalog:
        """The catalog but for what is kept."""
        views = {name: sql for name, sql in self.catalog.views.items() if name not in kept}
        columns = {name: about for name, about in self.catalog.columns.items() if name not in kept}
        return replace(self.catalog, views=views, columns=columns)

    def _as_kept(self) -> Catalog:
        """The catalog with the columns that are kept."""
        columns = {
            name: {column: about[column] for column in COLUMNS[name].split(", ") if column in about}
            if name in COLUMNS
            else about
            for name, about in self.catalog.columns.items()
        }
        return replace(self.catalog, columns=columns)

    def means_the_same(self, other: Catalog) -> bool:
        """Whether a question is prepared alike for another catalog: only where the tables' files lie may differ."""
        mine = self.catalog
        return mine.views == other.views and mine.columns == other.columns and mine.tables.keys() == other.tables.keys()


class Tables:
    """The tables for all who look at the board: safe to be asked from several threads."""

    def __init__(self) -> None:
        self._now: Loaded | None = None
        self._ended = Event()

    @cached_property
    def engine(self) -> Confined:
        """DuckDB over the stack's files."""
        return Confined(MEMORY)

    @property
    def loaded(self) -> Loaded:
        """What the newest load that was noticed left."""
        if not self._now:
            self.refresh()
        return cast("Loaded", self._now)

    @property
    def reader(self) -> Reader:
        """What reads the tables: whether DuckDB can is tried once a load."""
        return self._reader(self.loaded)

    def refresh(self) -> bool:
        """Look whether a load has finished since the last look, and go by what it left. Whether one has."""
        version = newest_version()
        if self._now and self._now.version == version:
            return False
        known = of_this_version(catalog.read())
        loaded = Loaded(version, known)
        if self._now and self._now.means_the_same(known):
            loaded.questions = self._now.questions
        self._now = loaded
        return True

    def ask(self, text: str, *, day: date | None = None, as_of: datetime | None = None, only: str = "") -> pd.DataFrame:
        """The answer to Athena's SQL: of the rows of one flight date if `day` is given, else of all; as the tables
        stood at `as_of` (naive, UTC) if that is given; of a day, by the flights of `flights_so_far` alone that fit the
        condition `only`, if that is given. The caller must not change it. QueryError as in `aviation.query`."""
        loaded = self.loaded
        return loaded.answers.get((text, day, as_of, only), lambda: self._answer(loaded, text, day, as_of, only))

    def records(
        self, text: str, *, day: date | None = None, as_of: datetime | None = None, only: str = ""
    ) -> list[dict[str, Any]]:
        """As `ask`, as rows by column name, null as None."""
        frame = self.ask(text, day=day, as_of=as_of, only=only).astype(object)
        return [
            {str(name): value for name, value in row.items()}
            for row in frame.where(frame.notna(), None).to_dict("records")
        ]

    def free(self, text: str, as_of: datetime | None = None, *, most: int) -> pa.Table:
        """The first `most` rows of the answer to a question that somebody typed, which is not kept."""
        question = Question(text, self.loaded.catalog)
        return self.reader.first_rows(question.as_of(as_of) if as_of else question, most, SECONDS)

    def end(self) -> None:
        """Give up what is being asked, and refuse what is asked from now on."""
        self._ended.set()
        self.engine.interrupt()

    def _reader(self, loaded: Loaded) -> Reader:
        return loaded.reader.get("", lambda: readers.chosen(loaded, self.engine, self._ended, SECONDS))

    def _answer(self, loaded: Loaded, text: str, day: date | None, as_of: datetime | None, only: str) -> pd.DataFrame:
        if not day:
            return self._reader(loaded).answer(loaded, text, as_of, SECONDS)
        rows = self._kept(loaded, day, as_of)
        fitting = loaded.prepared(f"select * from {SO_FAR} where {only}", KEPT) if only else None
        prepared = loaded.prepared(text, KEPT | {SO_FAR: FITTING} if only else KEPT, is_past=bool(as_of))
        return duck.answer(prepared, self.engine, Asking(loaded.catalog, as_of, rows.schema, fitting, SECONDS))

    def _kept(self, loaded: Loaded, day: date, as_of: datetime | None) -> Kept:
        return loaded.kept.get((day, as_of), lambda: self._keep(loaded, day, as_of))

    def _keep(self, loaded: Loaded, day: date, as_of: datetime | None) -> Kept:
        """Keep the rows of the day; what they were at a moment, from all of the day's."""
        kept = Kept(f"{day} {next(NUMBERS)}")
        with self.engine.cursor() as connection:
            connection.execute(f'create schema "{kept.schema}"')
        finalize(kept, self._forget, kept.schema).atexit = False
        whole = self._kept(loaded, day, None) if as_of else None
        asking = Asking(loaded.catalog, as_of, whole.schema if whole else "", seconds=SECONDS)
        for name in BY_DAY:
            if name in loaded.catalog.tables or name in loaded.catalog.views:
                columns, table = COLUMNS.get(name, "*"), f'"{kept.schema}"."{KEPT[name]}"'
                if whole:
                    rows = loaded.prepared(f"select {columns} from {name}", KEPT, is_past=True, turns_back=True)
                    duck.keep(rows, self.engine, asking, table)
                else:
                    self._reader(loaded).keep(loaded, Rows(name, columns, day), table, SECONDS)
        if SO_FAR in loaded.catalog.views and "flights" in loaded.catalog.tables:
            rows = loaded.prepared(loaded.catalog.views[SO_FAR], KEPT)
            asking = Asking(loaded.catalog, schema=kept.schema, seconds=SECONDS)
            duck.keep(rows, self.engine, asking, f'"{kept.schema}"."{KEPT[SO_FAR]}"')
        return kept

    def _forget(self, schema: str) -> None:
        with self.engine.cursor() as connection:
            connection.execute(f'drop schema if exists "{schema}" cascade')


def of_this_version(known: Catalog) -> Catalog:
    """The catalog with what this version of the package has and the one of the last load had not: its views, and the
    table of forecasts as a view without rows."""
    views = {name: text for name, text in UNPRICED.items() if name not in known.views}
    columns = {}
    if "flights" in known.tables and FORECASTS.name not in known.tables:
        types = {name: SQL_TYPES.get(column.type, column.type) for name, column in FORECASTS.columns.items()}
        nulls = (f"cast(null as {kind}) as {name}" for name, kind in types.items())
        views[FORECASTS.name] = f"select {', '.join(nulls)} where 1 = 0"
        columns[FORECASTS.name] = {name: GlueColumn(kind) for name, kind in types.items()}
    return replace(known, views=known.views | views, columns=known.columns | columns)


def newest_version() -> str:
    """What tells one state of the tables from the next: the load writes `loads` last. Empty before the first load."""
    glue = aws.client("glue")
    try:
        table = glue.get_table(DatabaseName=place("Database"), Name="loads")["Table"]
    except glue.exceptions.EntityNotFoundException:
        return ""
    return str(table.get("Parameters", {}).get("metadata_location", ""))
