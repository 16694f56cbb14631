"""The tiles of *Now*, what is folded of the cases, and the curve of delays."""

import re

import pytest

from aviation.board.moment import moment
from aviation.board.pages import hours
from aviation.board.pages.attention import MOST_ALONE, Group
from aviation.board.pages.now import now
from aviation.board.pages.tiles import DAY, left_out, tiles
from aviation.jobs.demo import poll_times
from aviation.replay import DEFAULT_DAY
from support.board import browser, storm

THEN = "2013-07-10T20:10Z"


def day(**changes) -> dict:
    """A row of days_so_far at the storm's worst poll."""
    [row] = storm().records(DAY, day=moment(storm()).day, as_of=moment(storm(), "", THEN).as_of)
    return row | changes


def tile(name: str, at: dict, earlier: dict | None = None):
    return next(one for one in tiles(at, earlier) if one.name == name)


@pytest.mark.parametrize(
    ("name", "changes", "text", "is_worse"),
    [
        ("Cancelled", {"cancelled": 9}, "+20", True),
        ("Cancelled", {"cancelled": 30}, "−1", False),
        ("Cancelled", {}, "no change", None),
        ("On time so far", {"on_time": 461}, "−20.2 points", True),
        ("On time so far", {"on_time": 300}, "+14.8 points", False),
        ("Finished", {"finished": 400}, "+61", None),
        ("Median departure delay", {"median_dep_delay_min": 5}, "−5 min", False),
    ],
)
def test_a_change_says_which_way_and_whether_it_is_worse(name, changes, text, is_worse):
    found = tile(name, day(), day(**changes))
    assert (found.change_text, found.is_worse) == (text, is_worse)
    assert "-" not in found.change_text


def test_a_change_too_small_to_be_written_is_none():
    found = tile("On time so far", day(finished=100_000, on_time=80_001), day(finished=100_000, on_time=80_000))
    assert (found.change_text, found.is_worse) == ("no change", None)


def test_nothing_is_compared_without_an_earlier_moment():
    assert all((one.change, one.change_text, one.is_worse) == (None, "", None) for one in tiles(day(), None))


@pytest.mark.parametrize(("on_time", "is_met"), [(368, False), (369, True)])
def test_the_target_is_met_from_80_percent_on(on_time, is_met):
    found = tile("On time so far", day(on_time=on_time))
    assert (found.target, found.is_met) == ("target 80 %", is_met)


def test_of_nothing_no_target_is_missed():
    found = tile("On time so far", day(finished=0, on_time=0))
    assert (found.text, found.value, found.is_met) == ("–", None, None)


def test_what_finished_flights_leave_out_is_said_in_words():
    assert left_out(day()) == "“On time so far” and “Finished” leave out 130 under way, 64 overdue, 349 to come."
    assert left_out(day(under_way=0, overdue=0, to_come=0)) == ""


def test_cases_of_one_kind_and_airline_are_one_line_and_none_is_lost():
    tables = storm()
    figures = now(tables, moment(tables, "", THEN))
    keys = [case.flight_key for item in figures.groups for case in (item.cases if isinstance(item, Group) else [item])]
    assert sorted(keys) == sorted(case.flight_key for case in figures.cases)
    assert len(figures.cases) == figures.cases_found == 164
    folded = [item for item in figures.groups if isinstance(item, Group)]
    assert len(figures.groups) < 50
    assert "ExpressJet: 18 flights cancelled" in [group.title for group in folded]
    assert all(len(group.cases) > MOST_ALONE for group in folded)
    assert all(group.cost_usd == pytest.approx(sum(case.cost_usd or 0 for case in group.cases)) for group in folded)
    gravest = [item.cases[0].weight if isinstance(item, Group) else item.weight for item in figures.groups]
    assert gravest == sorted(gravest, reverse=True)


@pytest.mark.parametrize("number", [3, 5, 8])
def test_the_curve_of_delays_counts_who_waits(number):
    rows = hours.delays(storm(), moment(storm(), "", poll_times(DEFAULT_DAY)[number].isoformat()))
    past = [row for row in rows if not row.overdue]
    assert past
    assert all(row.expected_min == row.at_least_so_far_min for row in past)
    assert all(row.expected_min >= row.at_least_so_far_min for row in rows)
    assert [row.hour for row in rows if row.overdue] == [rows[-1].hour]


def test_in_the_storm_the_curve_rises():
    rows = hours.delays(storm(), moment(storm(), "", THEN))
    late = [row.at_least_so_far_min for row in rows if row.hour >= 12]
    assert [row.hour for row in rows][-5:] == [12, 13, 14, 15, 16]
    assert late == sorted(late)
    assert late[-1] > 45 and rows[-1].overdue == 64


def test_the_hour_in_which_flights_wait_is_marked_and_said():
    drawn = str(hours.drawn_delays(hours.delays(storm(), moment(storm(), "", THEN))))
    assert "Shaded: with 64 overdue" in drawn
    assert "at least so far" in drawn and "expected" in drawn
    assert "Shaded" not in str(hours.drawn_delays(hours.delays(storm(), moment(storm()))))


def test_a_flight_that_leaves_after_midnight_is_of_the_hours_after_23():
    rows = hours.delays(storm(), moment(storm()))
    assert [row.hour for row in rows] == list(range(4, 4 + len(rows)))
    assert rows[-1].hour > 24
    assert sum(row.flights for row in rows) == 1004 - 121
    drawn = str(hours.drawn_delays(rows))
    labels = [text for text in re.findall(r"<text[^>]*>([^<]+)<", drawn) if text.isdigit()]
    assert labels[labels.index("20") + 1] in ("22", "0") and "24" not in labels
    assert "<td>0 on the day after</td>" in drawn


def test_each_outcome_of_an_hour_is_a_column_of_its_figures():
    tables = storm()
    rows = hours.outcomes(tables, moment(tables, "", THEN))
    assert sum(row.flights for row in rows) == 1004
    drawn = str(hours.drawn_outcomes(rows))
    for outcome in ("cancelled", "diverted", "overdue", "left late", "left on time", "to come"):
        assert f'<th scope="col">{outcome}</th>' in drawn


def test_when_each_flight_is_over_attention_is_of_the_past():
    page, asked = browser(storm()), "What need{} attention"
    assert page.get("/api/now", params={"as_of": THEN}).json()["is_over"] is False
    assert asked.format("s") in page.get("/", params={"as_of": THEN}).text
    assert page.get("/api/now").json()["is_over"] is True
    assert asked.format("ed") in page.get("/").text


def test_the_page_folds_cases_and_says_the_rest():
    html = browser(storm()).get("/", params={"as_of": THEN}).text
    assert "ExpressJet: 18 flights cancelled" in html
    assert "leave out 130 under way, 64 overdue, 349 to come" in html
    assert "−6.6 points, worse" in " ".join(html.split())
