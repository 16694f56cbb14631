"""Ask the tables: SQL in Athena's dialect in, a pandas DataFrame (or plain rows) out, on AWS and on a laptop alike."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from aviation import backend
from aviation.errors import QueryError

if TYPE_CHECKING:
    import pandas as pd

    from aviation.sql.question import Question


def sql(text: str, *, as_of: datetime | str | None = None) -> "pd.DataFrame":
    """The rows that one SELECT answers, or a SHOW or DESCRIBE.

    `text` is Athena's SQL over the tables and views of the Glue database, which need no qualifier. `as_of` (a
    datetime, or ISO 8601; UTC where it names no zone) answers as the tables stood then: see `aviation.sql.as_of`.
    QueryError says what is wrong with the query.
    """
    from aviation.sql.question import Question  # sqlglot is not in the Lambdas' zip

    return ask(Question(text), as_of=as_of)


def ask(question: "Question", *, as_of: datetime | str | None = None) -> "pd.DataFrame":
    """As `sql`, for a question that is parsed already."""
    try:
        return backend.in_use().frame(question.as_of(as_of) if as_of else question)
    except RecursionError:
        from aviation.sql.parse import TOO_DEEP

        raise QueryError(TOO_DEEP) from None


def rows(text: str) -> list[dict[str, Any]]:
    """The rows that one SELECT answers, by column name, null as None: for the Lambdas, which have no pandas."""
    return backend.in_use().rows(text)
