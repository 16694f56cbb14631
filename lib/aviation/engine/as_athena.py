"""Where DuckDB would answer otherwise than Athena: the query is refused or changed, as a tree, before it runs.

DuckDB's table functions read any file; Athena has none of them.
"""

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from aviation.errors import QueryError
from aviation.sql.catalog import GLUE, Catalog
from aviation.sql.names import references

# Functions that sqlglot passes on as they are written, and that mean the same on Athena (Trino's "List of functions")
# and on DuckDB. What is not here is Athena's alone, which DuckDB cannot answer, or DuckDB's alone.
SHARED_FUNCTIONS = frozenset(
    (
        *("geometric_mean", "histogram", "json_array_length", "map_concat", "map_entries", "map_values"),
        *("timezone_hour", "timezone_minute", "to_base", "url_decode", "url_encode"),
    )
)
READERS = (exp.ReadCSV, exp.ReadParquet)
COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
# What marks a column that the query gives no name, until its place is known.
UNNAMED = "aviation unnamed "


def refuse(statement: exp.Query, catalog: Catalog) -> None:
    """QueryError where Athena would refuse what DuckDB answers."""
    _refuse_functions(statement)
    _refuse_text_for_dates(statement, catalog)


def _refuse_functions(statement: exp.Query) -> None:
    """QueryError where the query calls a function that Athena does not have, or reads from one in place of a table."""
    for node in statement.find_all(exp.Table, exp.Func):
        if isinstance(node, exp.Table):
            if isinstance(node.this, exp.Func):
                name = _function_name(node.this)
                raise QueryError(f"a query reads the database's tables and views alone, not '{name}(...)'")
        elif isinstance(node, READERS):
            raise QueryError(f"'{_function_name(node)}' is not a function of Athena's")
        elif isinstance(node, exp.Anonymous | exp.AnonymousAggFunc) and node.name.lower() not in SHARED_FUNCTIONS:
            raise QueryError(f"'{node.name}' is not a function that both Athena and this laptop's DuckDB have")


def _function_name(function: exp.Func) -> str:
    return (function.name if isinstance(function, exp.Anonymous) else function.sql_name()).lower()


def _refuse_text_for_dates(statement: exp.Query, catalog: Catalog) -> None:
    """QueryError where a date or a timestamp is compared with bare text: Athena converts neither to the other.

    Types come from the catalog; an expression whose type does not follow from it is let pass.
    """
    for value, text in _compared_with_text(_typed(statement, catalog)):
        kind = value.type.this.value.lower() if isinstance(value.type, exp.DataType) else ""
        if kind in ("date", "timestamp"):
            what = value.name or "the value"
            raise QueryError(
                f"{what} is a {kind} and '{text.name}' is text, which Athena does not compare: "
                f"write {kind} '{text.name}'"
            )


def _typed(statement: exp.Query, catalog: Catalog) -> exp.Expr:
    """A copy in which the types that follow from the catalog's are noted; without types where that fails."""
    named = {table.name.lower() for table in references(statement)}
    try:
        tables = {
            name: {column: exp.DataType.build(about.type, dialect="hive") for column, about in columns.items()}
            for name, columns in catalog.columns.items()
            if name in named and all(about.type for about in columns.values())
        }
        schema: dict[str, object] = {GLUE: {catalog.database: tables}}
        qualified = qualify(
            statement.copy(),
            schema=schema,
            dialect="athena",
            catalog=GLUE,
            db=catalog.database,
            validate_qualify_columns=False,
            quote_identifiers=False,
        )
        return annotate_types(qualified, schema=schema, dialect="athena")
    except Exception:  # whatever the optimizer cannot follow, the engine judges
        return statement


def _compared_with_text(tree: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """Each value in the tree that is compared with a literal of text, and that literal."""
    for node in tree.find_all(*COMPARISONS, exp.Between, exp.In):
        if isinstance(node, exp.Between):
            pairs = [(node.this, node.args["low"]), (node.this, node.args["high"])]
        elif isinstance(node, exp.In):
            pairs = [(node.this, listed) for listed in node.expressions]
        else:
            pairs = [(node.this, node.expression), (node.expression, node.this)]
        for value, other in pairs:
            text = other.unnest()
            if isinstance(text, exp.Literal) and text.is_string:
                yield value.unnest(), text


def mark_unnamed(statement: exp.Query) -> exp.Query:
    """The query with a name for each column that it gives none: see `names`."""
    first: exp.Expr = statement
    while isinstance(first, exp.SetOperation | exp.Subquery):
        first = first.this
    if isinstance(first, exp.Select):
        for number, column in enumerate(first.expressions):
            if not (column.alias or column.is_star or isinstance(column.unnest(), exp.Column | exp.Dot)):
                column.replace(exp.alias_(column.copy(), f"{UNNAMED}{number}", quoted=True))
    return statement


def names(answered: list[str]) -> list[str]:
    """The names of an answer's columns as Athena has them: one without a name is called by its place, `_col0`."""
    return [f"_col{place}" if name.startswith(UNNAMED) else name for place, name in enumerate(answered)]
