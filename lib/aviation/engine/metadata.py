"""SHOW, DESCRIBE and `information_schema` on a laptop: what the Glue catalog has, with columns named as in Athena."""

import re
from collections.abc import Callable

import pandas as pd
from sqlglot import exp

from aviation.errors import QueryError
from aviation.sql.catalog import GLUE, Catalog

_NAME = r"(?:`?(?P<db>\w+)`?\.)?[`\"]?(?P<name>\w+)[`\"]?"
_IN = r"(?:\s+(?:in|from)\s+`?(?P<db>\w+)`?)?"
_LIKE = r"(?:\s+(?:like\s+)?'(?P<like>[^']*)')?"


def show(text: str, known: Catalog) -> pd.DataFrame:
    """The answer to a SHOW or DESCRIBE. QueryError where it is none of those that a laptop answers, or names a table
    that is not there."""
    asked = re.sub(r"--[^\n]*(\n|$)|/\*.*?\*/", " ", text, flags=re.DOTALL).strip().removesuffix(";").strip()
    for form, answer in FORMS.items():
        if match := re.fullmatch(form, asked, re.IGNORECASE | re.DOTALL):
            parts = match.groupdict()
            database, name = (parts.get("db") or known.database).lower(), (parts.get("name") or "").lower()
            if database != known.database.lower():
                raise QueryError(f"there is no database '{database}': there is '{known.database}'")
            if name and name not in known.columns:
                raise known.missing(name)
            return answer(known, name or parts.get("like") or "*")
    raise QueryError(
        f"a laptop does not answer '{' '.join(asked.split())}': it answers show tables, show views, show databases, "
        "show columns from NAME, show create view NAME and describe NAME"
    )


def _tables(known: Catalog, pattern: str) -> pd.DataFrame:
    return _listed("tab_name", [*known.tables, *known.views], pattern)


def _views(known: Catalog, pattern: str) -> pd.DataFrame:
    return _listed("views", list(known.views), pattern)


def _databases(known: Catalog, pattern: str) -> pd.DataFrame:
    return _listed("database_name", [known.database], pattern)


def _listed(column: str, names: list[str], pattern: str) -> pd.DataFrame:
    """Those names that match Athena's pattern, in which `*` stands for any text and `|` for "or"."""
    wanted = re.compile("|".join(re.escape(part).replace(r"\*", ".*") for part in pattern.lower().split("|")))
    return pd.DataFrame({column: sorted(name for name in names if wanted.fullmatch(name))}, dtype=object)


def _describe(known: Catalog, name: str) -> pd.DataFrame:
    rows = [(column, about.type, about.meaning) for column, about in known.columns[name].items()]
    return pd.DataFrame(rows, columns=["col_name", "data_type", "comment"], dtype=object)


def _columns(known: Catalog, name: str) -> pd.DataFrame:
    return pd.DataFrame({"field": list(known.columns[name])}, dtype=object)


def _create_view(known: Catalog, name: str) -> pd.DataFrame:
    if name not in known.views:
        raise QueryError(f"'{name}' is a table, not a view: 'describe {name}' lists its columns")
    lines = [f"CREATE VIEW {known.database}.{name} AS", *known.views[name].splitlines()]
    return pd.DataFrame({"Create View": lines}, dtype=object)


FORMS: dict[str, Callable[[Catalog, str], pd.DataFrame]] = {
    rf"show\s+tables{_IN}{_LIKE}": _tables,
    rf"show\s+views{_IN}{_LIKE}": _views,
    rf"show\s+(?:databases|schemas){_LIKE}": _databases,
    rf"show\s+columns\s+(?:in|from)\s+{_NAME}": _columns,
    r"show\s+columns\s+(?:in|from)\s+`?(?P<name>\w+)`?\s+(?:in|from)\s+`?(?P<db>\w+)`?": _columns,
    rf"show\s+create\s+view\s+{_NAME}": _create_view,
    rf"desc(?:ribe)?\s+(?:(?:extended|formatted)\s+)?{_NAME}": _describe,
}


def information_schema(known: Catalog) -> dict[str, pd.DataFrame]:
    """The tables `tables` and `columns` of `information_schema`, for this database."""
    tables = [
        (GLUE, known.database, name, "BASE TABLE" if name in known.tables else "VIEW")
        for name in sorted([*known.tables, *known.views])
    ]
    columns = [
        (GLUE, known.database, table, name, place, None, "YES", athena_type(about.type), about.meaning or None, None)
        for *_, table, _ in tables
        for place, (name, about) in enumerate(known.columns.get(table, {}).items(), start=1)
    ]
    of_a_table = ["table_catalog", "table_schema", "table_name"]
    of_a_column = ["column_name", "ordinal_position", "column_default", "is_nullable", "data_type"]
    return {
        "tables": pd.DataFrame(tables, columns=[*of_a_table, "table_type"]),
        "columns": pd.DataFrame(columns, columns=[*of_a_table, *of_a_column, "comment", "extra_info"]),
    }


def athena_type(kind: str) -> str:
    """Athena's name of one of Glue's types: `varchar` for string, `timestamp(6)`, as Iceberg has it, for timestamp."""
    if not kind:
        return "unknown"
    name = exp.DataType.build(kind, dialect="hive").sql(dialect="athena")
    return re.sub(r"\btimestamp\b", "timestamp(6)", name.lower())
