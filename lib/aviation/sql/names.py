"""Names in a query: which of its tables are the database's, and putting something else in their place.

Names are as Athena has them: in any case, and with or without the database. A common table expression (CTE) hides a
table of its name, within its scope and where no database qualifies the name.
"""

from collections.abc import Callable, Iterator

from sqlglot import exp

from aviation.errors import QueryError
from aviation.sql.catalog import GLUE


def references(node: exp.Expr, hidden: frozenset[str] = frozenset()) -> Iterator[exp.Table]:
    """The tables under `node` that no CTE stands for; `hidden` are the CTEs (lower case) that are in scope there."""
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
        if node.db or node.name.lower() not in hidden:
            yield node
    elif with_ := node.args.get("with_"):
        for cte in with_.expressions:
            name = {cte.alias.lower()}
            # A CTE sees those before it, and itself only where it is recursive.
            yield from references(cte.this, hidden | name if with_.recursive else hidden)
            hidden |= name
    for child in node.iter_expressions():
        if not isinstance(child, exp.With):
            yield from references(child, hidden)


def in_database(table: exp.Table, database: str) -> bool:
    """Whether the table, which no CTE stands for, is looked up in this database."""
    return table.db.lower() in ("", database.lower()) and table.catalog.lower() in ("", GLUE)


def substitute(statement: exp.Query, define: Callable[[str], exp.Query | None], database: str, *, nested: bool) -> None:
    """Put in place of each table of the database what `define` (of its lower-case name) gives, if it gives any.

    What is put in its place becomes a CTE before all others, under a name that is new to the query: no CTE of the
    query can come between it and the tables that it reads. With `nested`, that is done within definitions too.
    QueryError where a definition needs itself.
    """
    defined: dict[str, exp.Query] = {}
    places: list[tuple[exp.Table, str]] = []

    def search(query: exp.Query, above: tuple[str, ...]) -> None:
        for table in list(references(query)):
            name = table.name.lower()
            if not in_database(table, database) or (definition := define(name)) is None:
                continue
            if name in above:
                raise QueryError(f"the view '{name}' needs itself")
            places.append((table, name))
            if name not in defined:
                if nested:
                    search(definition, (*above, name))
                # After what it needs: a CTE sees only those before it.
                defined[name] = definition

    search(statement, ())
    trees = [statement, *defined.values()]
    taken = {identifier.name.lower() for tree in trees for identifier in tree.find_all(exp.Identifier)}
    aliases = {name: _unused(name, taken) for name in defined}
    drop_qualifiers(trees, database)
    for table, name in places:
        stand_in(table, exp.to_identifier(aliases[name]))
    _lead_with(statement, [(aliases[name], query) for name, query in defined.items()])


def stand_in(table: exp.Table, source: exp.Identifier | exp.Func) -> None:
    """Put `source`, which is in no database, in the table's place; the query goes on to call it by the table's name."""
    if not table.alias:
        table.set("alias", exp.TableAlias(this=table.this.copy()))
    table.set("this", source)
    table.set("db", None)
    table.set("catalog", None)


def _unused(name: str, taken: set[str]) -> str:
    number = 1
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def drop_qualifiers(trees: list[exp.Query], database: str) -> None:
    """`aviation.flights.flight_key` as `flights.flight_key`: what stands in for a table is in no database."""
    for tree in trees:
        for column in tree.find_all(exp.Column):
            if column.db.lower() == database.lower():
                column.set("db", None)
                column.set("catalog", None)


def _lead_with(statement: exp.Query, definitions: list[tuple[str, exp.Query]]) -> None:
    if not definitions:
        return
    ctes = [exp.CTE(this=query, alias=exp.TableAlias(this=exp.to_identifier(alias))) for alias, query in definitions]
    if (with_ := statement.args.get("with_")) is None:
        statement.set("with_", exp.With(expressions=ctes))
    else:
        with_.set("expressions", [*ctes, *with_.expressions])
