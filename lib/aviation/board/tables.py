"""What the board asks: the tables of the stack in use, as of their newest load.

The rows of a day are copied into memory when they are first asked for; so a page, a filter or an earlier moment of the
same day takes milliseconds. A load makes all of that old.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from itertools import count
from typing import Any, cast

import pandas as pd
import pyarrow as pa

from aviation import aws
from aviation.board.once import Once
from aviation.engine import duck
from aviation.engine.connection import Confined
from aviation.places import place
from aviation.sql import catalog
from aviation.sql.catalog import Catalog
from aviation.sql.question import Question
from aviation.views import VIEWS
from aviation.views.declaration import PLACEHOLDER

MEMORY = "500MB"
SECONDS = 20.0
"""A question that takes longer is given up."""
MOST_DAYS, MOST_ANSWERS = 6, 500
BY_DAY = ("flights", "flight_history", "flight_events", "flight_observations")
"""The tables of which a day's rows are kept."""
# Of an observation the board shows when it was made: the rest is in the versions.
COLUMNS = {"flight_observations": "flight_key, observed_at, flight_date, flight_status_api, is_operating, codeshare"}


@dataclass(frozen=True)
class Kept:
    """What the engine's memory has of a day: the names of its tables, by those in whose place they stand."""

    names: dict[str, str]


@dataclass
class Loaded:
    """The tables as one load left them. `version` is where the newest metadata of `loads` lies, empty before the first
    load."""

    version: str
    catalog: Catalog
    days: "Once[Kept]"
    answers: "Once[pd.DataFrame]" = field(default_factory=lambda: Once(MOST_ANSWERS))


class Tables:
    """The tables for all who look at the board: safe to be asked from several threads."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._now: Loaded | None = None
        self._before: Loaded | None = None

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

    def refresh(self) -> bool:
        """Look whether a load has finished since the last look, and go by what it left. Whether one has."""
        version = newest_version()
        if self._now and self._now.version == version:
            return False
        known = catalog.read()
        # Views of this version of the package, where the last load was by one that had none of them.
        known.views.update({v.name: v.sql for v in VIEWS if v.name not in known.views and PLACEHOLDER not in v.sql})
        if self._before:
            self._before.days.clear()
        # Who is in the middle of a page goes on with what it began with.
        self._before, self._now = self._now, Loaded(version, known, Once(MOST_DAYS, self._forget))
        return True

    def ask(self, text: str, *, day: date | None = None, as_of: datetime | None = None) -> pd.DataFrame:
        """The answer to Athena's SQL: of the rows of one flight date if `day` is given, else of all; as the tables
        stood at `as_of` (naive, UTC) if that is given. The caller must not change it. QueryError as in
        `aviation.query`."""
        loaded = self.loaded
        return loaded.answers.get((text, day, as_of), lambda: self._answer(loaded, text, day, as_of))

    def records(self, text: str, *, day: date | None = None, as_of: datetime | None = None) -> list[dict[str, Any]]:
        """As `ask`, as rows by column name, null as None."""
        frame = self.ask(text, day=day, as_of=as_of).astype(object)
        return [
            {str(name): value for name, value in row.items()}
            for row in frame.where(frame.notna(), None).to_dict("records")
        ]

    def free(self, text: str, as_of: datetime | None = None, *, most: int) -> pa.Table:
        """The first `most` rows of the answer to a question that somebody typed, which is not kept."""
        question = Question(text, self.loaded.catalog)
        return duck.first_rows(question.as_of(as_of) if as_of else question, self.engine, most, seconds=SECONDS)

    def _answer(self, loaded: Loaded, text: str, day: date | None, as_of: datetime | None) -> pd.DataFrame:
        question = Question(text, loaded.catalog)
        kept = loaded.days.get(day, lambda: self._keep(loaded, day)).names if day else {}
        return duck.answer(question.as_of(as_of) if as_of else question, self.engine, kept=kept, seconds=SECONDS)

    def _keep(self, loaded: Loaded, day: date) -> Kept:
        number = next(self._numbers)
        names = {table: f"{table} of {day} {number}" for table in BY_DAY if table in loaded.catalog.tables}
        for table, name in names.items():
            text = f"select {COLUMNS.get(table, '*')} from {table} where flight_date = date '{day}'"
            duck.keep(Question(text, loaded.catalog), self.engine, name)
        return Kept(names)

    def _forget(self, kept: Kept) -> None:
        for name in kept.names.values():
            duck.forget(self.engine, name)


def newest_version() -> str:
    """What tells one state of the tables from the next: the load writes `loads` last. Empty before the first load."""
    glue = aws.client("glue")
    try:
        table = glue.get_table(DatabaseName=place("Database"), Name="loads")["Table"]
    except glue.exceptions.EntityNotFoundException:
        return ""
    return str(table.get("Parameters", {}).get("metadata_location", ""))
