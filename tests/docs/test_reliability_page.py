"""The reliability page holds what was found, and nothing that was typed."""

import re
import runpy

import pytest

from support import ROOT


@pytest.fixture(scope="module")
def made() -> dict:
    """The module that makes the page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        return runpy.run_path(str(ROOT / "benchmarks/reliability/page.py"))


def test_the_page_is_made_of_the_result_that_was_kept(made):
    page = made["page"](made["read"]())
    assert (ROOT / "docs/reliability.md").read_text() == page, "run .venv/bin/python benchmarks/unbreakable.py --write"


def test_the_row_of_all_kinds_adds_their_faults_up(made):
    result = made["read"]()
    rows = [re.split(r"\s*\|\s*", line)[1:-1] for line in made["table"](result).splitlines()[2:]]
    assert sum(int(row[1]) for row in rows[:-1]) == int(rows[-1][1]) > 0
