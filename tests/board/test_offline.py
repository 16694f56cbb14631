"""The page *Now* as one file: it needs nothing, runs nothing but its own script, and says how old it is."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner
from playwright.sync_api import Page, expect, sync_playwright

from aviation.board import offline
from aviation.board.moment import moment
from aviation.board.pages.now import now
from aviation.cli.tables import dashboard
from aviation.errors import ParameterError, QueryError
from support.any_text import WEIRD
from support.board import MadeTables, storm
from support.browser import CHROMIUM, needs_chromium
from support.made_up import NOON, Database, leg, real_legs

AXE = Path(__file__).parent / "axe-4.14.1.min.js"
STORM = "2013-07-10T20:10:00Z"
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
IMAGE = "<img src=x onerror=alert(1)>"
MOST_BYTES = 1_500_000


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """The demo's day in the middle of its storm."""
    return offline.write(tmp_path_factory.mktemp("file") / "dashboard.html", storm(), as_of=STORM)


def read(text: str) -> BeautifulSoup:
    return BeautifulSoup(text, "html.parser")


def made(*legs: dict) -> MadeTables:
    database = Database()
    database.insert("flights", [{"observed_at": pd.Timestamp(NOON)} | one for one in legs])
    return MadeTables(database)


def test_its_figures_are_those_of_the_boards_page(file):
    tables = storm()
    figures = now(tables, moment(tables, as_of=STORM))
    page = read(file.read_text())
    assert {one["data-figure"]: one.get_text() for one in page.select("[data-figure]")} == {
        tile.name: tile.text for tile in figures.tiles
    }
    assert figures.left_out in page.get_text()
    assert page.select_one("#attention .count").get_text() == f"{figures.cases_found:,}"
    assert "as known at 20:10 UTC" in page.select_one(".asof").get_text()


def test_every_flight_of_the_day_is_listed_and_drawn(file):
    page = read(file.read_text())
    rows = page.select("#flights tbody tr")
    assert len(rows) == len(list(real_legs("2013-07-10")))
    assert {row["data-from"] for row in rows} == {"JFK", "LGA", "EWR"}
    assert len(page.select("#map-drawing .routes path")) > 150
    assert len(page.select("figure svg")) == 2


def test_nothing_is_fetched_and_only_its_own_script_and_style_are_let_in(file):
    text = file.read_text()
    page = read(text)
    policy = page.select_one("meta[http-equiv=Content-Security-Policy]")["content"]
    assert "unsafe" not in policy and policy.startswith("default-src 'none'")
    for kind in ("style", "script"):
        [one] = page(kind)
        written = text.partition(f"<{kind}>")[2].partition(f"</{kind}>")[0]
        assert written == one.string
        assert f"{kind}-src 'sha256-{b64encode(sha256(written.encode()).digest()).decode()}'" in policy
    assert page("a") == page.select("a.skip")
    assert not page.select("[src], [action], [hx-get], link:not([rel=icon]), form[method]")
    assert page.select_one("link")["href"].startswith("data:")
    assert len(text.encode()) < MOST_BYTES


def test_the_newest_flights_age_and_when_it_was_made_are_told(file):
    page = read(offline.render(storm()))
    assert re.search(r"Made on \d+ \w+ \d{4}, \d\d:\d\d UTC", page.select_one(".made").get_text())
    database = storm().database
    [(fetched,)] = database.run("select max(element_at(newest_fetched_at, 'flights')) from loads").fetchall()
    assert (page.select_one("#age").get("data-fetched") is None) == (fetched is None)


def test_a_text_of_the_tables_is_text(tmp_path):
    rows = []
    for number, text in enumerate(
        [IMAGE, "</script><script>alert(1)</script>", "</style>", "-->", *filter(None, WEIRD)]
    ):
        if not any("\ud800" <= letter <= "\udfff" for letter in text):
            named = dict.fromkeys(("airline_name", "flight_iata", "dep_gate", "aircraft_registration"), text)
            rows.append(leg(f"{number} {text}", "JFK-BOS", number, 60, arr_late=30) | named | {"dep_iata": text})
            rows.append(leg(f"{number} there", "JFK-BOS", number, 60, arr_late=30) | named | {"arr_iata": text})
    text = offline.write(tmp_path / "file.html", made(*rows)).read_text()
    page = read(text)
    assert len(page("script")) == len(page("style")) == 1
    assert not page("img")
    assert IMAGE in page.get_text()
    assert "\0" not in text


def test_tables_that_are_not_there_make_no_file(tmp_path):
    with pytest.raises(QueryError, match="flights"):
        offline.write(tmp_path / "file.html", MadeTables())
    with pytest.raises(ParameterError, match="no flight of 2013-07-11"):
        offline.write(tmp_path / "file.html", storm(), day="2013-07-11")
    assert not list(tmp_path.iterdir())


def test_tables_without_a_flight_make_a_page_that_says_so():
    page = read(offline.render(MadeTables(Database())))
    assert "There are no flights yet" in page.get_text()
    assert not page("svg")


def test_before_the_first_poll_of_the_day_the_page_says_that_nothing_was_known():
    text = read(offline.render(storm(), as_of="2013-07-01T00:00:00Z")).get_text()
    assert "Nothing was known of this day's flights at that moment." in text


def test_of_a_day_with_more_flights_than_are_listed_the_first_are_and_that_is_said(monkeypatch):
    monkeypatch.setattr(offline, "MOST_FLIGHTS", 2)
    page = read(offline.render(made(*(leg(f"{n}", "JFK-BOS", n, 60) for n in range(3)))))
    assert len(page.select("#flights tbody tr")) == 2
    assert "These are the first 2 of 3 flights, by scheduled departure." in page.get_text()


def test_the_command_writes_the_day_and_the_moment_that_are_asked_for(monkeypatch, tmp_path):
    monkeypatch.setattr(offline, "Tables", storm)
    target = tmp_path / "page.html"
    done = CliRunner().invoke(dashboard, ["-o", str(target), "--day", "2013-07-10", "--as-of", STORM])
    assert done.output == f"{target}\n"
    assert "as known at 20:10 UTC" in target.read_text()


@pytest.fixture(scope="module")
def chromium():
    needs_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium):
    """Opens a file; at the end it must have logged nothing and asked for nothing."""
    contexts, said, asked = [], [], []

    def open_(path, **options) -> Page:
        contexts.append(chromium.new_context(**({"viewport": WIDE} | options)))
        page = contexts[-1].new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message) or dialog.dismiss())
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_flights_are_found_without_a_board(opened, file):
    page = opened(file)
    shown = page.locator("#flights tbody tr:visible")
    every = shown.count()
    page.select_option("#airport", "BOS")
    routes = page.locator("#flights tbody tr:visible td:nth-child(4)").all_inner_texts()
    assert 0 < len(routes) < every and all(route.endswith("–BOS") for route in routes)
    page.select_option("#direction", "from")
    expect(page.locator("#found")).to_have_text("No flight fits.")
    page.select_option("#airport", "JFK")
    expect(page.locator("#found")).not_to_have_text("No flight fits.")
    page.select_option("#direction", "to")
    expect(page.locator("#found")).to_have_text("No flight fits.")
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#found")).to_have_text(f"{every:,} flights.")
    page.select_option("#status", "overdue")
    page.select_option("#airline", "JetBlue Airways")
    assert set(page.locator("#flights tbody tr:visible .status").all_inner_texts()) == {"overdue"}
    page.get_by_role("button", name="Show all").click()
    page.fill("#text", "b6 27")
    expect(page.locator("#flights tbody tr:visible").first).to_contain_text("B6 27")
    page.keyboard.press("Enter")
    assert page.url == file.as_uri()


def test_the_age_goes_on_and_turns_red_without_a_board(opened, file, tmp_path):
    text = re.sub(r'<p class="age.*?</p>', (
        '<p class="age" id="age" data-fetched="2013-07-10T20:00:00Z" data-promised="45">Flights: <span></span></p>'
    ), file.read_text())  # fmt: skip
    (tmp_path / "old.html").write_text(text)
    page = opened(tmp_path / "old.html")
    expect(page.locator("#age")).to_have_class("age old")
    expect(page.locator("#age")).to_contain_text("old, should be 45 min at most")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing(opened, viewport, scheme, monkeypatch, tmp_path):
    monkeypatch.setattr(offline, "MOST_FLIGHTS", 60)  # each line of the table is like the next
    page = opened(offline.write(tmp_path / "file.html", storm(), as_of=STORM), viewport=viewport, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('#main details').forEach((one) => { one.open = true; })")
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run().then((results) => results.violations)")
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def test_a_phone_shows_all_of_it_without_scrolling_sideways(opened, file):
    page = opened(file, viewport=PHONE, is_mobile=True, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for status in page.locator("#main .status:visible").all()[:40]:
        box = status.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
    heights = page.evaluate(
        "[...document.querySelectorAll('figure svg text')].map((text) => text.getBoundingClientRect())"
        ".filter((box) => box.width).map((box) => Math.min(box.width, box.height))"
    )
    assert len(heights) > 20 and min(heights) > 5


def test_printed_it_says_its_moment_and_leaves_out_what_is_to_be_pressed(opened, file):
    page = opened(file)
    page.emulate_media(media="print")
    assert page.locator(".asof").is_visible()
    assert page.locator(".group > summary").first.is_visible()
    assert not page.locator("#filters").is_visible()
