"""The data dictionary says what the code declares."""

import runpy

import pytest

from aviation.columns import TABLES
from aviation.load.derive import FLAGS
from aviation.load.rules import RULES
from aviation.views import VIEWS
from support import ROOT


@pytest.fixture(scope="module")
def page() -> str:
    """The page as `docs/data_page.py` makes it."""
    return runpy.run_path(str(ROOT / "docs/data_page.py"))["page"]()


def test_the_page_is_what_the_code_declares(page):
    assert (ROOT / "docs/data.md").read_text() == page, "run `.venv/bin/python docs/data_page.py`"


def test_the_page_has_every_table_view_flag_and_rule(page):
    for named in (*TABLES, *VIEWS):
        assert f"\n### {named.name}\n" in page
    for name in (*FLAGS, *RULES):
        assert f"\n| `{name}` | " in page


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_view_and_each_of_its_columns_has_a_meaning(view):
    assert view.question and view.definition and view.source
    for name, (kind, text) in view.columns.items():
        assert kind and text, name
