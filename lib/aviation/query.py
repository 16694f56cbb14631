"""Ask the tables: SQL in Athena's dialect in, a pandas DataFrame (or plain rows) out, on AWS and on a laptop alike."""

from datetime import datetime
from typing import TYPE_CHECKING

from aviation import backend

if TYPE_CHECKING:
    import pandas


def sql(text: str, *, as_of: datetime | str | None = None) -> "pandas.DataFrame":
    """The rows that one SELECT answers.

    `text` is Athena's SQL over the tables and views of the Glue database, which need no qualifier. `as_of` (a
    datetime, or ISO 8601; UTC where it names no zone) answers as the tables stood then: see `aviation.sql.as_of`.
    QueryError says what is wrong with the query.
    """
    if not as_of:
        return backend.in_use().frame(text)
    from aviation.sql import catalog
    from aviation.sql.as_of import rewrite  # sqlglot is not in the Lambdas' zip

    return backend.in_use().frame(rewrite(text, as_of, catalog.read()))


def rows(text: str) -> list[dict]:
    """The rows that one SELECT answers, by column name, null as None: for where pandas is not, in a Lambda."""
    return backend.in_use().rows(text)
