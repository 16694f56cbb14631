"""Ask tables that may not be there yet, or that were made before a column was added."""

import pandas as pd
from sqlglot import exp

from aviation import query
from aviation.columns import TABLES
from aviation.sql.as_of import expand
from aviation.sql.catalog import Catalog
from aviation.sql.names import substitute
from aviation.sql.parse import parse_select
from aviation.sql.question import Question
from aviation.views import UNPRICED

DECLARED = {table.name: {name: column.type for name, column in table.columns.items()} for table in TABLES}


def ask(text: str, *, as_of: str | None = None) -> pd.DataFrame:
    """What `aviation.query.sql` answers, where a table that was never loaded has no rows, and a column that a table
    does not have is null. QueryError as there; a name that no table declares is one."""
    return query.ask(completed(Question(text)), as_of=as_of)


def completed(question: Question) -> Question:
    """The question with each table that its catalog lacks, in whole or in part, written out as it is declared."""
    known = question.catalog
    if question.tree is None or not any(_missing(name, known) for name in DECLARED):
        return question
    statement = expand(question.tree, Catalog(known.database, views=UNPRICED | known.views))

    def declared(name: str) -> exp.Query | None:
        if not (missing := _missing(name, known)):
            return None
        kept = [f'"{column}"' for column in known.columns.get(name, {})]
        nulls = [f'cast(null as {_athena(kind)}) as "{column}"' for column, kind in missing.items()]
        source = f"from {name}" if kept else "where false"
        return parse_select(f"select {', '.join(kept + nulls)} {source}")

    substitute(statement, declared, known.database, nested=False)
    return question.rewritten(statement)


def _missing(name: str, known: Catalog) -> dict[str, str]:
    """The columns, with their types in Spark's SQL, that the declared table has and the catalog's has not."""
    kept = known.columns.get(name, {})
    return {column: kind for column, kind in DECLARED.get(name, {}).items() if column not in kept}


def _athena(kind: str) -> str:
    return exp.DataType.build(kind, dialect="spark").sql(dialect="athena")
