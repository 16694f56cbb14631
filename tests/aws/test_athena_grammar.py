"""Every query as Athena reads it: Trino's grammar takes it, Athena has its functions, and its types are Trino's."""

import base64
import json
import os
import re

import pytest
from cfnlint.decode import cfn_yaml
from cfnlint.template import Template

from aviation.columns import TABLES
from aviation.deploy import found_data
from aviation.deploy.template import TEMPLATE
from aviation.views import VIEWS
from aviation.views.glue import sql_of, table_input
from support import ROOT
from support.made_up import CATALOG
from support.trino import grammar, written
from support.trino.answers import answer
from support.trino.asked import Asked, every_query, in_the_past
from support.trino.rules import FUNCTIONS, OPERATORS
from support.trino.types import TrinoError, of_catalog, parse, signatures

STORED = {view.name: table_input(view, CATALOG.views[view.name], "aviation") for view in VIEWS}
TABLE_TYPES = {
    table.name: {name: of_catalog(column.type) for name, column in table.columns.items()} for table in TABLES
}
VIEW_TYPES = {view.name: {name: parse(kind) for name, (kind, _) in view.columns.items()} for view in VIEWS}
TYPES = TABLE_TYPES | VIEW_TYPES
every_view = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)

# What DuckDB and sqlglot take and Trino refuses.
FOREIGN = (
    "select flight_key from flights qualify row_number() over (order by flight_key) = 1",
    "select dep_delay_min::int from flights",
    "select dep_iata, count(*) from flights group by all",
    "select * exclude (flags) from flights",
    "from flights",
)
OF_DUCKDB = "select epoch_ms(observed_at), list_value(dep_iata) from flights"


@pytest.fixture(scope="module")
def asked() -> Asked:
    stored, saved, told = {sql_of(table) for table in STORED.values()}, saved_queries(), written.in_documents()
    assert len(stored) == len(saved) == len(VIEWS)
    assert len(told) > 5
    checked = {text for text in found_data.NAMED_BY_ATHENA if text.startswith("select")}
    return every_query(stored | saved | told | checked)


@pytest.fixture(scope="module")
def queries(asked) -> set[str]:
    """Every query that Athena is given, or that people are told to ask."""
    assert len(asked.sent) > 150
    return asked.sent


@pytest.fixture(scope="module")
def parsed(queries) -> dict[str, grammar.Statement]:
    """What Trino's grammar finds in each query, and in those that it must refuse."""
    if not grammar.READY.is_file():
        said = f"Trino's grammar is not installed: run 'make {grammar.READY.relative_to(ROOT)}'"
        pytest.fail(said) if os.environ.get("REQUIRE_ALL_TESTS") else pytest.skip(said)
    return grammar.read([*queries, *FOREIGN, OF_DUCKDB, *(a_value_of(kind) for kind in kinds())])


def saved_queries() -> set[str]:
    """The saved queries of the template, as CloudFormation makes them of it."""
    file = str(ROOT / TEMPLATE)
    template = Template(file, cfn_yaml.load(file), ["us-east-1"])
    assert not template.transform()
    texts = set()
    for resource in template.template["Resources"].values():
        if resource["Type"] == "AWS::Athena::NamedQuery":
            text, given = resource["Properties"]["QueryString"]["Fn::Sub"]
            texts.add(re.sub(r"\$\{(\w+)\}", lambda name, given=given: given[name[1]], text))
    return texts


def kinds() -> set[str]:
    """The types of the views' columns, as the catalog has them for Trino."""
    return {column["type"] for table in STORED.values() for column in definition(table)["columns"]}


def definition(table: dict) -> dict:
    """What Trino reads of a view in the Glue catalog."""
    return json.loads(base64.b64decode(table["ViewOriginalText"].split(" ")[3]))


def a_value_of(kind: str) -> str:
    return f"select cast(null as {kind})"


def test_trinos_grammar_takes_every_query(parsed, queries):
    assert [f"{error}: {text}" for text in sorted(queries) for error in parsed[text].errors] == []


@pytest.mark.parametrize("text", FOREIGN)
def test_trinos_grammar_refuses_what_other_engines_alone_take(parsed, text):
    assert parsed[text].errors


def test_athena_has_every_function_and_none_is_declared_for_nothing(parsed, queries):
    declared = {rule.signature.partition("(")[0] for rule in FUNCTIONS}
    called = {name: text for text in queries for name in parsed[text].functions}
    assert [f"{name}: {text}" for name, text in called.items() if name not in declared] == []
    assert declared - set(called) == set()
    assert all(re.fullmatch(r"(functions|sql)/\w+\.html", rule.page) for rule in (*FUNCTIONS, *OPERATORS))


def test_a_function_of_duckdbs_is_seen_and_not_declared(parsed):
    assert parsed[OF_DUCKDB] == ([], ["epoch_ms", "list_value"])
    assert not set(parsed[OF_DUCKDB].functions) & set(signatures())
    with pytest.raises(TrinoError, match=r"epoch_ms: no rule of Trino's is declared"):
        answer(OF_DUCKDB, TYPES)


def test_trino_has_a_type_for_every_value_of_every_query(queries):
    refused = []
    for text in sorted(queries):
        try:
            answer(text, TYPES)
        except TrinoError as error:
            refused.append(f"{error}: {text}")
    assert refused == []


@every_view
def test_a_view_declares_the_types_that_trino_gives(view):
    """A text may be declared without the length that Trino knows: a view's columns are coerced to their declaration."""
    given = answer(sql_of(STORED[view.name]), TYPES)
    lengthless = {name: "varchar" if kind.name == "varchar" else str(kind) for name, kind in given.items()}
    declared = {name: kind for name, (kind, _) in view.columns.items()}
    assert list(lengthless.items()) == list(declared.items())


@every_view
def test_time_travel_keeps_a_views_types(view):
    now = answer(sql_of(STORED[view.name]), TYPES)
    assert answer(in_the_past(f"select * from {view.name}"), TABLE_TYPES) == now


@every_view
def test_a_view_is_stored_with_its_types_in_trinos_words_and_in_hives(parsed, view):
    stored = STORED[view.name]
    trinos = {column["name"]: column["type"] for column in definition(stored)["columns"]}
    hives = {column["Name"]: column["Type"] for column in stored["StorageDescriptor"]["Columns"]}
    assert [parsed[a_value_of(kind)].errors for kind in trinos.values()] == [[]] * len(trinos)
    assert {name: of_catalog(kind) for name, kind in hives.items()} == VIEW_TYPES[view.name]
    assert {name: parse(kind) for name, kind in trinos.items()} == VIEW_TYPES[view.name]


@pytest.mark.parametrize(("name", "text"), written.modules().items(), ids=written.modules())
def test_every_piece_of_sql_in_the_code_is_in_a_query_that_is_checked(asked, queries, name, text):
    whole = asked.parsed | queries
    lacking = [
        f"{name}:{line}: no query that is checked has this SQL: ask it in tests/support/trino/asked.py"
        for line, texts in written.in_code(text)
        if not any(written.holds(query, texts) for query in whole)
    ]
    assert lacking == []


def test_sql_is_found_in_code_whole_and_in_pieces():
    text = '''"""Docstrings may say select x from y."""
WHERE = f"dep_iata in ({codes})"
TEXT = "select dep_iata from flights where " + WHERE
SAID = "only a SELECT can be asked"
'''
    assert dict(written.in_code(text)) == {
        2: ["dep_iata in (", ")"],
        3: ["select dep_iata from flights where "],
    }
    assert written.holds("select * from flights where dep_iata in ('JFK')", ["dep_iata in (", ")"])
    assert not written.holds("select * from flights where dep_iata not in ('JFK')", ["dep_iata in (", ")"])


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("count(*)", "bigint"),
        ("sum(dep_delay_min)", "bigint"),
        ("avg(dep_delay_min)", "double"),
        ("max(dep_delay_min)", "integer"),
        ("dep_delay_min / 2", "integer"),
        ("dep_delay_min * 1e0", "double"),
        ("dep_delay_min * 2147483648", "bigint"),
        ("dep_delay_min * 1.5", "decimal(12, 1)"),
        ("1.25 + 10.5", "decimal(5, 2)"),
        ("1.25 * 10.5", "decimal(6, 3)"),
        ("1.25 / 10.5", "decimal(4, 2)"),
        ("sum(1.25)", "decimal(38, 2)"),
        ("avg(1.25)", "decimal(3, 2)"),
        ("dep_delay_min * 1.5 * live_latitude", "double"),
        ("coalesce(dep_delay_min, 0e0)", "double"),
        ("coalesce(null, dep_delay_min)", "integer"),
        ("case when live_is_ground then 'a' else 'bcd' end", "varchar(3)"),
        ("case when live_is_ground then 'a' else dep_iata end", "varchar"),
        ("case dep_iata when 'JFK' then date '2013-07-10' else observed_at end", "timestamp(6)"),
        ("dep_iata || '-'", "varchar"),
        ("array_agg(flight_date)", "array(date)"),
        ("element_at(array_agg(dep_delay_min), 1)", "integer"),
        ("date_trunc('minute', observed_at)", "timestamp(6)"),
        ("date_trunc('minute', cast(current_timestamp as timestamp))", "timestamp(3)"),
        ("date_diff('day', flight_date, current_date)", "bigint"),
        ("date_diff('minute', observed_at, cast(current_timestamp as timestamp))", "bigint"),
        ("hour(dep_scheduled_local)", "bigint"),
        ("row_number() over (order by observed_at)", "bigint"),
        ("dep_delay_min > 15 and not live_is_ground or dep_iata is null", "boolean"),
        ("timestamp '2013-07-10 12:00:00.25'", "timestamp(2)"),
    ],
)
def test_types_follow_trinos_rules(expression, kind):
    assert list(answer(f"select {expression} as value from flights", TYPES).values()) == [parse(kind)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("select dep_delay_min = '5' from flights", "=(integer, varchar(1)): Trino has none of these types"),
        ("select coalesce(dep_delay_min, 'none') from flights", "coalesce(integer, varchar(4))"),
        ("select hour(flight_date) from flights where flight_date > 'x'", ">(date, varchar(1))"),
        ("select date_diff('day', flight_date, '2013-07-10') from flights", "date_diff(varchar(3), date, varchar(10))"),
        ("select dep_iata from flights where dep_delay_min", "condition(integer)"),
        ("select dep_iata as airport from flights where airport = 'JFK'", "airport"),
        ("select no_such_column from flights", "no_such_column"),
        ("select flight_key from flights union all select times_seen from quarantine", "union(varchar, bigint)"),
    ],
)
def test_what_trino_would_refuse_for_its_types_is_refused(text, said):
    with pytest.raises(TrinoError, match=re.escape(said)):
        answer(text, TYPES)
