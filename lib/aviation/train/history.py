"""What is trained on: the versions of legs whose day is over, read from the tables' files by DuckDB, on AWS too."""

import sys

import pyarrow as pa

from aviation.engine import duck
from aviation.engine.connection import Confined
from aviation.forecast.known import READ
from aviation.forecast.store import no_history
from aviation.sql import catalog
from aviation.sql.question import Question

TABLE = "flight_history"
OVER_AFTER_DAYS = 2
"""A flight_date whose flights are all over: so many days before the newest poll's, which is in UTC."""
SECONDS = 600.0


def read(days: int) -> pa.Table:
    """The columns READ of `flight_history` of the newest `days` days that are over; no rows where it was never loaded.
    QueryError where it cannot be read."""
    known = catalog.read()
    if TABLE not in known.tables:
        return no_history()
    return duck.first_rows(Question(asked(days), known), Confined(), sys.maxsize, seconds=SECONDS)


def asked(days: int) -> str:
    """The query of the newest `days` days that are over."""
    last = f"(select date_add('day', -{OVER_AFTER_DAYS}, cast(max(known_from) as date)) from {TABLE})"
    return (
        f"select {', '.join(READ)} from {TABLE} "
        f"where flight_date <= {last} and flight_date > date_add('day', -{days}, {last})"
    )
