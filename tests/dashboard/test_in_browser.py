"""The page as a browser shows it; needs Chromium, and says so where there is none."""

import json
import os
import shutil
import subprocess

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from aviation import dashboard, query, status
from aviation.dashboard import page as page_module
from aviation.dashboard import queries as asked
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


DAY = pd.Timestamp("2013-07-10")
ANSWERS = {
    asked.FIGURES: {
        "flights": [8], "cancelled": [2], "diverted": [1], "first_date": [DAY], "last_date": [DAY], "flights_over": [8],
        "on_time": [4], "median_dep_delay_min": [3], "p90_dep_delay_min": [40], "median_arr_delay_min": [-2],
        "p90_arr_delay_min": [55],
    },
    asked.BY_STATUS: {"flight_status": ["landed", "cancelled", "diverted"], "flights": [5, 2, 1]},
    asked.BY_HOUR_STATUS: {"hour": [6, 7, 8], "flight_status": ["landed", "landed", "cancelled"], "flights": [3, 2, 2]},
    asked.BY_AIRLINE: {
        "airline_name": ["A <Airline> & Sons", "Southeastern & Very Long Airlines Inc."],
        "on_time_share": [1.0, 0.25], "flights": [3, 5],
    },
    asked.BY_AIRPORT: {"airport": ["JFK", "EWR"], "on_time_share": [0.5, 0.25], "flights": [6, 2]},
    asked.BY_HOUR: {
        "hour": [6, 7, 8], "mean_dep_delay_min": [-2.0, 3.5, None], "mean_arr_delay_min": [1.0, 2.0, None],
        "cancelled": [0, 0, 2], "operated": [3, 3, 0],
    },
    asked.BY_HOUR_WEEKDAY: {"weekday": [3, 3], "hour": [6, 7], "median_dep_delay_min": [1, 30], "flights": [3, 3]},
    asked.BY_ROUTE: {"route": ["JFK → BOS"], "mean_arr_delay_min": [33.3], "flights": [3]},
    asked.ROUTES: {"dep_iata": ["JFK", "EWR", "JFK"], "arr_iata": ["BOS", "ORD", "XX!"], "flights": [5, 2, 1]},
    asked.IN_THE_AIR: {
        "flight": ["B61"], "dep_iata": ["JFK"], "arr_iata": ["BOS"], "live_latitude": [41.5], "live_longitude": [-72.0],
    },
    asked.BOARD: {
        "flight": ["B61", "UA2", "B63"], "airline": ["A <Airline> & Sons", "United", "A <Airline> & Sons"],
        "departs_from": ["JFK", "EWR", "BOS"], "arrives_at": ["BOS", "ORD", "JFK"],
        "dep_scheduled_local": [DAY, DAY, None], "arr_scheduled_local": [DAY, None, None],
        "flight_status": ["landed", "cancelled", "active"], "dep_delay_min": [5, None, 7],
        "arr_delay_min": [9, None, None], "dep_gate": ["B2", None, None],
    },
    asked.BOARD_DAY: {"day": [DAY], "flights": [5]},
}  # fmt: skip
FRESHNESS = pd.DataFrame({"finished_at": [DAY], "p50": [60.0], "p95": [80.0], "worst": [90.0]})


@pytest.fixture
def answered(monkeypatch):
    """Lets the page ask `answers`; those not given are those of a small day, some rows of each."""

    def by(answers: dict) -> None:
        def sql(text, as_of=None):
            answer = (ANSWERS | answers)[text]
            if isinstance(answer, Exception):
                raise answer
            return pd.DataFrame(answer)

        monkeypatch.setattr(query, "sql", sql)
        monkeypatch.setattr(page_module, "age", lambda entity: "3 min")
        monkeypatch.setattr(status, "freshness", lambda: FRESHNESS)

    return by


@pytest.fixture
def page(answered, tmp_path):
    """The page of a small day: eight flights, two of them cancelled, one diverted."""
    answered({})
    return dashboard.write(tmp_path / "page.html")


def test_the_page_draws_without_a_word_on_the_console(browser, page):
    shown, console = browser(page, "--dump-dom")
    assert console == []
    figures = {
        "flights": "8", "cancelled": "2", "diverted": "1", "on time": "50.0%", "median departure delay": "3 min",
        "p90 departure delay": "40 min", "median arrival delay": "-2 min", "p90 arrival delay": "55 min",
        "data age": "3 min",
    }  # fmt: skip
    for figure, value in figures.items():
        assert f'data-figure="{figure}">{value}<' in shown
    assert "1 aircraft is in the air" in shown
    assert "p50 60 s, p95 80 s, worst 90 s" in shown
    assert shown.count("<svg") == 9


def test_what_was_left_out_of_the_board_is_said(page):
    assert f"The first {asked.BOARD_ROWS:,} of 5 flights are listed." in page.read_text()


@pytest.mark.parametrize(
    ("chosen", "flights"),
    [
        ({}, ["B61", "UA2", "B63"]),
        ({"airport": "JFK"}, ["B61", "B63"]),
        ({"airport": "JFK", "direction": "from"}, ["B61"]),
        ({"airport": "JFK", "direction": "to"}, ["B63"]),
        ({"airline": "United"}, ["UA2"]),
        ({"airport": "ORD", "airline": "A <Airline> & Sons"}, []),
    ],
)
def test_the_board_is_filtered_by_airport_direction_and_airline(browser, page, chosen, flights):
    probe = page.with_name("probe.html")
    choose = "".join(
        f"document.getElementById('{name}').value = {json.dumps(value)};" for name, value in chosen.items()
    )
    script = (
        f"<script>{choose} document.getElementById('filters').dispatchEvent(new Event('change'));"
        "document.title = 'shows ' + Array.from(document.querySelectorAll('#board tbody tr:not([hidden])'))"
        ".map(row => row.cells[1].textContent).join(' ') + ';'</script></body>"
    )
    probe.write_text(page.read_text().replace("</body>", script))
    shown, console = browser(probe, "--dump-dom")
    assert console == []
    assert shown.split("<title>shows ")[1].split(";")[0].split() == flights
    said = {0: "No flight fits these filters.", 1: "1 flight"}.get(len(flights), f"{len(flights)} flights")
    assert f'aria-live="polite">{said}<' in shown


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


def test_tables_without_rows_make_a_page_that_says_so(answered, monkeypatch, tmp_path):
    empty = {text: {name: [] for name in columns} for text, columns in ANSWERS.items()}
    nothing = {name: [None] for name in ANSWERS[asked.FIGURES]} | {"flights": [0], "flights_over": [0]}
    answered(empty | {asked.FIGURES: nothing})
    monkeypatch.setattr(status, "freshness", lambda: FRESHNESS.head(0))
    text = dashboard.write(tmp_path / "page.html").read_text()
    assert "no flights yet" in text
    assert text.count("No flights to show yet.") == 10
    assert "<svg" not in text


def test_a_day_without_cancellations_is_told_in_words(answered, tmp_path):
    answered({asked.BY_HOUR: ANSWERS[asked.BY_HOUR] | {"cancelled": [0, 0, 0]}})
    assert "No flight was cancelled." in dashboard.write(tmp_path / "page.html").read_text()


def test_one_flight_makes_a_page(answered, tmp_path):
    first = {text: {name: values[:1] for name, values in columns.items()} for text, columns in ANSWERS.items()}
    answered(first)
    text = dashboard.write(tmp_path / "page.html").read_text()
    assert text.count("<svg") == 9


def test_a_part_that_lacks_a_column_says_so_and_the_rest_stands(answered, tmp_path):
    answered({asked.BOARD: QueryError("the query failed: there is no column 'dep_gate'")})
    text = dashboard.write(tmp_path / "page.html").read_text()
    assert "This part cannot be shown: the query failed: there is no column &#39;dep_gate&#39;" in text
    assert text.count("<svg") == 9


def test_a_status_that_nobody_knows_has_a_grey_bar_of_its_own(answered, tmp_path):
    statuses = ["landed", "returned", None]
    by_hour = {"hour": [6, 6, 7], "flight_status": statuses, "flights": [5, 2, 1]}
    answered({asked.BY_STATUS: {"flight_status": statuses, "flights": [5, 2, 1]}, asked.BY_HOUR_STATUS: by_hour})
    page = BeautifulSoup(dashboard.write(tmp_path / "page.html").read_text(), "html.parser")
    for title in ("Flights by status", "Status through the day"):
        [figure] = page.select(f'figure[aria-label="{title}"]')
        assert {"landed", "returned", "not given"} <= {text.get_text() for text in figure("text")}
        assert len(figure.select('[fill="#6c757d"]')) >= 2


def test_control_characters_in_the_data_do_not_take_the_page_down(answered, tmp_path):
    airlines = ANSWERS[asked.BY_AIRLINE] | {"airline_name": ["A\x00BC", "D\x1bEF"]}
    board = ANSWERS[asked.BOARD] | {"airline": ["A\x00BC", "A\x00BC", None]}
    answered({asked.BY_AIRLINE: airlines, asked.BOARD: board})
    page = dashboard.write(tmp_path / "page.html").read_text()
    assert not {"\x00", "\x1b"} & set(page)
    assert page.count("<svg") == 9
    assert 'data-airline="ABC"' in page
    assert "<option>ABC</option>" in page


def test_a_day_on_which_nothing_left_makes_a_page(answered, tmp_path):
    hours = ANSWERS[asked.BY_HOUR] | {"mean_dep_delay_min": [None] * 3, "mean_arr_delay_min": [None] * 3}
    cells = ANSWERS[asked.BY_HOUR_WEEKDAY] | {"median_dep_delay_min": pd.array([None, None], "Int32")}
    answered({asked.BY_HOUR: hours, asked.BY_HOUR_WEEKDAY: cells})
    page = dashboard.write(tmp_path / "page.html").read_text()
    assert page.count("<svg") == 9
    assert "NaN" not in page


def test_on_time_is_defined_alike_everywhere(page):
    text = BeautifulSoup(page.read_text(), "html.parser").get_text(" ")
    assert "on time, of all" not in text
    assert text.count("those that landed less than 15 minutes after schedule") == 2
    assert text.count("those that left less than 15 minutes after schedule") == 1
    # The tile, and the axes of both charts.
    assert text.count("on time, of flights that are over") == 3
