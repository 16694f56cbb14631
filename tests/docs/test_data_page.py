"""Every table, view and column is explained, and the page says what the code declares."""

import pytest
from aviation.load.meanings import MEANINGS, TABLE_MEANINGS, meaning, table_meaning

from aviation.load import tables
from aviation.load.derive import FLAGS
from aviation.load.rules import RULES
from aviation.local import data_page
from aviation.views import VIEWS

# The Glue catalog takes 255.
LONGEST = 200
BY_NAME = pytest.mark.parametrize("table", tables.TABLES, ids=lambda table: table.name)


def create(table: tables.Table) -> str:
    return tables.create_statement(table, "glue_catalog.aviation", "s3://published/aviation")


def test_every_table_has_a_meaning_and_no_other_name_has_one():
    assert set(TABLE_MEANINGS) == set(MEANINGS) == {table.name for table in tables.TABLES}


@BY_NAME
def test_every_column_has_a_meaning_and_none_is_left_over(table):
    assert set(MEANINGS[table.name]) == set(table.columns)


@BY_NAME
def test_a_meaning_is_one_line_that_the_catalog_takes(table):
    for text in (table_meaning(table.name), *MEANINGS[table.name].values()):
        assert text == " ".join(text.split())
        assert len(text) <= LONGEST
        assert text[0].isupper()
        assert text.endswith(".")


@BY_NAME
def test_the_meaning_of_a_time_says_whether_it_is_utc_or_local(table):
    for name, kind in table.columns.items():
        if "timestamp" in kind:
            word = "local time" if name.endswith("_local") else "in UTC"
            assert word in meaning(table.name, name), name


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_view_and_each_of_its_columns_has_a_meaning(view):
    assert view.question and view.definition and view.source
    for name, (kind, text) in view.columns.items():
        assert kind and text, name


def test_the_page_is_what_the_code_declares():
    assert data_page.PAGE.read_text() == data_page.page(), "run `python -m aviation.local.data_page`"


def test_the_page_has_every_table_view_flag_and_rule():
    page = data_page.page()
    for named in (*tables.TABLES, *VIEWS):
        assert f"\n### {named.name}\n" in page
    for name in (*FLAGS, *RULES):
        assert f"\n| `{name}` | " in page


@BY_NAME
def test_a_table_is_made_with_its_comments(table):
    statement = create(table)
    assert f" COMMENT {tables._literal(table_meaning(table.name))} LOCATION" in statement
    for name, kind in table.columns.items():
        assert f"`{name}` {kind} COMMENT {tables._literal(meaning(table.name, name))}" in statement


def test_a_quote_and_a_backslash_in_a_meaning_are_escaped(monkeypatch):
    monkeypatch.setitem(MEANINGS["cities"], "city_name", r"The city's name, \ and all.")
    assert r"`city_name` string COMMENT 'The city\'s name, \\ and all.'" in create(tables.REFERENCE_TABLES["cities"])
