"""The performance page holds what was measured, and nothing that was typed."""

import re
import runpy

import pytest

from support import ROOT


@pytest.fixture(scope="module")
def made() -> dict:
    """The module that makes the page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        return runpy.run_path(str(ROOT / "benchmarks/loads/page.py"))


def test_the_page_is_made_of_the_results_that_were_kept(made):
    page = made["page"](made["read"]())
    assert (ROOT / "docs/performance.md").read_text() == page, "run .venv/bin/python benchmarks/load.py --write"


def test_every_part_that_was_measured_has_its_section_and_its_picture(made):
    results = made["read"]()
    page = made["page"](results)
    assert len(re.findall("^Measured on ", page, re.MULTILINE)) == len(results) > 0
    assert set(re.findall(r"images/performance-(\w+)\.svg", page)) == made["charts"](results).keys()
