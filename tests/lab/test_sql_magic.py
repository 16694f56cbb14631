"""`%%sql` in a shell, as a notebook's kernel runs it."""

import pandas as pd
import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from aviation import query
from aviation.errors import QueryError
from aviation.lab import sql_magic as magic

ROWS = pd.DataFrame(
    {
        "flight": ["B61", "<b>"],
        "late": [12.0, None],
        "on_time": [0.5, 1.0],
        "day": pd.to_datetime(["2013-07-10", None]),
        "codes": [["AA1", "QF2"], []],
    }
)


@pytest.fixture
def shell(monkeypatch):
    """A shell with the extension loaded, and what it asked: `(text, as_of)` each."""
    asked = []
    monkeypatch.setattr(query, "sql", lambda text, as_of=None: asked.append((text, as_of)) or ROWS)
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "aviation")
    yield shell, asked
    shell.run_line_magic("unload_ext", "aviation")
    InteractiveShell.clear_instance()


def test_a_cell_is_asked_and_its_answer_kept_under_a_name(shell):
    shell, asked = shell
    answer = shell.run_cell_magic("sql", "--as-of 2013-07-10T18:00Z --name rows", "select 1\n;\n")
    assert answer is ROWS
    assert shell.user_ns["rows"] is ROWS
    assert asked == [("select 1", "2013-07-10T18:00Z")]


def test_a_line_is_asked_too(shell):
    shell, asked = shell
    assert shell.run_line_magic("sql", "select count(*) from flights where dep_iata = 'JFK'") is ROWS
    assert asked == [("select count(*) from flights where dep_iata = 'JFK'", None)]


def test_an_answer_is_shown_as_a_table_with_numbers_dashes_and_its_number_of_rows(shell):
    shell, _ = shell
    shown = shell.display_formatter.format(ROWS)[0]["text/html"]
    assert "<td class=number>12</td>" in shown
    assert "<td class=number>–</td>" in shown
    assert "<td class=number>0.5</td>" in shown
    assert "<td>2013-07-10</td>" in shown
    assert "<td>AA1, QF2</td>" in shown
    assert "&lt;b&gt;" in shown
    assert "<p>2 rows</p>" in shown


def test_a_long_answer_is_cut_and_says_so():
    long = pd.DataFrame({"n": range(1234)})
    shown = magic.as_html(long)
    assert shown.count("<tr>") == magic.MOST_ROWS + 1
    assert "1,234 rows, the first 50 shown" in shown


def test_what_cannot_be_asked_is_one_line_without_a_traceback(shell, monkeypatch, capsys):
    shell, _ = shell

    def fail(text, as_of=None):
        raise QueryError("there is no table 'flihgts'")

    monkeypatch.setattr(query, "sql", fail)
    with pytest.raises(UsageError, match="there is no table 'flihgts'"):
        shell.run_cell_magic("sql", "", "select * from flihgts")
    shell.run_cell("%%sql\nselect * from flihgts")
    said = capsys.readouterr()
    assert (said.out + said.err).strip().splitlines() == ["UsageError: there is no table 'flihgts'"]


@pytest.mark.parametrize(("line", "said"), [("flights", "not 'flights'"), ("--name 1x", "not a valid Python name")])
def test_options_that_do_not_fit_are_refused(shell, line, said):
    shell, _ = shell
    with pytest.raises(UsageError, match=said):
        shell.run_cell_magic("sql", line, "select 1")


def test_unloading_takes_the_magic_back():
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "aviation")
    shell.run_line_magic("unload_ext", "aviation")
    assert "sql" not in shell.magics_manager.magics["cell"]
    assert "<p>2 rows</p>" not in shell.display_formatter.format(ROWS)[0].get("text/html", "")
    InteractiveShell.clear_instance()
