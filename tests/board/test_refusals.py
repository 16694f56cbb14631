"""What is not there, or is no question, is said in one line, by what it is."""

import pytest
from bs4 import BeautifulSoup

from aviation.board.pages.sql import MOST_LETTERS
from support.board import browser, storm
from support.board_made import MadeStack, whole


@pytest.fixture(scope="module")
def asks():
    return browser(whole(), stack=MadeStack())


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/nosuch", 404, "Not found"),
        ("/airport/XYZ", 404, "Not found"),
        ("/flights?as_of=noon", 400, "Bad request"),
        ("/flights?date=2013-07-01", 400, "Bad request"),
        ("/flights?page=x", 422, "Unprocessable entity"),
        (f"/sql?sql={'x' * (MOST_LETTERS + 1)}", 422, "Unprocessable entity"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_refusal_is_titled_by_what_it_is(asks, path, status, title):
    refused = asks.get(path)
    page = BeautifulSoup(refused.text, "html.parser")
    assert (refused.status_code, page.title.get_text()) == (status, f"{title} · Aviation")


@pytest.fixture(scope="module")
def of_storm():
    return browser(storm(), stack=MadeStack())


EARLY = "06:00 UTC on 10 Jul 2013 is before the day's first poll, at 08:30 UTC: nothing was known yet."
LATE = "10:00 UTC on 12 Jul 2014 is after the day's last poll, at 12:30 UTC on 11 Jul: nothing newer is known."


@pytest.mark.parametrize(
    ("as_of", "lines"),
    [
        ("2013-07-10T06:00Z", [EARLY]),
        ("2014-07-12T12:00+02:00", [LATE]),
        ("2013-07-10T20:10Z", []),
        ("2013-07-11T12:30:59Z", []),
        ("", []),
    ],
)
@pytest.mark.parametrize("path", ["/", "/flights", "/map"])
def test_a_moment_outside_the_days_polls_is_said_in_one_line(of_storm, path, as_of, lines):
    shown = of_storm.get(path, params={"as_of": as_of} if as_of else {})
    assert shown.status_code == 200
    said = BeautifulSoup(shown.text, "html.parser").select("#content > p[role=status]")
    assert [line.get_text() for line in said] == lines


def test_a_moment_that_is_none_is_refused_in_one_line(of_storm):
    for path in ("/api/now", "/api/flights"):
        refused = of_storm.get(path, params={"as_of": "yesterday"})
        assert (refused.status_code, len(refused.json()["error"].splitlines())) == (400, 1)


def test_the_api_says_what_was_known_at_a_moment_outside_the_days_polls(of_storm):
    newest = of_storm.get("/api/now").json()["known_at"]
    known = [
        of_storm.get("/api/now", params={"as_of": when}).json()["known_at"] for when in ("2013-07-01", "2014-07-01")
    ]
    assert known == [None, newest]


@pytest.mark.parametrize(
    ("chosen", "lines"),
    [
        ({"airport": "XYZ"}, ["There is no airport XYZ among the departures of 2013-07-10."]),
        ({"airport": "XYZ", "direction": "arrivals"}, ["There is no airport XYZ among the arrivals of 2013-07-10."]),
        ({"airline": "<b>"}, ["There is no airline <b> among the departures of 2013-07-10."]),
        (
            {"status": "lost", "airport": "XYZ"},
            [
                "There is no airport XYZ among the departures of 2013-07-10.",
                "There is no status lost among the departures of 2013-07-10.",
            ],
        ),
        ({"text": "no such text"}, []),
        ({"airport": "XYZ", "as_of": "2013-07-10T06:00Z"}, []),
        ({"airport": "JFK", "airline": "B6", "status": "cancelled"}, []),
    ],
    ids=str,
)
def test_a_choice_that_no_flight_has_is_said(of_storm, chosen, lines):
    shown = of_storm.get("/flights", params=chosen)
    page = BeautifulSoup(shown.text, "html.parser")
    found = of_storm.get("/api/flights", params=chosen).json()
    assert shown.status_code == 200
    assert found["missing"] == lines
    if not found["found"]:
        said = " ".join(lines) or "No flight fits."
        assert f"{said} Show all" in " ".join(page.select_one("main").get_text(" ").split())
    for name in {"airport", "status"} & chosen.keys():
        assert page.select_one(f"select[name={name}] option[selected]").get_text() == chosen[name]


def test_a_query_of_as_many_letters_as_its_box_takes_is_taken(asks):
    box = BeautifulSoup(asks.get("/sql").text, "html.parser").textarea
    assert box["maxlength"] == str(MOST_LETTERS)
    # The box counts the end of a line as one letter, and sends two.
    longest = "select 1 as n\r\n".ljust(MOST_LETTERS + 1)
    assert asks.get("/sql", params={"sql": longest}).status_code == 200
    assert asks.get("/sql", params={"sql": f"{longest} "}).status_code == 422
