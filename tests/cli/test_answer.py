"""An answer on a terminal."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from aviation.cli.answer import as_text

ANSWER = pd.DataFrame(
    {
        "flight_key": ["2013-07-10|JFK|JBU|1", "2013-07-10|EWR|UAL|2"],
        "dep_scheduled_utc": [datetime(2013, 7, 10, 12), None],
        "arr_delay_min": pd.array([5, None], dtype="Int64"),
        "flags": [np.array(["late", "gate"]), np.array([])],
    }
)


def test_rows_that_fit_the_terminal_are_a_table():
    assert as_text(ANSWER, width=200) == as_text(ANSWER) == ANSWER.to_string(index=False)


def test_rows_wider_than_the_terminal_are_written_a_line_a_column():
    assert as_text(ANSWER, width=40).splitlines() == [
        "-[ row 1 of 2 ]-------------------",
        "flight_key         2013-07-10|JFK|JBU|1",
        "dep_scheduled_utc  2013-07-10 12:00:00",
        "arr_delay_min      5",
        "flags              late, gate",
        "-[ row 2 of 2 ]-------------------",
        "flight_key         2013-07-10|EWR|UAL|2",
        "dep_scheduled_utc  null",
        "arr_delay_min      null",
        "flags              ",
    ]


def test_nothing_is_left_out_of_a_long_answer():
    long = pd.DataFrame({"objects": [list(range(1000))], "text": ["x" * 500]})
    for width in (None, 40):
        text = as_text(long, width=width)
        assert "..." not in text
        assert "999" in text
        assert "x" * 500 in text


def test_a_program_gets_csv_or_json_whatever_the_width():
    for form in ("csv", "json"):
        assert as_text(ANSWER, form, width=10) == as_text(ANSWER, form)


@pytest.mark.parametrize("width", [None, 5])
def test_a_table_does_not_steer_the_terminal(width):
    told = as_text(pd.DataFrame({"airline\x1b[31m": ["A\x1b]0;title\x07\x9b2JB"], "flights": [1]}), width=width)
    assert not {"\x1b", "\x07", "\x9b"} & set(told)
    assert "A]0;title2JB" in told
