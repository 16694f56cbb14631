"""The tables with the flights of one airport, one airline or one aircraft alone: what is asked of a whole day is so
asked of these."""

from datetime import date, datetime

import pandas as pd
from sqlglot import exp

from aviation.board.tables import Loaded, Tables
from aviation.views.so_far import DAYS_SO_FAR


def literal(text: str) -> str:
    """The text as a literal of Athena's SQL."""
    return exp.Literal.string(text).sql(dialect="athena")


class Narrowed(Tables):
    """`flights_so_far` and `days_so_far` of the flights that fit `condition` (SQL over the columns of flights_so_far,
    any text in it by `literal`), for every question to them; other tables as they are."""

    def __init__(self, tables: Tables, condition: str):
        self._tables = tables
        # In its own definition the name is the view's, after it that of the flights that fit.
        self._flights = f"flights_so_far as (select * from flights_so_far where {condition})"

    @property
    def loaded(self) -> Loaded:
        """What the newest load that was noticed left."""
        return self._tables.loaded

    def ask(self, text: str, *, day: date | None = None, as_of: datetime | None = None) -> pd.DataFrame:
        """As `Tables.ask`."""
        return self._tables.ask(self._narrowed(text), day=day, as_of=as_of)

    def _narrowed(self, text: str) -> str:
        # A question that has nothing to do with the flights is everybody's, and its answer is kept once.
        days = [f"days_so_far as ({DAYS_SO_FAR.sql})"] if "days_so_far" in text else []
        if not days and "flights_so_far" not in text:
            return text
        start, _, rest = text.strip().partition(" ")
        own = f",\n{rest}" if start == "with" else f"\n{start} {rest}"
        return f"with {', '.join([self._flights, *days])}{own}"
