"""Whatever the API, a run or a bucket holds is shown as text on every page; needs Chromium, and says so without it."""

import ast
from types import SimpleNamespace

import nbformat
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, writes

from aviation import backend, status
from aviation.board import offline
from aviation.charts import marks
from aviation.columns import TABLES
from aviation.errors import QueryError
from aviation.explore.show import Finding, picture, table
from aviation.lab import start as lab
from aviation.report import RunRecord
from aviation.runs import pages, store
from aviation.sql import catalog
from aviation.sql.as_of import expand
from aviation.sql.catalog import Catalog
from support import ROOT
from support.board import MadeTables
from support.browser import Browser, Trap, needs_chromium
from support.made_up import CATALOG, Database, columns, leg
from support.payloads import payloads

NOTEBOOKS = sorted((ROOT / "notebooks/explore").glob("*.ipynb"))
TEXTS = {table.name: [name for name, column in table.columns.items() if column.type == "string"] for table in TABLES}
# What a person may do to a page: come to every control, click whatever opens nothing, choose from every list.
TOUCH = """
document.querySelectorAll('*').forEach(function (part) {
  if (part.focus) part.focus();
  part.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
  if (part.tagName !== 'A' || /^javascript:/i.test(part.getAttribute('href') || '')) part.click && part.click();
});
document.querySelectorAll('details').forEach(function (part) { part.open = true; });
document.querySelectorAll('select').forEach(function (list) {
  Array.from(list.options).forEach(function (_, place) {
    list.selectedIndex = place; list.dispatchEvent(new Event('change', {bubbles: true}));
  });
});
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    needs_chromium()
    started = Browser(tmp_path_factory.mktemp("chromium"))
    yield started
    started.close()


@pytest.fixture
def trap():
    opened = Trap()
    yield opened
    opened.close()


@pytest.fixture
def texts(trap) -> list[str]:
    return list(payloads(trap.url).values())


@pytest.fixture
def harmless(browser, trap):
    """Shows a page and touches all of it: nothing ran, nothing was asked for, nobody was told anything."""

    def look(path) -> None:
        browser.open(path)
        browser.evaluate(TOUCH)
        browser.settle()
        assert browser.evaluate("typeof window.pwned") == "undefined"
        assert browser.evaluate("location.href").partition("#")[0] == path.resolve().as_uri()
        assert (browser.dialogs, trap.asked, browser.requests) == ([], [], [])

    return look


def test_each_payload_does_what_it_is_for_on_a_page_that_does_not_escape(browser, trap, tmp_path):
    done = {}
    for name, text in payloads(trap.url).items():
        page = tmp_path / "page.html"
        attribute = f'<p title="{text}">x</p>' if name == "attribute" else text
        page.write_text(f"<!doctype html><title>x</title><body>{attribute}</body>")
        trap.asked.clear()
        browser.open(page)
        browser.evaluate(TOUCH)
        browser.settle()
        done[name] = bool(browser.evaluate("typeof window.pwned") == "number" or browser.dialogs or trap.asked)
    # What is left waits for an engine of templates, for Markdown, or for a program that takes it for a name.
    assert [name for name, harmful in done.items() if not harmful] == ["template", "vega", "__proto__"]


@pytest.fixture
def tables(monkeypatch, texts):
    """Every table, with each of the texts in every column of text: in rows of their own, among ordinary ones."""
    made = Database()
    known = Catalog(tables=dict.fromkeys(TEXTS, ""), views=CATALOG.views, columns=columns())
    monkeypatch.setattr(catalog, "read", lambda: known)

    def frame(question):
        return made.run(expand(question.tree, known).sql(dialect="duckdb")).df()

    monkeypatch.setattr(backend, "in_use", lambda: SimpleNamespace(frame=frame))
    place = {"live_latitude": 41.5, "live_longitude": -72.0}
    legs = [leg(f"{number}", "JFK-BOS", 0, 60, dep_late=20, arr_late=30) | place for number in range(4)]
    for number, text in enumerate(texts):
        hostile = dict.fromkeys(TEXTS["flights"], text)
        for kept in ({}, {"flight_status": "landed"}, {"flight_status": "active"}, {"dep_iata": "JFK"}):
            real = leg("", "JFK-BOS", number, 60 + number, dep_late=20, arr_late=30) | place
            legs.append({name: value for name, value in real.items() if name not in hostile} | hostile | kept)
    seen = {"observed_at": pd.Timestamp("2013-07-10 08:00"), "known_from": pd.Timestamp("2013-07-10 08:00")}
    made.insert("flights", [{k: v for k, v in (row | seen).items() if k != "known_from"} for row in legs])
    made.insert("flight_history", [row | seen for row in legs])
    for name, of_text in TEXTS.items():
        if name not in ("flights", "flight_history"):
            made.insert(name, [dict.fromkeys(of_text, text) for text in texts])
    return made


def test_the_boards_file_shows_stored_text_as_text(tables, harmless, tmp_path):
    page = offline.write(tmp_path / "dashboard.html", MadeTables(tables))
    shown = page.read_text()
    assert shown.count("<figure") == 2
    assert "constructor.constructor" in shown
    harmless(page)


@pytest.fixture
def shown_as_page(producer_stack):
    """The page of a run whose notebook has these outputs, each of a cell of its own; with it the index is written."""

    def show(*outputs, before=()):
        cells = [new_code_cell("1", execution_count=n, outputs=[output]) for n, output in enumerate(outputs, 1)]
        record = RunRecord(run_id="0a", job="hostile", notebook="x.ipynb", started_at="2013-07-10T12:00:00Z")
        kept = store.keep(record, writes(new_notebook(cells=[*before, *cells])).encode())
        pages.write_index([kept])
        return pages.folder() / "pages/0a.html"

    return show


def outputs_of(items) -> list:
    """The items as a notebook keeps them: in every form that they have."""
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "aviation")
    try:
        return [
            new_output("display_data", data=data, metadata=about)
            for data, about in (shell.display_formatter.format(item) for item in items)
            if data
        ]
    finally:
        shell.run_line_magic("unload_ext", "aviation")
        InteractiveShell.clear_instance()


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_an_executed_exploration_shows_stored_text_as_text(tables, harmless, shown_as_page, notebook):
    shown, names = [], {}
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            *before, last = ast.parse(cell.source).body
            # What a notebook asserts of its numbers does not hold of such legs.
            before = [statement for statement in before if not isinstance(statement, ast.Assert)]
            exec(compile(ast.Module(before, []), notebook.name, "exec"), names)
            if isinstance(last, ast.Expr):
                item = eval(compile(ast.Expression(last.value), notebook.name, "eval"), names)
                shown += [item.picture(), item.query()] if hasattr(item, "picture") else [item]
            elif not isinstance(last, ast.Assert):
                exec(compile(ast.Module([last], []), notebook.name, "exec"), names)
    harmless(shown_as_page(*outputs_of(shown)))


def test_answers_findings_and_states_show_stored_text_as_text(harmless, shown_as_page, texts, monkeypatch):
    """Without the page's policy they would be no more than text, too: JupyterLab has none."""
    frame = pd.DataFrame({"text": texts, **{text: [text] * len(texts) for text in texts}})
    monkeypatch.setattr(status, "render", lambda: "\n".join(["```", *texts]))

    def fail(tables):
        raise QueryError(" ".join(texts))

    monkeypatch.setattr(offline, "render", fail)
    items = [frame, *(Finding(text, text + "!") for text in texts), table(frame), lab.state(), lab.page()]
    items += [picture(marks.bars, pd.DataFrame(), title=text, label="a", value="b") for text in texts]
    page = shown_as_page(*outputs_of(items))
    page.write_text(page.read_text().replace(pages.POLICY, ""))
    assert 'http-equiv="Content-Security-Policy" content=""' in page.read_text()
    harmless(page)


def test_the_fields_of_a_run_are_shown_as_text(harmless, producer_stack, texts):
    records = []
    for number, text in enumerate(texts):
        hostile = {"parameters": {text: text}, "counts": {"records": text, "warning": text}, "error": text}
        for status_, cell in (("failed", 1), (text, None)):
            records.append(
                RunRecord(
                    run_id=f"{number}-{cell}", job=text, notebook=text, started_at=text, status=status_,
                    failed_cell=cell, **hostile,
                )
            )  # fmt: skip
    index = pages.write_index(records)
    index.write_text(index.read_text().replace(pages.POLICY, ""))
    harmless(index)
    for record in records[1::2]:
        harmless(pages.write_page(record))


def test_whatever_an_executed_notebook_holds_its_page_runs_nothing_and_asks_for_nothing(harmless, shown_as_page, texts):
    kinds = ("text/html", "text/markdown", "text/latex", "image/svg+xml", "text/plain", "application/javascript")
    outputs = [new_output("display_data", data={kind: text}) for kind in kinds for text in texts]
    outputs += [new_output("display_data", data={"image/png": text, "text/plain": text}) for text in texts]
    outputs += [new_output("stream", name="stderr", text=text) for text in texts]
    outputs += [new_output("error", ename=text, evalue=text, traceback=[text]) for text in texts]
    harmless(shown_as_page(*outputs, before=[new_markdown_cell(text) for text in texts]))
