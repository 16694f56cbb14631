"""The board as a browser shows it; needs Chromium, and says so where there is none."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from threading import Thread

import pandas as pd
import pytest
import requests
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from aviation.board.app import application
from aviation.board.guard import Access
from aviation.board.tables import Tables
from aviation.jobs.demo import poll_times
from aviation.replay import DEFAULT_DAY
from support.board import MadeTables, loaded, polls, storm
from support.board_made import MadeStack
from support.browser import CHROMIUM, needs_chromium
from support.forecasts_made import foreseen
from support.made_up import NOON, Database, leg
from support.quiet_made import MadeQuieted

AXE = Path(__file__).parent / "axe-4.14.1.min.js"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
PAGES = ("/", "/flights", "/map")
STORM = "as_of=2013-07-10T20:10:00Z"
LEG = f"{DEFAULT_DAY}|JFK|VRD|411"
EVERY = (
    *PAGES,
    f"/flight/{LEG}",
    "/airport/JFK",
    "/airline/JBU",
    "/aircraft/N588JB",
    "/data",
    "/sql?sql=select+flight_key,+dep_delay_min+from+flights",
    "/nowhere",
)
"""Every page that stands in the board's frame but the raw records, which need a bucket."""
# The legs have left and not.
FORESEEN = (
    "/",
    "/flights?sort=chance&descending=true",
    f"/flight/{LEG}",
    f"/flight/{DEFAULT_DAY}|EWR|SWA|19",
    "/airport/JFK",
)
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
WALL, UPRIGHT, TABLET = ({"width": w, "height": h} for w, h in ((1920, 1080), (1080, 1920), (768, 1024)))
IMAGE = "<img src=x onerror=alert(1)>"
expect.set_options(timeout=60_000)  # how fast it is is measured by benchmarks/board.py


# What can be focused and is shown, and which control is not among it.
REACHED = """(() => {
  const shown = (one) => one.checkVisibility({visibilityProperty: true}) && !one.disabled;
  const kinds = 'a, button, input:not([type=hidden]), select, textarea, summary';
  const controls = [...document.querySelectorAll(kinds)].filter(shown);
  const lost = (one) => one.tabIndex < 0 || one.tagName === 'A' && !one.href;
  const missed = controls.filter(lost).map((one) => one.outerHTML);
  return {count: controls.length, missed};
})()"""


@contextmanager
def served(tables: Tables, access: Access | None = None) -> Iterator[str]:
    """The address of the board over these tables."""
    app = application(tables, access, MadeStack(), MadeQuieted())
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    needs_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def board() -> Iterator[str]:
    needs_chromium()
    with served(storm()) as address:
        yield address


@pytest.fixture(scope="module")
def foreseeing() -> Iterator[str]:
    """The board over the same day with its forecasts."""
    needs_chromium()
    with served(foreseen()) as address:
        yield address


@contextmanager
def tab(chromium: Browser, address: str, path: str = "/", is_refused: bool = False, **options) -> Iterator[Page]:
    """A page of the board; at the end it must have logged no error, but that the page itself is refused where it
    should be, and asked nobody but the board."""
    context = chromium.new_context(**({"viewport": WIDE} | options))
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message) or dialog.dismiss())
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}{path}")
    yield page
    context.close()
    assert [text for text in said if not (is_refused and re.search("status of 40|Status Error Code 40", text))] == []
    assert [url for url in asked if not url.startswith((address, "data:"))] == []


def figure(page: Page, name: str) -> str:
    return page.locator(f"[data-figure='{name}']").inner_text()


def test_axe_is_the_file_that_was_published():
    assert sha256(AXE.read_bytes()).hexdigest() == AXE_SHA256


def storm_of(path: str) -> str:
    """The page in the middle of the storm."""
    return f"{path}{'&' if '?' in path else '?'}{STORM}"


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """What axe has against the page, all of it unfolded."""
    page.evaluate("document.querySelectorAll('main details:not(#raw)').forEach((one) => { one.open = true; })")
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run().then((results) => results.violations)")
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("path", FORESEEN)
def test_axe_finds_nothing_against_forecasts_which_fit_on_a_phone(chromium, foreseeing, path, viewport, scheme):
    with tab(chromium, foreseeing, storm_of(path), viewport=viewport, color_scheme=scheme) as page:
        assert page.locator(".status.forecast, td.forecast:not(.none), svg.range").count() > 0
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("path", EVERY)
def test_axe_finds_nothing(chromium, board, path, viewport, scheme):
    refused = path == "/nowhere"
    with tab(chromium, board, storm_of(path), refused, viewport=viewport, color_scheme=scheme) as page:
        assert violations(page) == []
        # One heading for the page, a table's headings say of what, and a chart says what it shows.
        assert page.locator("h1").count() == 1
        assert page.locator("main").count() == page.locator("header").count() == page.locator("footer").count() == 1
        assert page.locator("th:not([scope])").count() == 0
        assert page.locator("figure:not([aria-label])").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing_on_the_page_that_asks_for_the_token(chromium, viewport, scheme):
    looks = {"viewport": viewport, "color_scheme": scheme}
    with (
        served(storm(), Access(token="right")) as address,
        tab(chromium, address, "/flights", True, **looks) as page,
    ):
        expect(page.get_by_label("Token")).to_be_focused()
        page.keyboard.type("wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_be_visible()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        page.get_by_label("Token").fill("right")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Departures")).to_be_visible()


@pytest.mark.parametrize("path", EVERY)
def test_each_control_is_reached_by_keyboard_and_shows_that_it_is(chromium, board, path):
    with tab(chromium, board, storm_of(path), path == "/nowhere") as page:
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        assert page.locator(".skip").bounding_box()["x"] >= 0
        reached = page.evaluate(REACHED)
        assert reached["missed"] == []
        for _ in range(min(reached["count"], 25) - 1):
            page.keyboard.press("Tab")
            style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert style != "none", page.evaluate("document.activeElement.outerHTML")
        page.locator(".skip").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()


@pytest.mark.parametrize("path", EVERY)
def test_a_title_says_page_day_and_moment(chromium, board, path):
    with tab(chromium, board, storm_of(path), path == "/nowhere") as page:
        title = page.title()
        assert title.endswith(" · Aviation")
        if path not in ("/data", "/nowhere"):
            assert "10 Jul 2013, 20:10 UTC" in title
            newest = page.locator("#newest")
            if path == "/":
                newest.click()
                expect(page).to_have_title("Now · 10 Jul 2013, 12:30 UTC on 11 Jul · Aviation")


@pytest.mark.parametrize("path", EVERY)
def test_a_phone_shows_all_of_it_without_scrolling_sideways(chromium, board, path):
    refused = path == "/nowhere"
    with tab(chromium, board, storm_of(path), refused, viewport=PHONE, is_mobile=True, has_touch=True) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        for status in page.locator("#main .status:visible").all()[:20]:
            box = status.bounding_box()
            if not status.evaluate("(one) => one.closest('.scroll') && !one.closest('table.board')"):
                assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]


def test_text_of_charts_is_readable_on_a_phone(chromium, board):
    with tab(chromium, board, f"/?{STORM}", viewport=PHONE, is_mobile=True, has_touch=True) as page:
        heights = page.evaluate(
            "[...document.querySelectorAll('figure svg text')].map((text) => text.getBoundingClientRect())"
            ".filter((box) => box.width).map((box) => Math.min(box.width, box.height))"
        )
        assert len(heights) > 20
        # A single digit is narrower than high: nothing is smaller than one of a 9 px font.
        assert min(heights) > 5


def test_filters_and_search_are_in_the_address(chromium, board):
    with tab(chromium, board, "/flights") as page:
        page.select_option("select[name=airline]", "JetBlue Airways")
        expect(page).to_have_url(re.compile("airline=JetBlue"))
        expect(page.locator("tbody tr").first).to_contain_text("JetBlue Airways")
        page.fill("#text", "b6 27")
        expect(page).to_have_url(re.compile(r"text=b6(\+|%20)27"))
        expect(page.locator("#text")).to_be_focused()
        expect(page.get_by_role("link", name="B6 27", exact=True).first).to_be_visible()
        found = page.locator("#main [role=status]").first.inner_text()
        page.reload()
        assert page.locator("#main [role=status]").first.inner_text() == found
        page.go_back()
        expect(page.locator("#text")).to_have_value("")


@pytest.mark.parametrize("path", PAGES)
def test_the_scrubber_turns_back_time_and_keeps_its_focus(chromium, board, path):
    with tab(chromium, board, path) as page:
        page.locator("#scrubber").focus()
        before = page.locator("#content").inner_html()
        for _ in range(7):
            page.keyboard.press("ArrowLeft")
        expect(page).to_have_url(re.compile("as_of=2013-07-10T20%3A10%3A00Z"))
        expect(page.locator(".asof")).to_contain_text("20:10 UTC")
        expect(page.locator("#scrubber")).to_be_focused()
        expect(page.locator("#scrubber")).to_have_attribute("aria-valuetext", "20:10 UTC")
        assert page.locator("#content").inner_html() != before
        assert all("as_of=2013-07-10T20" in link.get_attribute("href") for link in page.locator("#pages a").all())
        page.go_back()
        expect(page.locator(".asof")).to_contain_text("12:30 UTC")
        expect(page.locator("#scrubbed")).to_have_text("12:30 UTC on 11 Jul")
        assert "as_of" not in page.url


def test_what_is_said_of_a_moment_is_what_its_address_shows(chromium, board):
    with tab(chromium, board) as page:
        page.locator("#scrubber").focus()
        for _ in range(7):
            page.keyboard.press("ArrowLeft")
        expect(page.locator(".asof")).to_contain_text("20:10 UTC")
        scrubbed = [figure(page, name) for name in ("On time so far", "Overdue", "Cancelled")]
        page.reload()
        assert [figure(page, name) for name in ("On time so far", "Overdue", "Cancelled")] == scrubbed


@pytest.fixture(scope="module")
def answered(board) -> str:
    """The board when it has been asked for each moment once."""
    for path in PAGES:
        for instant in poll_times(DEFAULT_DAY):
            assert requests.get(f"{board}{path}", {"as_of": instant.isoformat()}, timeout=60).status_code == 200
    return board


@pytest.mark.parametrize("path", ["/", *(pytest.param(path, marks=pytest.mark.slow) for path in PAGES[1:])])
def test_a_day_is_a_film_of_its_polls_without_a_jump(chromium, answered, path):
    with tab(chromium, answered, f"{path}?as_of=2013-07-10T08:30:00Z") as page:
        page.evaluate("scrollTo(0, 120)")
        before = page.evaluate("scrollY")
        page.evaluate(
            "window.seen = []; new MutationObserver(() => { const text = document.querySelector('.asof').textContent;"
            " if (seen.at(-1) !== text) seen.push(text); }).observe(document.body, { childList: true, subtree: true })"
        )
        page.locator("#play").evaluate("(button) => { button.focus({ preventScroll: true }); button.click(); }")
        expect(page.locator("#play")).to_have_text("Stop")
        expect(page.locator("#play")).to_have_text("Play the day")
        assert len(page.evaluate("seen")) == 13
        assert page.evaluate("scrollY") == before
        expect(page.locator("#play")).to_be_focused()
        assert "as_of" not in page.url
        page.go_back()  # one step, not thirteen
        expect(page.locator(".asof")).to_contain_text("08:30 UTC")


def test_what_is_unfolded_stays_so_at_another_moment(chromium, board):
    with tab(chromium, board, f"/?{STORM}") as page:
        group = page.locator("details.group").first
        name = group.get_attribute("id")
        group.locator("> summary").click()
        page.locator("#scrubber").focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator(".asof")).to_contain_text("22:30 UTC")
        assert page.locator(f"[id='{name}'][open]").count() == 1


def test_every_flight_that_needs_attention_can_be_reached(chromium, board):
    with tab(chromium, board, f"/?{STORM}") as page:
        page.evaluate("document.querySelectorAll('#attention details').forEach((one) => { one.open = true; })")
        assert page.locator("#attention .case .flight a:visible").count() == int(page.locator(".count").inner_text())


def test_the_map_zooms_and_moves_and_stays_so_at_another_moment(chromium, board):
    with tab(chromium, board, f"/map?{STORM}") as page:
        drawing = page.locator("#map-drawing")

        def view() -> list[float]:
            return [float(part) for part in drawing.get_attribute("viewBox").split()]

        whole = view()
        box = page.locator("#map").bounding_box()
        page.mouse.move(box["x"] + 700, box["y"] + 200)
        page.mouse.wheel(0, -600)
        page.wait_for_function("document.querySelector('#map.near')")
        near = view()
        assert near[2] < whole[2]
        page.mouse.down()
        page.mouse.move(box["x"] + 600, box["y"] + 250)
        page.mouse.up()
        moved = view()
        assert moved[0] > near[0] and moved[1] < near[1] and moved[2] == pytest.approx(near[2])
        page.locator("#map").focus()
        page.keyboard.press("ArrowRight")
        assert view()[0] > moved[0]
        page.keyboard.press("+")
        chosen = view()
        assert chosen[2] < moved[2]
        page.locator("#scrubber").focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator(".asof")).to_contain_text("22:30 UTC")
        assert view() == pytest.approx(chosen)
        page.get_by_role("button", name="All").click()
        assert view() == whole


def test_two_fingers_zoom_the_map(chromium, board):
    with tab(chromium, board, f"/map?{STORM}", viewport=PHONE, is_mobile=True, has_touch=True) as page:
        page.locator("#map").scroll_into_view_if_needed()
        box = page.locator("#map").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        fingers = page.context.new_cdp_session(page)

        def touch(kind: str, *apart: float) -> None:
            points = [
                {"x": x + side * far, "y": y, "id": number} for far in apart for number, side in ((0, -1), (1, 1))
            ]
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        whole = page.locator("#map-drawing").get_attribute("viewBox")
        touch("touchStart", 20)
        for far in (30, 40, 60, 80):
            touch("touchMove", far)
        touch("touchEnd")
        page.wait_for_function("document.querySelector('#map.near')")
        near = page.locator("#map-drawing").get_attribute("viewBox")
        assert float(near.split()[2]) < 0.5 * float(whole.split()[2])


def test_each_airport_of_new_york_has_its_name_on_the_map(chromium, board):
    for viewport in (WIDE, PHONE):
        with tab(chromium, board, f"/map?{STORM}", viewport=viewport) as page:
            page.locator("#map .zoom").wait_for()  # the script has placed the names
            names = [page.locator(f".airports text:text-is('{code}')") for code in ("EWR", "JFK", "LGA")]
            assert [name.get_attribute("visibility") for name in names] == [None] * 3
            anchored = {
                (name.get_attribute("text-anchor"), name.get_attribute("x"), name.get_attribute("y")) for name in names
            }
            assert len(anchored) == 3  # each on a side of its own, for they are a few pixels apart


def test_a_page_that_is_open_shows_a_load_by_itself(chromium):
    instants = poll_times(DEFAULT_DAY)
    tables = MadeTables(loaded(polls(DEFAULT_DAY, instants[:4])))
    after = MadeTables(loaded(polls(DEFAULT_DAY, instants[:6]))).database
    with served(tables) as address, tab(chromium, address) as page:
        expect(page.locator("#scrubbed")).to_have_text("15:30 UTC")
        page.locator("#scrubber").focus()
        with tab(chromium, address, "/flights?as_of=2013-07-10T13:10:00Z") as past:
            tables.database = after
            tables.load()
            expect(page.locator("#scrubbed")).to_have_text("20:10 UTC")
            assert figure(page, "Overdue") == "64"
            expect(page.locator("#live")).to_contain_text("Updated at")
            expect(page.locator("#scrubber")).to_be_focused()
            expect(past.locator("#live")).to_contain_text("newer data")
            expect(past.locator("#scrubbed")).to_have_text("13:10 UTC")


def test_a_load_leaves_a_form_alone_until_its_reader_leaves_it(chromium):
    instants = poll_times(DEFAULT_DAY)
    tables = MadeTables(loaded(polls(DEFAULT_DAY, instants[:4])))
    after = MadeTables(loaded(polls(DEFAULT_DAY, instants[:6]))).database
    with served(tables) as address, tab(chromium, address) as page:
        line = page.locator("#attention .cases > li > .case").first
        line.locator(".hush summary").click()
        note = line.get_by_label("Note").last
        note.fill("not yet")
        tables.database = after
        tables.load()
        expect(page.locator("#live")).to_contain_text("newer data")
        page.keyboard.press("Tab")  # to the form's next control
        page.wait_for_timeout(300)
        expect(note).to_have_value("not yet")
        expect(page.locator("#scrubbed")).to_have_text("15:30 UTC")
        page.locator("#scrubber").focus()
        expect(page.locator("#scrubbed")).to_have_text("20:10 UTC")


@pytest.mark.parametrize(
    ("path", "name"),
    [(f"/?{STORM}", "attention"), (f"/flights?{STORM}&airline=B6", "departures"), (f"/map?{STORM}", "routes")],
)
def test_a_page_gives_its_rows_as_files(chromium, board, path, name, tmp_path):
    with tab(chromium, board, path) as page:
        rows = {}
        for kind in ("CSV", "Parquet"):
            with page.expect_download() as given:
                page.get_by_role("link", name=kind).first.click()
            file = tmp_path / given.value.suggested_filename
            given.value.save_as(file)
            assert name in file.name
            rows[kind] = len(pd.read_csv(file) if kind == "CSV" else pd.read_parquet(file))
        assert rows["CSV"] == rows["Parquet"] > 0


def test_before_the_first_load_each_page_says_so_and_then_fills_itself(chromium):
    tables = MadeTables()
    with served(tables) as address:
        for path in PAGES[1:]:
            with tab(chromium, address, path) as page:
                expect(page.get_by_role("heading", name="There are no flights yet")).to_be_visible()
        with tab(chromium, address) as page:
            expect(page.get_by_role("heading", name="There are no flights yet")).to_be_visible()
            tables.database = storm().database
            tables.load()
            expect(page.locator(".tile").first).to_be_visible()


def one_flight(**more) -> MadeTables:
    """A day of one flight."""
    row = leg("k", "EWR-BOS", 0, 60, dep_late=None, arr_late=None, flight_status="scheduled", **more)
    row |= {"observed_at": NOON}
    made = Database().insert("flights", [row])
    made.insert("flight_history", [row | {"known_from": NOON, "known_until": None}])
    made.insert("flight_observations", [{name: row[name] for name in ("flight_key", "flight_date", "observed_at")}])
    made.insert("loads", [{"run_id": "a", "finished_at": NOON}])
    return MadeTables(made)


@pytest.mark.parametrize("path", PAGES)
def test_a_day_of_one_flight_is_a_page_like_any_other(chromium, path):
    with served(one_flight(flight_iata="B627", airline_iata="B6")) as address, tab(chromium, address, path) as page:
        expect(page.locator("#scrubbed")).to_have_text("12:00 UTC")
        expect(page.locator("#play")).to_be_disabled()
        expect(page.locator("main")).not_to_contain_text("nan")


@pytest.mark.parametrize("path", PAGES)
def test_a_name_that_holds_markup_is_text(chromium, path):
    names = {"flight_iata": IMAGE, "airline_name": IMAGE, "dep_gate": IMAGE, "arr_iata": IMAGE}
    tables = one_flight(**names, dep_delay_forecast_min=300)
    with served(tables) as address, tab(chromium, address, path) as page:
        expect(page.locator("main")).to_contain_text(IMAGE)
        assert page.locator("main img").count() == 0


def test_a_wall_display_goes_through_the_pages_by_itself_at_the_newest(chromium, board):
    with tab(chromium, board, "/?kiosk=1", viewport=WALL) as page:
        expect(page.locator("#pages")).to_be_hidden()
        expect(page.locator(".asof")).to_contain_text("12:30 UTC")
        for content in (".tiles", "table.board", "#map", ".tiles"):
            expect(page.locator(content)).to_be_visible()
            assert "kiosk" in page.url and "as_of" not in page.url
        page.keyboard.press("Escape")
        expect(page.locator("#pages")).to_be_visible()


def test_a_wall_display_of_a_moment_stands_still(chromium, board):
    with tab(chromium, board, f"/?kiosk=1&{STORM}", viewport=WALL) as page:
        page.wait_for_timeout(2500)
        expect(page.locator(".asof")).to_contain_text("20:10 UTC")
        assert page.url.endswith(f"/?kiosk=1&{STORM}")
        page.keyboard.press("Escape")
        expect(page.locator("#pages")).to_be_visible()
        expect(page.locator(".asof")).to_contain_text("20:10 UTC")


@pytest.mark.parametrize("viewport", [WALL, UPRIGHT], ids=["wall", "upright"])
def test_a_wall_display_cuts_no_line_and_counts_what_does_not_fit(chromium, board, viewport):
    with tab(chromium, board, f"/?kiosk&{STORM}", viewport=viewport) as page:
        left = int(re.fullmatch(r"and (\d+) more", page.locator("#rest").inner_text())[1])
        shown = page.locator("#attention .cases > li:not([hidden]) .case").count()
        assert shown and shown + left == int(page.locator(".count").first.inner_text())
        for part in page.locator("#attention .cases > li:visible, #rest, .charts .card").all():
            box = part.bounding_box()
            assert box["y"] + box["height"] <= viewport["height"]
    with tab(chromium, board, f"/flights?kiosk&{STORM}", viewport=viewport) as page:
        last = page.locator("table.board tbody tr:visible").last.bounding_box()
        assert last["y"] + last["height"] <= viewport["height"] < last["y"] + 4 * last["height"]


# Pieces of a line, or of a tile, that lie upon each other or are wider than it.
OVERLAPS = """(selector) => [...document.querySelectorAll(selector)].flatMap((whole) => {
  if (!whole.checkVisibility()) return [];
  const text = document.createRange(), around = whole.getBoundingClientRect();
  const pieces = [...whole.children].filter((one) => one.checkVisibility() && !one.matches('details, .none'));
  const boxes = pieces.map((one) => { text.selectNodeContents(one.lastChild); return text.getBoundingClientRect(); });
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 5 && b.top < a.bottom - 5;
  const isOut = (box) => box.left < around.left - 1 || box.right > around.right + 1;
  return boxes.some((a, i) => isOut(a) || boxes.slice(i + 1).some((b) => meet(a, b))) ? [whole.textContent] : [];
})"""


@pytest.mark.parametrize("viewport", [PHONE, TABLET, {"width": 1280, "height": 800}], ids=["phone", "tablet", "small"])
def test_nothing_on_the_first_page_lies_upon_another(chromium, board, viewport):
    with tab(chromium, board, f"/?{STORM}", viewport=viewport) as page:
        for selector in (".case:not(.head)", ".group > summary", ".tile"):
            assert page.locator(selector).count() > 5
            assert page.evaluate(OVERLAPS, selector) == []


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_a_tile_holds_its_figure_however_long(chromium, width):
    tables = one_flight(dep_delay_forecast_min=123_456)
    with (
        served(tables) as address,
        tab(chromium, address, viewport={"width": width, "height": 800}) as page,
    ):
        page.locator(".tile .number").evaluate_all(
            "(all) => { for (const one of all) one.textContent = '+123,456 min'; }"
        )
        assert page.evaluate(OVERLAPS, ".tile") == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_phone_shows_the_rules_one_under_the_other(chromium, board):
    with tab(chromium, board, "/data", viewport=PHONE, is_mobile=True, has_touch=True) as page:
        box = page.get_by_role("region", name="Rules")
        assert box.evaluate("(one) => [one.scrollWidth <= one.clientWidth, one.clientWidth > 300]") == [True, True]
        expect(box.get_by_text("the line is valid UTF-8")).to_be_visible()


def test_a_phone_shows_at_first_where_most_flights_are(chromium, board):
    with tab(chromium, board, f"/map?{STORM}", viewport=PHONE, is_mobile=True, has_touch=True) as page:
        page.locator("#map .zoom").wait_for()
        drawing = page.locator("#map-drawing")
        whole = drawing.get_attribute("data-frame")
        assert float(drawing.get_attribute("viewBox").split()[2]) < 0.6 * float(whole.split()[2])
        expect(page.locator("#map.near")).to_have_count(0)  # a finger still scrolls the page
        page.get_by_role("button", name="All").click()
        assert drawing.get_attribute("viewBox") == whole
        page.locator("#scrubber").focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator(".asof")).to_contain_text("22:30 UTC")
        assert drawing.get_attribute("viewBox") == drawing.get_attribute("data-frame")


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_no_name_on_the_map_is_cut(chromium, board, viewport):
    with tab(chromium, board, f"/map?{STORM}", viewport=viewport) as page:
        page.locator("#map .zoom").wait_for()
        edge = page.locator("#map").bounding_box()
        names = page.locator(".airports text:not([visibility])")
        assert names.count() > 20
        for box in names.evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().toJSON())"):
            assert box["left"] >= edge["x"] and box["right"] <= edge["x"] + edge["width"]
            assert box["top"] >= edge["y"] and box["bottom"] <= edge["y"] + edge["height"]


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_of_charts_has_enough_contrast(chromium, board, scheme):
    with tab(chromium, board, f"/?{STORM}", color_scheme=scheme) as page:
        back = luminance(page.locator(".charts .card").first.evaluate("(one) => getComputedStyle(one).backgroundColor"))
        texts = page.locator("figure svg text").evaluate_all(
            "(all) => all.map((one) => [one.textContent, getComputedStyle(one).fill])"
        )
        assert {"expected", "at least so far"} <= {text for text, _ in texts}
        for text, colour in texts:
            light, dark = sorted((back, luminance(colour)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, text


def test_on_paper_the_moment_is_said_and_the_controls_are_left_out(chromium, board):
    with tab(chromium, board, f"/?{STORM}") as page:
        page.emulate_media(media="print")
        expect(page.locator(".asof")).to_be_visible()
        expect(page.locator("#pages")).to_be_hidden()
        expect(page.locator(".moment")).to_be_hidden()
        assert len(page.pdf()) > 10_000


@pytest.mark.slow
def test_twenty_people_look_at_once(chromium, board):
    contexts = [chromium.new_context(viewport=WIDE) for _ in range(20)]
    tabs = [context.new_page() for context in contexts]
    for number, page in enumerate(tabs):
        page.goto(f"{board}{PAGES[number % 3]}?{STORM}", wait_until="commit")
    for page in tabs:
        expect(page.locator(".asof")).to_contain_text("20:10 UTC")
    for context in contexts:
        context.close()


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_what_somebody_mutes_shows_on_every_open_page(chromium, viewport):
    with (
        served(storm()) as address,
        tab(chromium, address, f"/?{STORM}", viewport=viewport) as mine,
        tab(chromium, address, f"/?{STORM}") as theirs,
    ):
        line = mine.locator("#attention .cases > li > .case").first
        flight = line.locator(".flight").inner_text()
        line.locator(".hush summary").click()
        line.get_by_label("Note").last.fill("in hand")
        assert mine.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        mine.evaluate(AXE.read_text())
        found = mine.evaluate("axe.run('#attention').then((results) => results.violations)")
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
        line.get_by_role("button", name="Mute", exact=True).click()
        for page in (mine, theirs):
            expect(page.locator("#muted-cases summary").first).to_have_text("Muted: 1")
            page.locator("#muted-cases > summary").click()
            muted = page.locator("#muted-cases .case")
            expect(muted).to_contain_text(flight)
            expect(muted).to_contain_text("in hand")
        # Who is filling in a form is not disturbed; the change shows when they leave it.
        other = theirs.locator("#attention .cases > li > .case").first
        other.locator(".hush summary").click()
        other.get_by_label("Note").last.fill("not yet")
        muted = mine.locator("#muted-cases .case")
        muted.locator(".hush summary").click()
        muted.get_by_role("button", name="Take it back").click()
        expect(mine.locator("#muted-cases")).to_have_count(0)
        theirs.wait_for_timeout(1500)
        expect(other.get_by_label("Note").last).to_have_value("not yet")
        expect(theirs.locator("#muted-cases")).to_have_count(1)
        other.get_by_label("Note").last.blur()
        expect(theirs.locator("#muted-cases")).to_have_count(0)


def test_a_form_that_is_refused_says_why(chromium):
    with served(storm()) as address:
        context = chromium.new_context(viewport=WIDE)
        page = context.new_page()
        page.goto(f"{address}/?{STORM}")
        line = page.locator("#attention .cases > li > .case").first
        line.locator(".hush summary").click()
        expect(line.get_by_role("button", name="Mute", exact=True)).to_be_visible()
        context.clear_cookies()
        line.get_by_role("button", name="Mute", exact=True).click()
        expect(line.get_by_role("alert")).to_contain_text("load the page again")
        context.close()
