"""Time travel by rewriting: the same SQL, answered as the tables stood at an instant.

`flights` becomes the versions of `flight_history` that held at that instant; events, loads and quarantine are cut
off at it. Reference tables answer as of now: they keep no history.
"""

from datetime import UTC, datetime

import sqlglot
from sqlglot import exp

from aviation.errors import QueryError

# What replaces a table, in Athena's dialect; {t} is the instant. A table that is not here is answered as of now.
VIEWS = {
    "flights": "select * from flight_history where known_from <= {t} and (known_until is null or known_until > {t})",
    "flight_history": "select * from flight_history where known_from <= {t}",
    "flight_observations": "select * from flight_observations where observed_at <= {t}",
    "flight_events": "select * from flight_events where known_from <= {t}",
    "loads": "select * from loads where finished_at <= {t}",
    "quarantine": "select * from quarantine where first_seen_at <= {t}",
}


def instant(when: datetime | str) -> datetime:
    """`when` as a naive datetime in UTC; QueryError where it is no ISO 8601 time."""
    try:
        parsed = datetime.fromisoformat(when) if isinstance(when, str) else when
    except ValueError:
        raise QueryError(f"'{when}' is not a time: write it like 2013-07-10T18:00Z") from None
    return parsed.astimezone(UTC).replace(tzinfo=None) if parsed.tzinfo else parsed


def rewrite(text: str, as_of: datetime | str) -> str:
    """The query with each table that has a past replaced by that past, still in Athena's dialect."""
    literal = f"timestamp '{instant(as_of):%Y-%m-%d %H:%M:%S}'"

    def replace(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Table) or node.name not in VIEWS:
            return node
        view = sqlglot.parse_one(VIEWS[node.name].format(t=literal), read="athena")
        return view.subquery(node.alias or node.name)

    return parse_select(text).transform(replace).sql(dialect="athena")


def parse_select(text: str) -> exp.Query:
    """The query as a tree; QueryError, in one line, where it does not parse or is anything but a SELECT."""
    try:
        statement = sqlglot.parse_one(text, read="athena")
    except sqlglot.errors.SqlglotError as error:
        raise QueryError(f"the query does not parse: {' '.join(str(error).split())[:200]}") from error
    if not isinstance(statement, exp.Query):
        raise QueryError("only a SELECT can be asked: the tables are written by the load alone")
    return statement
