"""The page as a browser shows it; needs Chromium, and says so where there is none."""

import os
import shutil
import subprocess

import pandas as pd
import pytest

from aviation import dashboard, query
from aviation.errors import QueryError

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Runs Chromium on a page: what it printed to stdout, and the console messages it logged."""
    if not CHROMIUM:
        if os.environ.get("REQUIRE_ALL_TESTS"):
            pytest.fail("Chromium is not installed, and no test may be skipped here")
        pytest.skip("Chromium is not installed: the page was not looked at in a browser")
    profile = tmp_path_factory.mktemp("chromium")

    def run(path, *flags: str) -> tuple[str, list[str]]:
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", *flags, path.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    return run


@pytest.fixture
def page(monkeypatch, tmp_path):
    """The page of a small day: eight flights, two of them cancelled, one diverted."""
    answers = {
        dashboard.FIGURES: {
            "flights": [8], "on_time_share": [0.5], "cancelled": [2], "diverted": [1], "mean_dep_delay_min": [12.4],
            "mean_arr_delay_min": [9.6], "first_date": [pd.Timestamp("2013-07-10")],
            "last_date": [pd.Timestamp("2013-07-10")],
        },
        dashboard.BY_STATUS: {"flight_status": ["landed", "cancelled", "diverted"], "flights": [5, 2, 1]},
        dashboard.BY_AIRLINE: {
            "airline_name": ["A <Airline> & Sons", "Southeastern & Very Long Airlines Inc."],
            "on_time_share": [1.0, 0.25], "flights": [3, 5],
        },
        dashboard.BY_HOUR: {
            "hour": [6, 7, 8], "mean_dep_delay_min": [-2.0, 3.5, None], "mean_arr_delay_min": [1.0, 2.0, None],
            "cancelled": [0, 0, 2], "operated": [3, 3, 0],
        },
        dashboard.BY_ROUTE: {"route": ["JFK → BOS"], "mean_arr_delay_min": [33.3], "flights": [3]},
    }  # fmt: skip
    monkeypatch.setattr(query, "sql", lambda text, as_of=None: pd.DataFrame(answers[text]))
    monkeypatch.setattr(dashboard, "age", lambda entity: "3 min")
    return dashboard.write(tmp_path / "page.html")


def test_the_page_draws_without_a_word_on_the_console(browser, page):
    shown, console = browser(page, "--dump-dom")
    assert console == []
    for figure, value in (("flights", "8"), ("cancelled", "2"), ("diverted", "1"), ("on time", "50.0%")):
        assert f'data-figure="{figure}">{value}<' in shown


def test_names_from_the_data_are_text_and_never_markup(browser, page):
    shown, _ = browser(page, "--dump-dom")
    assert "<airline>" not in shown.lower()
    assert "A &lt;Airline&gt; &amp; Sons" in shown


@pytest.mark.parametrize("width", [390, 1280])
def test_no_panel_is_wider_than_the_window(browser, page, width):
    probe = page.with_name("probe.html")
    script = "<script>document.title = 'over ' + (document.documentElement.scrollWidth - innerWidth)</script></body>"
    probe.write_text(page.read_text().replace("</body>", script))
    shown, _ = browser(probe, "--dump-dom", f"--window-size={width},900")
    over = int(shown.split("<title>over ")[1].split("<")[0])
    assert over <= 0


def test_an_empty_database_is_told_in_words(monkeypatch, tmp_path):
    monkeypatch.setattr(query, "sql", lambda text, as_of=None: (_ for _ in ()).throw(QueryError("there are none yet")))
    with pytest.raises(QueryError, match="none yet"):
        dashboard.write(tmp_path / "page.html")
    assert not list(tmp_path.iterdir())


def test_tables_without_rows_make_a_page_that_says_so(monkeypatch, tmp_path):
    def empty(text, as_of=None):
        if text == dashboard.FIGURES:
            names = ("on_time_share", "cancelled", "diverted", "mean_dep_delay_min", "mean_arr_delay_min")
            return pd.DataFrame({"flights": [0]} | {name: [None] for name in names})
        columns = ["hour", "mean_dep_delay_min", "mean_arr_delay_min", "cancelled", "operated"]
        return pd.DataFrame(columns=columns)

    monkeypatch.setattr(query, "sql", empty)
    monkeypatch.setattr(dashboard, "age", lambda entity: "never loaded")
    text = dashboard.write(tmp_path / "page.html").read_text()
    assert "no flights yet" in text
    assert text.count("No flights to show yet.") == 5
