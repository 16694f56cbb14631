"""What Trino answers with: the functions and operators that this project uses, each by the types that it takes.

Athena's engine version 3 has Trino's functions (docs.aws.amazon.com/athena/latest/ug/functions-env3.html). A function
that is not here is one that nobody has looked up: add its row, with the page of trino.io/docs/current that has it.
"""

from typing import NamedTuple


class Rule(NamedTuple):
    """One signature. A capital letter stands for any type, `p` for a timestamp's precision; arguments are coerced (see
    COERCIONS) where that makes them fit, and `...` repeats the last one. `page` is below trino.io/docs/current."""

    signature: str
    page: str


FUNCTIONS = (
    Rule("abs(double) -> double", "functions/math.html"),
    Rule("array_agg(E) -> array(E)", "functions/aggregate.html"),
    Rule("array_max(array(E)) -> E", "functions/array.html"),
    Rule("array_sort(array(E)) -> array(E)", "functions/array.html"),
    Rule("asin(double) -> double", "functions/math.html"),
    Rule("avg(bigint) -> double", "functions/aggregate.html"),
    # The page says that every mean is a double; the engine (DecimalAverageAggregation) keeps decimals.
    Rule("avg(decimal(p, s)) -> decimal(p, s)", "functions/aggregate.html"),
    Rule("avg(double) -> double", "functions/aggregate.html"),
    Rule("ceil(bigint) -> bigint", "functions/math.html"),
    Rule("ceil(double) -> double", "functions/math.html"),
    Rule("coalesce(T, ...) -> T", "functions/conditional.html"),
    Rule("contains(array(E), E) -> boolean", "functions/array.html"),
    Rule("cos(double) -> double", "functions/math.html"),
    Rule("count(*) -> bigint", "functions/aggregate.html"),
    Rule("count(T) -> bigint", "functions/aggregate.html"),
    Rule("date_diff(varchar, date, date) -> bigint", "functions/datetime.html"),
    Rule("date_diff(varchar, timestamp(p), timestamp(p)) -> bigint", "functions/datetime.html"),
    Rule("date_add(varchar, bigint, timestamp(p)) -> timestamp(p)", "functions/datetime.html"),
    Rule("date_trunc(varchar, date) -> date", "functions/datetime.html"),
    Rule("date_trunc(varchar, timestamp(p)) -> timestamp(p)", "functions/datetime.html"),
    Rule("day_of_week(date) -> bigint", "functions/datetime.html"),
    Rule("day_of_week(timestamp(p)) -> bigint", "functions/datetime.html"),
    Rule("element_at(array(E), bigint) -> E", "functions/array.html"),
    Rule("element_at(map(K, V), K) -> V", "functions/map.html"),
    Rule("floor(double) -> double", "functions/math.html"),
    Rule("greatest(T, ...) -> T", "functions/comparison.html"),
    Rule("hour(timestamp(p)) -> bigint", "functions/datetime.html"),
    Rule("json_format(json) -> varchar", "functions/json.html"),
    Rule("least(T, ...) -> T", "functions/comparison.html"),
    Rule("map_keys(map(K, V)) -> array(K)", "functions/map.html"),
    Rule("map_values(map(K, V)) -> array(V)", "functions/map.html"),
    Rule("max(T) -> T", "functions/aggregate.html"),
    Rule("max_by(X, Y) -> X", "functions/aggregate.html"),
    Rule("min(T) -> T", "functions/aggregate.html"),
    Rule("nullif(T, T) -> T", "functions/conditional.html"),
    Rule("radians(double) -> double", "functions/math.html"),
    Rule("round(double) -> double", "functions/math.html"),
    Rule("row_number() -> bigint", "functions/window.html"),
    Rule("sin(double) -> double", "functions/math.html"),
    Rule("split(varchar, varchar) -> array(varchar)", "functions/string.html"),
    Rule("split_part(varchar, varchar, bigint) -> varchar", "functions/string.html"),
    Rule("sqrt(double) -> double", "functions/math.html"),
    Rule("strpos(varchar, varchar) -> bigint", "functions/string.html"),
    Rule("sum(bigint) -> bigint", "functions/aggregate.html"),
    Rule("sum(decimal(p, s)) -> decimal(38, s)", "functions/aggregate.html"),
    Rule("sum(double) -> double", "functions/aggregate.html"),
)

OPERATORS = (
    # Of integers the quotient is an integer: 1 / 2 is 0.
    *(
        Rule(f"{operator}({kind}, {kind}) -> {kind}", "functions/math.html")
        for operator in ("+", "-", "*", "/", "%")
        for kind in ("integer", "bigint")
    ),
    Rule("+(decimal(p, s), decimal(q, t)) -> decimal(add)", "functions/decimal.html"),
    Rule("-(decimal(p, s), decimal(q, t)) -> decimal(add)", "functions/decimal.html"),
    Rule("*(decimal(p, s), decimal(q, t)) -> decimal(multiply)", "functions/decimal.html"),
    Rule("/(decimal(p, s), decimal(q, t)) -> decimal(divide)", "functions/decimal.html"),
    Rule("%(decimal(p, s), decimal(q, t)) -> decimal(modulus)", "functions/decimal.html"),
    *(
        Rule(f"{operator}({kind}, {kind}) -> {kind}", "functions/math.html")
        for operator in ("+", "-", "*", "/", "%")
        for kind in ("real", "double")
    ),
    *(Rule(f"negate({kind}) -> {kind}", "functions/math.html") for kind in ("integer", "bigint", "double")),
    Rule("||(varchar, varchar) -> varchar", "functions/string.html"),
    *(Rule(f"{name}(T, T) -> boolean", "functions/comparison.html") for name in ("=", "<>", "<", "<=", ">", ">=")),
    Rule("is distinct from(T, T) -> boolean", "functions/comparison.html"),
    Rule("is not distinct from(T, T) -> boolean", "functions/comparison.html"),
    Rule("is(T, T) -> boolean", "functions/comparison.html"),
    Rule("between(T, T, T) -> boolean", "functions/comparison.html"),
    Rule("like(varchar, varchar) -> boolean", "functions/comparison.html"),
    Rule("in(T, ...) -> boolean", "functions/comparison.html"),
    Rule("exists(T) -> boolean", "sql/select.html"),
    Rule("and(boolean, boolean) -> boolean", "functions/logical.html"),
    Rule("or(boolean, boolean) -> boolean", "functions/logical.html"),
    Rule("not(boolean) -> boolean", "functions/logical.html"),
    # What WHERE, HAVING, ON, FILTER and a CASE's WHEN take; and what a CASE gives of its results.
    Rule("condition(boolean) -> boolean", "sql/select.html"),
    Rule("case(T, ...) -> T", "functions/conditional.html"),
    Rule("union(T, T) -> T", "sql/select.html"),
    Rule("unnest(array(E)) -> E", "sql/select.html"),
    Rule("current_date() -> date", "functions/datetime.html"),
    Rule("current_timestamp() -> timestamp(3) with time zone", "functions/datetime.html"),
)

# Precision and scale of decimal arithmetic, from those of its operands: the table of functions/decimal.html. Of the
# quotient's precision it says p + t - s + max(0, t - s); the engine (DecimalOperators) does not take s off.
DECIMALS = {
    "add": lambda p, s, q, t: (min(38, 1 + max(s, t) + max(p - s, q - t)), max(s, t)),
    "multiply": lambda p, s, q, t: (min(38, p + q), s + t),
    "divide": lambda p, s, q, t: (min(38, p + t + max(0, t - s)), max(s, t)),
    "modulus": lambda p, s, q, t: (min(p - s, q - t) + max(s, t), max(s, t)),
}

# What a type becomes where another one is wanted, without a cast: functions/conversion.html says that Trino converts
# "numeric and character values", never one to the other; which to which is in its TypeCoercion.coerceTypeBase.
COERCIONS = {
    "integer": {"bigint": "bigint", "real": "real", "double": "double", "decimal": "decimal(10, 0)"},
    "bigint": {"real": "real", "double": "double", "decimal": "decimal(19, 0)"},
    "decimal": {"real": "real", "double": "double"},
    "real": {"double": "double"},
    "date": {"timestamp": "timestamp(0)", "timestamp with time zone": "timestamp(0) with time zone"},
}

# Trino's types of the columns of the Iceberg tables, by their types in Spark's SQL and in the Glue catalog:
# connector/iceberg.html, "Type mapping" (an Iceberg timestamp has microseconds).
CATALOG = {
    "array": "array",
    "map": "map",
    "string": "varchar",
    "int": "integer",
    "bigint": "bigint",
    "double": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp(6)",
    "timestamp_ntz": "timestamp(6)",
}
# What a type's name means without a precision: language/types.html.
PRECISIONS = {"timestamp": "timestamp(3)", "decimal": "decimal(38, 0)"}
