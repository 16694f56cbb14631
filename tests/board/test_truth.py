"""Every figure of every page against pandas straight from the data set, at three of the demo's polls."""

import pytest

from support.board import browser, storm
from support.board_figures import CHECKS, POLLS


@pytest.fixture(scope="module")
def ask():
    board = browser(storm())

    def answer(path: str, **query: object):
        found = board.get(f"/api/{path}", params=query)
        assert found.status_code == 200, found.text
        return found.json()

    return answer


@pytest.mark.parametrize("when", POLLS, ids=lambda when: f"{when:%H%M}")
@pytest.mark.parametrize("check", CHECKS)
def test_every_figure_is_what_the_data_set_says(ask, check, when):
    check(ask, when)
