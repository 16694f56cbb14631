"""What must hold at a day's end is told where it does not hold."""

import signal
import subprocess
import sys
from collections import Counter

import psutil
import pytest

from support.faults import kills, plan
from support.faults.day import Day, Outcome
from support.faults.tables import COMPARED, Difference, difference

ROWS = {table.name: Counter({"one": 1, "two": 1}) for table in COMPARED}
CHILD = "print(flush=True); import time; time.sleep(60)"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"


@pytest.fixture
def day(tmp_path) -> Day:
    return Day(plan.calm(plan.DAYS[0]), tmp_path, "key")


@pytest.mark.parametrize(
    ("table", "rows", "expected"),
    [
        ("flight_observations", {"one": 1}, Difference(lost=1)),
        ("flight_observations", {"one": 1, "two": 3}, Difference(doubled=2)),
        ("flight_observations", {"one": 1, "two": 1, "three": 1}, Difference(differing=1)),
        ("flights", {"one": 1, "other": 1}, Difference(differing=2)),
        ("flight_history", {"one": 2, "two": 1}, Difference(differing=1)),
        ("cities", {"one": 1, "two": 1}, Difference()),
    ],
)
def test_a_row_that_is_missing_comes_twice_or_is_another_is_counted(table, rows, expected):
    assert difference(ROWS, ROWS | {table: Counter(rows)}) == expected
    assert Outcome(1, "2013-07-10", difference=expected).holds == (expected == Difference())


def ended(day: Day, code: int, stderr: str) -> list[str]:
    day.ended(subprocess.CompletedProcess([], code, "", stderr))
    return day.outcome.problems


def test_one_line_and_an_exit_code_are_no_problem(day):
    assert ended(day, 0, "load: batch 1\n") == ended(day, 1, "load: batch 1\naviation: it failed\n") == []


@pytest.mark.parametrize(
    ("code", "stderr"),
    [
        (0, "Traceback (most recent call last):\n"),
        (1, "Traceback (most recent call last):\nOSError: full\n"),
        (1, ""),
        (1, "aviation: it failed\naviation: and again\n"),
    ],
)
def test_a_traceback_silence_and_two_errors_are(day, code, stderr):
    assert ended(day, code, stderr)


def test_a_disruption_that_nobody_was_told_of_and_one_told_too_often_are_problems(day):
    expected = Outcome(0, day.plan.day, told=Counter({"a": 1, "b": 1}))
    day.outcome.told = Counter({"a": 1})
    day.check_alerts(expected)
    [untold] = day.outcome.problems
    assert untold == "1 disruptions were never told, of 2"
    day.outcome.told = Counter({"a": 2, "b": 11})
    day.check_alerts(expected)
    assert "11 alerts were told again" in day.outcome.problems[-1]


def test_scratch_that_is_left_is_a_problem(day):
    (day.place.scratch / "aviation-left").mkdir()
    day.check_leftovers()
    assert "aviation-left" in day.outcome.problems[0]


def test_a_kill_ends_a_process_and_all_that_it_has_started():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE)
    parent.stdout.readline()
    family = kills.tree(psutil.Process(parent.pid))
    assert len(family) == 2
    assert kills.kill(family) == 2
    assert parent.wait(10) == -signal.SIGKILL  # whoever started it is told how it ended
    psutil.wait_procs(family, timeout=10)
    assert not kills.alive({process.pid for process in family})
    parent.stdout.close()
