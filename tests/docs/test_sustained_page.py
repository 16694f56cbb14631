"""The benchmark of a steady pace: what its API says, what its report calls a fault, and where the page keeps it."""

import importlib
import itertools
from types import ModuleType

import numpy as np
import pytest

from aviation.load.observation import flight_observation
from support import ROOT

POLLS = 4


@pytest.fixture
def part(monkeypatch):
    """A module of the benchmark, by its name."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))

    def imported(name: str) -> ModuleType:
        return importlib.import_module(f"hour.{name}")

    return imported


def test_every_record_differs_from_the_poll_before_and_a_seed_says_the_same_again(part, tmp_path):
    legs = part("legs")
    legs.write(tmp_path / "legs", 1500)  # of two days
    base = legs.read(tmp_path / "legs")
    polls = [list(legs.at(base, poll, POLLS, 1)) for poll in range(POLLS)]
    for before, after in itertools.pairwise(polls):
        assert not any(one == other for one, other in zip(before, after, strict=True))
    assert list(legs.at(base, 2, POLLS, 1)) == polls[2] != list(legs.at(base, 2, POLLS, 2))
    assert len({legs.key(record) for record in base}) == len(base) == 1500


def test_the_key_that_a_leg_must_get_is_the_one_that_the_load_makes(part, tmp_path):
    legs = part("legs")
    legs.write(tmp_path / "legs", 300)
    for record in legs.at(legs.read(tmp_path / "legs"), 1, POLLS, 1):
        assert flight_observation(record)[0]["flight_key"] == legs.key(record)


@pytest.fixture
def run(part):
    """A run's measurements as they should be, but for what is changed: an hour of `minutes`, a poll and a load each."""
    outcome, report, watching = part("outcome"), part("report"), part("watching")

    def made(*, kept=(0, 0, 0, 0), lag=30.0, records=10, memory=lambda minute: 1e8, minutes=60, failed=()):
        begins = [60.0 * minute for minute in range(minutes)]
        watched = watching.Watching(None, None)
        watched.samples = [
            watching.Sample(at, dict.fromkeys(watching.GROUPS, memory(at / 60)))
            for at in np.arange(0, 60 * minutes, 5.0)
        ]
        return report.Run(
            legs=10,
            polls=[report.Poll(begun, begun + 20, records, 10**4, 10**6) for begun in begins],
            loads=[outcome.Load(begun + 25, begun + 35, [], records) for begun in begins],
            lags={number: np.full(10, lag) for number in range(minutes)},
            kept=outcome.Kept(*kept),
            sizes={"RawBucket": 1, "PublishedBucket": 1},
            folder=10**6,
            watching=watched,
            failed=list(failed),
        )

    return made


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({}, []),
        ({"kept": (1, 0, 0, 0)}, ["records lost: 0"]),
        ({"kept": (0, 1, 0, 0)}, ["records doubled: 0"]),
        ({"kept": (0, 0, 1, 0)}, ["records differing: 0"]),
        ({"kept": (0, 0, 0, 1)}, ["records quarantined: 0"]),
        ({"lag": 181.0}, ["lag of the records, p95: under 180 s"]),
        ({"lag": float("inf")}, ["lag of the records, p95: under 180 s"]),
        ({"records": 9}, ["each poll streams a record of each leg"]),
        ({"failed": ["a load: failed: no space"]}, ["loads that failed: 0"]),
        ({"memory": lambda minute: 3e8 if minute < 10 else 1e8}, []),
        ({"memory": lambda minute: 1e8 * (1 - minute / 100)}, []),
        ({"memory": lambda minute: 1e8 * (1 + minute / 300)}, ["API", "schedules", "loads", "Lambda"]),
    ],
)
def test_what_does_not_hold_is_told(part, run, changed, fault):
    told = [verdict.what for verdict in part("report").verdicts(run(**changed)) if verdict.holds is False]
    assert len(told) == len(fault)
    assert all(words in what for words, what in zip(fault, told, strict=True))


def test_memory_is_not_judged_by_a_run_that_is_too_short(part, run):
    report = part("report")
    short = run(minutes=20, memory=lambda minute: 1e8 * (1 + minute))
    assert [verdict.holds for verdict in report.verdicts(short)][-4:] == [None] * 4
    circumstances = dict.fromkeys(("date", "commit", "cores", "processor", "memory", "busy", "every", "seed"), 1)
    assert "the run is too short" in report.write(short, circumstances)


def test_the_page_keeps_the_last_report_between_its_markers(part, monkeypatch, tmp_path):
    report = part("report")
    words = report.PAGE.read_text()
    monkeypatch.setattr(report, "PAGE", tmp_path / "sustained.md")
    report.PAGE.write_text(words)
    report.keep("the report of the first run")
    report.keep("the report of the second run")
    kept = report.PAGE.read_text()
    assert kept.count(report.BEGIN) == kept.count(report.END) == kept.count("the report of the second run") == 1
    assert "the report of the first run" not in kept
    assert kept.partition(report.BEGIN)[0] == words.partition(report.BEGIN)[0]
