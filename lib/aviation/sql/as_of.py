"""Time travel by rewriting: the same SQL, answered as the tables stood at an instant.

Views are written out first, so that it holds within them. `flights` becomes the versions of `flight_history` that
held at that instant; events, loads and quarantine are cut off at it. Reference tables answer as of now: they keep no
history. `current_date` and `current_timestamp` stay today's.
"""

from datetime import datetime

from sqlglot import exp

from aviation.errors import ParameterError, QueryError
from aviation.sql.catalog import Catalog
from aviation.sql.names import substitute
from aviation.sql.parse import parse_select
from aviation.times import parse_utc

AT = "at"
"""The name of the parameter that is the moment, in a question that is to be asked of many moments."""
# What a table was at the instant {t}: the table that has its past, and the rows of that. A table that is not here is
# answered as of now.
PASTS = {
    "flights": ("flight_history", "known_from <= {t} and (known_until is null or known_until > {t})"),
    "flight_history": ("flight_history", "known_from <= {t}"),
    "flight_observations": ("flight_observations", "observed_at <= {t}"),
    "flight_events": ("flight_events", "known_from <= {t}"),
    "flight_forecasts": ("flight_forecasts", "made_at <= {t}"),
    "loads": ("loads", "finished_at <= {t}"),
    "quarantine": ("quarantine", "first_seen_at <= {t}"),
}
# What a version says of times that were still to come: which one replaced it, and when it was last confirmed. One that
# was confirmed later had been so by the newest poll until then. Without least(), which Athena and DuckDB answer
# differently on null.
KNOWN_THEN = {
    "known_until": "case when known_until <= {t} then known_until end as known_until",
    "observed_at": "case when observed_at > {t} then polled_at else observed_at end as observed_at",
}
# The newest poll of each flight date, by what it changed or was the last to confirm.
POLLED = (
    "(select flight_date as polled_date, max(case when observed_at <= {t} then observed_at else known_from end) as "
    "polled_at from flight_history where known_from <= {t} group by flight_date) as polled on flight_date = polled_date"
)


def instant(when: datetime | str) -> datetime:
    """`when` (ISO 8601, or a datetime; UTC where it names no zone) as a naive datetime in UTC; QueryError where it is
    no such time."""
    try:
        return parse_utc(when if isinstance(when, str) else when.isoformat()).replace(tzinfo=None)
    except ParameterError as error:
        raise QueryError(str(error)) from None


def rewrite(asked: exp.Query, when: datetime | str | None, catalog: Catalog) -> exp.Query:
    """The query with each view written out and each table that has a past replaced by it; for None, of the moment that
    its parameter AT will say.

    A table that `catalog` has no columns of is left as it is: the engine says that it is not there.
    """
    literal = f"timestamp '{instant(when).isoformat(sep=' ')}'" if when else f":{AT}"
    statement = expand(asked, catalog)

    def past(table: str) -> exp.Query | None:
        kept_in, held = PASTS.get(table, ("", ""))
        if kept_in not in catalog.columns or table not in catalog.columns:
            return None
        source, said = (f"{kept_in} join {POLLED}", KNOWN_THEN) if kept_in == "flight_history" else (kept_in, {})
        # By name: a version has columns that `flights` has not, and Athena knows no 'all columns but'.
        columns = ", ".join(said.get(name, f'"{name}"') for name in catalog.columns[table])
        return parse_select(f"select {columns} from {source} where {held}".replace("{t}", literal))

    substitute(statement, past, catalog.database, nested=False)
    return statement


def expand(asked: exp.Query, catalog: Catalog) -> exp.Query:
    """The query with each view written out, and the views that views use."""
    statement = asked.copy()

    def view(name: str) -> exp.Query | None:
        return parse_select(catalog.views[name]) if name in catalog.views else None

    substitute(statement, view, catalog.database, nested=True)
    return statement
