"""Every table, view and column is explained, and the page says what the code declares."""

import runpy
from dataclasses import replace

import pytest

from aviation.columns import REFERENCES, TABLES, Table
from aviation.load.derive import FLAGS
from aviation.load.rules import RULES
from aviation.load.tables import create_statement, literal
from aviation.views import VIEWS
from support import ROOT

# The Glue catalog takes 255.
LONGEST = 200
BY_NAME = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


def create(table: Table) -> str:
    return create_statement(table, "glue_catalog.aviation", "s3://published/aviation")


@pytest.fixture(scope="module")
def page() -> str:
    """The page as `docs/data_page.py` makes it."""
    return runpy.run_path(str(ROOT / "docs/data_page.py"))["page"]()


def test_every_table_is_declared_once():
    assert len({table.name for table in TABLES}) == len(TABLES)


@BY_NAME
def test_every_table_has_a_meaning_and_a_key_of_its_columns(table):
    assert table.meaning.startswith("One row is ")
    assert table.key and set(table.key) <= set(table.columns)


@BY_NAME
def test_every_column_has_a_meaning_and_stands_under_its_name(table):
    assert all(column.meaning for column in table.columns.values())
    assert [column.name for column in table.columns.values()] == list(table.columns)


@BY_NAME
def test_a_meaning_is_one_line_that_the_catalog_takes(table):
    for text in (table.meaning, *(column.meaning for column in table.columns.values())):
        assert text == " ".join(text.split())
        assert len(text) <= LONGEST
        assert text[0].isupper()
        assert text.endswith(".")


@BY_NAME
def test_the_meaning_of_a_time_says_whether_it_is_utc_or_local(table):
    for name, column in table.columns.items():
        if "timestamp" in column.type:
            word = "local time" if name.endswith("_local") else "in UTC"
            assert word in column.meaning, name


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_view_and_each_of_its_columns_has_a_meaning(view):
    assert view.question and view.definition and view.source
    for name, (kind, text) in view.columns.items():
        assert kind and text, name


def test_the_page_is_what_the_code_declares(page):
    assert (ROOT / "docs/data.md").read_text() == page, "run `.venv/bin/python docs/data_page.py`"


def test_the_page_has_every_table_view_flag_and_rule(page):
    for named in (*TABLES, *VIEWS):
        assert f"\n### {named.name}\n" in page
    for name in (*FLAGS, *RULES):
        assert f"\n| `{name}` | " in page


@BY_NAME
def test_a_table_is_made_with_its_comments(table):
    statement = create(table)
    assert f" COMMENT {literal(table.meaning)} LOCATION" in statement
    for name, column in table.columns.items():
        assert f"`{name}` {column.type} COMMENT {literal(column.meaning)}" in statement


def test_a_quote_and_a_backslash_in_a_meaning_are_escaped():
    cities = REFERENCES["cities"]
    name = replace(cities.columns["city_name"], meaning=r"The city's name, \ and all.")
    statement = create(replace(cities, columns=cities.columns | {"city_name": name}))
    assert r"`city_name` string COMMENT 'The city\'s name, \\ and all.'" in statement
