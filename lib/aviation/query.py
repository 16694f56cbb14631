"""Ask the tables: SQL in Athena's dialect in, a pandas DataFrame out, on AWS and on a laptop alike."""

from datetime import datetime

import pandas as pd

from aviation import aws, catalog
from aviation.as_of import rewrite
from aviation.errors import QueryError
from aviation.sql_names import parse_select


def sql(text: str, *, as_of: datetime | str | None = None) -> pd.DataFrame:
    """The rows that one SELECT answers.

    `text` is Athena's SQL over the tables and views of the Glue database, which need no qualifier. `as_of` (a
    datetime, or ISO 8601; UTC where it names no zone) answers as the tables stood then: see `aviation.as_of`.
    QueryError says what is wrong with the query.
    """
    return aws.query_engine()(rewrite(text, as_of, catalog.read()) if as_of else text)


def athena(text: str) -> pd.DataFrame:
    """Run the query in the stack's Athena workgroup."""
    import awswrangler

    from aviation.places import place

    parse_select(text)
    try:
        return awswrangler.athena.read_sql_query(
            text, database=place("Database"), workgroup=place("Workgroup"), ctas_approach=False
        )
    except awswrangler.exceptions.QueryFailed as error:
        raise QueryError(f"Athena refused the query: {' '.join(str(error).split())}") from error
