"""What a query answers: its columns and their types, worked out from the columns of the tables.

The text is parsed with every function left as it is written, so that no rule but Trino's says what it gives.
"""

import re
from collections.abc import Callable, Mapping

import sqlglot
from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from support.trino.types import BOOLEAN, EVERYTHING, UNKNOWN, TrinoError, Type, call, parse

Columns = Mapping[str, Type]
OPERATORS: dict[type[exp.Expr], str] = {
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%", exp.Neg: "negate", exp.DPipe: "||",
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
    exp.NullSafeNEQ: "is distinct from", exp.NullSafeEQ: "is not distinct from", exp.Is: "is",
    exp.And: "and", exp.Or: "or", exp.Not: "not", exp.Between: "between", exp.Like: "like", exp.In: "in",
    exp.Exists: "exists", exp.CurrentDate: "current_date", exp.CurrentTimestamp: "current_timestamp",
}  # fmt: skip


class AsWritten(Trino):
    """Trino's SQL, in which every function is a name and its arguments."""

    class Parser(Trino.Parser):
        FUNCTIONS = {}  # noqa: RUF012
        FUNCTION_PARSERS = {"CAST": Trino.Parser.FUNCTION_PARSERS["CAST"]}  # noqa: RUF012


def answer(text: str, tables: Mapping[str, Columns]) -> dict[str, Type]:
    """The columns that the SELECT answers, in order, with their types. TrinoError says why Trino would refuse it."""
    schema = {name: dict.fromkeys(columns, "unknown") for name, columns in tables.items()}
    try:
        # Trino knows a column's alias in ORDER BY alone: nowhere else is it replaced by what it stands for.
        tree = qualify(
            sqlglot.parse_one(text, dialect=AsWritten),
            schema=schema,
            dialect=AsWritten,
            quote_identifiers=False,
            expand_alias_refs=False,
        )
    except SqlglotError as error:
        raise TrinoError(str(error)) from None
    return _Reader(tables).read(tree)


class _Reader:
    """Goes through a query whose names are resolved."""

    def __init__(self, tables: Mapping[str, Columns]):
        self.tables = tables
        self.answers: dict[int, dict[str, Type]] = {}

    def read(self, tree: exp.Expr) -> dict[str, Type]:
        """What the tree answers: each scope of it after those that it reads from."""
        for scope in traverse_scope(tree):
            columns = self._columns(scope)
            self.answers[id(scope.expression)] = columns
        return columns  # those of the whole, which comes last

    def _columns(self, scope: Scope) -> dict[str, Type]:
        query = scope.expression
        if isinstance(query, exp.Unnest):
            [column] = query.alias_column_names
            return {column: call("unnest", [self.type(scope, query.expressions[0])])}
        if isinstance(query, exp.SetOperation):
            sides = [self.answers[id(side.unnest())] for side in (query.left, query.right)]
            pairs = zip(sides[0].items(), sides[1].values(), strict=True)
            return {name: call("union", [one, other]) for (name, one), other in pairs}
        conditions = [query.args.get(part) for part in ("where", "having")]
        conditions = [part.this for part in conditions if part]
        conditions += [join.args["on"] for join in query.args.get("joins", []) if join.args.get("on")]
        for condition in conditions:
            call("condition", [self.type(scope, condition)])
        for part in ("group", "order"):
            for key in query.args[part].expressions if query.args.get(part) else []:
                self._order(scope, key)
        return {column.alias_or_name: self.type(scope, column) for column in query.selects}

    def _order(self, scope: Scope, key: exp.Expr) -> None:
        key = key.this if isinstance(key, exp.Ordered) else key
        by_alias = isinstance(key, exp.Column) and not key.table and key.name in scope.expression.named_selects
        if not by_alias:
            self.type(scope, key)

    def type(self, scope: Scope, node: exp.Expr) -> Type:
        """The type of an expression of the scope."""
        if isinstance(node, exp.Column):
            return self._column(scope, node)
        if isinstance(node, exp.Anonymous):
            return self._function(scope, node)
        if rule := OPERATORS.get(type(node)):
            return call(rule, [self.type(scope, part) for part in node.iter_expressions()])
        if read := READERS.get(type(node)):
            return read(self, scope, node)
        raise TrinoError(f"{node.sql()}: nothing says which type a {type(node).__name__} has ({__name__})")

    def _column(self, scope: Scope, column: exp.Column) -> Type:
        around: Scope | None = scope
        while around is not None:
            # A column of HAVING is left without its table.
            sources = around.selected_sources if not column.table else [column.table]
            found = [known[column.name] for name in sources if column.name in (known := self._known(around, name))]
            if found:
                return found[0]
            around = around.parent
        raise TrinoError(f"{column.sql()}: no such column")

    def _known(self, scope: Scope, name: str) -> Columns:
        """The columns of what the scope calls by this name; none where it calls nothing so."""
        source = scope.sources.get(name)
        if isinstance(source, Scope):
            return self.answers[id(source.expression)]
        return self.tables[source.name] if source is not None else {}

    def _function(self, scope: Scope, node: exp.Anonymous) -> Type:
        given = node.expressions
        if given and isinstance(given[0], exp.Distinct):
            given = given[0].expressions
        return call(node.name.lower(), [self.type(scope, part) for part in given])

    def _query(self, scope: Scope, node: exp.Expr) -> Type:
        return next(iter(self.answers[id(node.unnest())].values()))

    def _cast(self, scope: Scope, node: exp.Cast) -> Type:
        self.type(scope, node.this)
        return parse(node.to.sql(dialect=AsWritten))

    def _case(self, scope: Scope, node: exp.Case) -> Type:
        branches = node.args["ifs"]
        operand = node.this
        for branch in branches:
            condition = self.type(scope, branch.this)
            if operand:
                call("=", [self.type(scope, operand), condition])
            else:
                call("condition", [condition])
        results = [branch.args["true"] for branch in branches]
        results += [node.args["default"]] if node.args.get("default") else []
        return call("case", [self.type(scope, part) for part in results])

    def _filter(self, scope: Scope, node: exp.Filter) -> Type:
        call("condition", [self.type(scope, node.expression.this)])
        return self.type(scope, node.this)

    def _window(self, scope: Scope, node: exp.Window) -> Type:
        keys = [*node.args.get("partition_by", []), *(node.args["order"].expressions if node.args.get("order") else [])]
        for key in keys:
            self._order(scope, key)
        return self.type(scope, node.this)

    def _inside(self, scope: Scope, node: exp.Expr) -> Type:
        return self.type(scope, node.this)

    def _literal(self, scope: Scope, node: exp.Literal) -> Type:
        if node.is_string:
            return Type("varchar", (len(node.this),))
        if re.fullmatch(r"\d+", node.this):
            return Type("integer" if int(node.this) < 2**31 else "bigint")
        if "e" in node.this.lower():
            return Type("double")
        whole, _, fraction = node.this.partition(".")
        return Type("decimal", (len(whole) + len(fraction), len(fraction)))


READERS: dict[type[exp.Expr], Callable[[_Reader, Scope, exp.Expr], Type]] = {
    exp.Alias: _Reader._inside,
    exp.Boolean: lambda *_: BOOLEAN,
    exp.Case: _Reader._case,
    exp.Cast: _Reader._cast,
    exp.Filter: _Reader._filter,
    exp.Literal: _Reader._literal,
    exp.Null: lambda *_: UNKNOWN,
    exp.Paren: _Reader._inside,
    exp.Select: _Reader._query,
    exp.Star: lambda *_: EVERYTHING,
    exp.Subquery: _Reader._query,
    exp.Window: _Reader._window,
}
