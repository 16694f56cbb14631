"""What is not there, or is no question, is said in one line, by what it is."""

import pytest
from bs4 import BeautifulSoup

from aviation.board.pages.sql import MOST_LETTERS
from support.board import browser
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


def test_a_query_of_as_many_letters_as_its_box_takes_is_taken(asks):
    box = BeautifulSoup(asks.get("/sql").text, "html.parser").textarea
    assert box["maxlength"] == str(MOST_LETTERS)
    # The box counts the end of a line as one letter, and sends two.
    longest = "select 1 as n\r\n".ljust(MOST_LETTERS + 1)
    assert asks.get("/sql", params={"sql": longest}).status_code == 200
    assert asks.get("/sql", params={"sql": f"{longest} "}).status_code == 422
