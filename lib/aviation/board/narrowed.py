"""The tables with the flights of one airport, one airline or one aircraft alone: what is asked of a whole day is so
asked of these."""

from datetime import date, datetime

import pandas as pd
from sqlglot import exp

from aviation.board.tables import Loaded, Tables


def literal(text: str) -> str:
    """The text as a literal of Athena's SQL."""
    return exp.Literal.string(text).sql(dialect="athena")


class Narrowed(Tables):
    """`flights_so_far` and `days_so_far` of the flights that fit `condition` (SQL over the columns of flights_so_far,
    any text in it by `literal`), for every question to them; other tables as they are."""

    def __init__(self, tables: Tables, condition: str):
        self._tables, self._condition = tables, condition

    @property
    def loaded(self) -> Loaded:
        """What the newest load that was noticed left."""
        return self._tables.loaded

    def ask(self, text: str, *, day: date | None = None, as_of: datetime | None = None, only: str = "") -> pd.DataFrame:
        """As `Tables.ask`."""
        # A question that has nothing to do with the flights is everybody's, and its answer is kept once.
        only = self._condition if "_so_far" in text else ""
        return self._tables.ask(text, day=day, as_of=as_of, only=only)
