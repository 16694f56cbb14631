"""Which engine gets which text, and how often a question is parsed and the catalog read."""

import os
import pty
import subprocess
import sys
from types import SimpleNamespace

import duckdb
import pandas as pd
import pytest
import sqlglot
from click.testing import CliRunner

from aviation import aws, backend, cli, query
from aviation.engine import duck
from aviation.errors import QueryError
from aviation.explore.tables import ask as ask_declared
from aviation.sql import catalog
from aviation.sql.catalog import Catalog, GlueColumn

CATALOG = Catalog(
    tables={"legs": "s3://lake/legs.json", "planes": "s3://lake/planes.json"},
    views={"routes": "select count(*) as n, min(location) as location from legs"},
    columns={
        "flights": {"flight_key": GlueColumn("string")},
        "flight_history": dict.fromkeys(("flight_key", "known_from", "known_until"), GlueColumn()),
    },
)
MARK = "asked by a person"
HISTORY_COLUMNS = {"flight_key": "string", "known_from": "timestamp", "known_until": "timestamp"}


def test_athena_gets_the_text_as_it_is_and_its_past_written_out_as_of_an_instant(monkeypatch):
    monkeypatch.setattr(backend, "in_use", lambda: SimpleNamespace(frame=lambda question: question.athena()))
    monkeypatch.setattr(catalog, "read", lambda: CATALOG)
    asked = "select  n from routes, FLIGHTS"
    assert query.sql(asked) == asked
    past = query.sql(asked, as_of="2013-07-10T12:00Z")
    assert "flight_history" in past
    assert "FROM legs" in past
    assert "2013-07-10 12:00:00" in past


class Glue:
    """The catalog of `flights` and `flight_history`, and how often it was listed."""

    def __init__(self):
        self.listings = 0

    def get_paginator(self, call: str):
        assert call == "get_tables"
        return self

    def paginate(self, **_) -> list[dict]:
        self.listings += 1
        return [{"TableList": [self.table("flights", ["flight_key"]), self.table("flight_history", HISTORY_COLUMNS)]}]

    def table(self, name: str, columns) -> dict:
        listed = [{"Name": column, "Type": HISTORY_COLUMNS[column]} for column in columns]
        where = {"metadata_location": f"s3://lake/{name}.json"}
        return {"Name": name, "Parameters": where, "StorageDescriptor": {"Columns": listed}}


@pytest.fixture
def laptop(monkeypatch):
    """A laptop whose tables have one row each: the Glue catalog, and the texts that were parsed."""
    glue, parsed = Glue(), []
    connection = duckdb.connect()
    connection.execute(
        "create macro main.iceberg_scan(place) as table select place as flight_key,"
        " timestamp '2013-07-10 08:00:00' as known_from, cast(null as timestamp) as known_until,"
        " date '2013-07-10' as flight_date, timestamp '2013-07-10 08:00:00' as observed_at"
    )
    real_parse = sqlglot.parse
    monkeypatch.setattr(sqlglot, "parse", lambda text, **more: parsed.append(text) or real_parse(text, **more))
    monkeypatch.setattr(duck, "_shared", lambda endpoint: connection)
    monkeypatch.setattr(aws, "client", lambda service: glue)
    monkeypatch.setattr(catalog, "place", lambda name: "aviation")
    for name, value in ((backend.LOCAL, "1"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:9")):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(backend.home, "load_environment", lambda: None)
    yield glue, parsed
    connection.close()


ASKED = f"select flight_key, '{MARK}' as mark from flights"


@pytest.mark.parametrize(
    "ask",
    [
        lambda: query.sql(ASKED),
        lambda: query.sql(ASKED, as_of="2013-07-10T12:00Z"),
        lambda: query.rows(ASKED),
        lambda: ask_declared(ASKED),
        lambda: ask_declared(ASKED, as_of="2013-07-10T12:00Z"),
    ],
    ids=["a question", "as of an instant", "rows", "completed", "completed, as of an instant"],
)
def test_a_question_is_parsed_once_and_the_catalog_read_once(laptop, ask):
    glue, parsed = laptop
    assert len(ask()) == 1
    assert glue.listings == 1
    assert [MARK in text for text in parsed].count(True) == 1


@pytest.mark.parametrize("depth", [10, 300, 3000])
def test_a_question_that_nests_too_deeply_is_refused_in_one_line_or_answered(laptop, depth):
    try:
        assert query.sql(f"select {'(' * depth}1{')' * depth} as n")["n"].tolist() == [1]
    except QueryError as error:
        assert str(error) == "the query nests too deeply: write it with fewer parentheses and subqueries"
        assert depth > 10


@pytest.fixture
def answer(monkeypatch):
    """`aviation query` with options: what it prints of a DataFrame."""

    def run(frame: pd.DataFrame, *options: str) -> str:
        monkeypatch.setattr(query, "sql", lambda text, as_of=None: frame)
        done = CliRunner().invoke(cli.main, ["query", "select 1", *options], catch_exceptions=False)
        assert done.exit_code == 0
        return done.stdout

    return run


NO_ROWS = pd.DataFrame({"flight_key": [], "dep_delay_min": []})


@pytest.mark.parametrize(
    ("form", "printed"),
    [
        ("table", "flight_key  dep_delay_min\n(no rows)\n"),
        ("csv", "flight_key,dep_delay_min\n"),
        ("json", "[]\n"),
    ],
)
def test_no_rows_are_told_with_the_columns_that_there_would_be(answer, form, printed):
    assert answer(NO_ROWS, "--format", form) == printed


def test_where_nobody_looks_a_wide_answer_stays_a_table(answer):
    wide = pd.DataFrame({f"column_{number}": [number] for number in range(60)})
    lines = answer(wide).splitlines()
    assert len(lines) == 2
    assert lines[1].split() == [str(number) for number in range(60)]


SHOWN = """
import pandas as pd
from aviation import cli, query
query.sql = lambda text, as_of=None: pd.DataFrame({f"column_{number}": [number] for number in range(20)})
cli.main(["query", "select 1"])
"""


def test_on_a_terminal_an_answer_that_is_wider_is_written_row_by_row():
    controller, terminal = pty.openpty()
    environment = os.environ | {"COLUMNS": "80"}
    subprocess.run([sys.executable, "-c", SHOWN], stdout=terminal, env=environment, check=True)
    os.close(terminal)
    lines = os.read(controller, 4096).decode().splitlines()
    os.close(controller)
    assert lines[0].startswith("-[ row 1 of 1 ]-")
    assert lines[20].split() == ["column_19", "19"]
    assert len(lines) == 21
