"""Schedules on a laptop: the emulator starts the producers, our runner the loads."""

import logging
import time
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from aviation import aws, places, replay
from aviation.cli import main
from aviation.deploy import stack as deploy
from aviation.deploy.schedules import WEEK, fires
from aviation.errors import JobError, ParameterError
from aviation.local import schedules
from aviation.local.schedules import LoadSchedule, drive
from aviation.local.stack import LocalStack
from aviation.report import RunRecord
from aviation.runs import store
from aviation.times import utc_text
from support import ROOT

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
FLIGHTS = LoadSchedule("load-flights", "cron(7/30 * * * ? *)", {"entities": ["flights"]})
REFERENCE = LoadSchedule("load-reference", "cron(7 12 * * ? *)", {"entities": ["cities"], "upkeep": False})
UPKEEP = LoadSchedule("load-upkeep", "cron(22 12 * * ? *)", {"entities": ["flights"], "upkeep": True})


class StoppedError(Exception):
    """Ends a run of the runner."""


class Day:
    """A clock that goes on by what the runner waits, and by what a load takes; stops the runner at its end."""

    def __init__(self, start: datetime, hours: float, load_minutes: float = 0, failing: tuple[str, ...] = ()):
        self.now, self.end = start, start + timedelta(hours=hours)
        self.load_minutes, self.failing = load_minutes, failing
        self.loaded: list[tuple[datetime, dict]] = []

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        if self.now >= self.end:
            raise StoppedError

    def load(self, parameters: dict) -> RunRecord:
        self.loaded.append((self.now, parameters))
        self.now += timedelta(minutes=self.load_minutes)
        if parameters["entities"][0] in self.failing:
            raise JobError("the load broke")
        return RunRecord(
            run_id="1",
            job="aviation_data_load",
            notebook="aviation_data_load.ipynb",
            started_at=utc_text(self.now),
            seconds=60 * self.load_minutes,
            counts={"lines_read": 5},
        )

    def run(self, *known: LoadSchedule) -> "Day":
        with pytest.raises(StoppedError):
            drive(self.load, clock=lambda: self.now, schedules=lambda: known, wait=self.wait)
        return self


def test_loads_run_when_they_fall_due_with_the_choices_of_their_schedule(caplog):
    caplog.set_level(logging.INFO, "aviation")
    day = Day(NOON, hours=2).run(FLIGHTS, REFERENCE, UPKEEP)
    assert [parameters["entities"] for _, parameters in day.loaded] == [["flights"], ["cities"]] + [["flights"]] * 4
    assert [parameters.get("upkeep", False) for _, parameters in day.loaded] == [False, False, True] + [False] * 3
    minutes = [(when - NOON).total_seconds() // 60 for when, _ in day.loaded]
    assert minutes == [7, 7, 22, 37, 67, 97]
    assert caplog.messages[0] == "schedules: 2026-03-04T12:07Z load-flights: ok, 5 lines in 0 s"


def test_what_falls_due_while_a_load_runs_waits_and_is_run_once():
    day = Day(NOON, hours=2, load_minutes=70).run(FLIGHTS)
    minutes = [(when - NOON).total_seconds() // 60 for when, _ in day.loaded]
    assert minutes == [7, 77]


def test_a_load_that_fails_is_said_and_the_next_one_runs(caplog):
    caplog.set_level(logging.INFO, "aviation")
    day = Day(NOON, hours=1, failing=("flights",)).run(FLIGHTS)
    assert len(day.loaded) == 2
    failed = "load-flights: failed: the load broke"
    assert caplog.messages == [f"schedules: 2026-03-04T12:{minute}Z {failed}" for minute in ("07", "37")]


def test_what_fell_due_before_the_start_is_not_made_up_for():
    assert Day(NOON + timedelta(minutes=8), hours=0.4).run(FLIGHTS, REFERENCE).loaded == []


@given(st.integers(0, WEEK - 1), st.integers(1, 300), st.integers(0, 59))
def test_a_schedule_is_due_when_one_of_its_minutes_lies_between(start, length, minute):
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    schedule = LoadSchedule("any", f"cron({minute} 3/5 * * ? *)", {})
    expected = any(
        start < at <= start + length for week in (0, WEEK) for at in (f + week for f in fires(schedule.expression))
    )
    after = monday + timedelta(minutes=start)
    assert schedule.due(after, after + timedelta(minutes=length)) == expected


@pytest.mark.parametrize("every", [0, 1, 7, 45, 90])
def test_an_interval_that_cannot_work_is_refused(every):
    with pytest.raises(ParameterError, match="--every must be"):
        schedules.template_parameters(every)


@pytest.mark.parametrize("every", [2, 5, 15, 30, 60])
def test_at_any_interval_a_load_comes_between_two_polls(every):
    given = schedules.template_parameters(every)
    polls, loads = (fires(given[name]) for name in ("FlightsSchedule", "FlightsLoadTime"))
    assert len(polls) == len(loads) == WEEK // every
    assert all(poll < load < poll + every for poll, load in zip(polls, loads, strict=True))


def test_every_without_schedule_is_told_in_one_line():
    done = CliRunner().invoke(main, ["up", "--every", "5"])
    assert (done.exit_code, done.output.count("\n")) == (2, 1)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A stack of its own, whose schedules do not run."""
    with pytest.MonkeyPatch.context() as patch:
        # `up` sets all of these for this process.
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            patch.delenv(name, raising=False)
        home = tmp_path_factory.mktemp("scheduled")
        local = LocalStack(ROOT, home)
        for name in local.read_state().environment(home):
            patch.setenv(name, "")
        patch.delenv("AVIATIONSTACK_ACCESS_KEY", raising=False)
        places.stack_outputs.cache_clear()
        local.up()
        yield local
        local.down(purge=True)
    places.stack_outputs.cache_clear()


@pytest.mark.slow
def test_a_schedule_fires_a_producer_whose_records_reach_the_raw_bucket(own):
    given = deploy.read_parameters(ROOT / "parameters/deploy/local.yaml", ROOT)
    given |= {"ScheduleState": "ENABLED", "FlightsSchedule": f"at({datetime.now(UTC):%Y-%m-%dT%H:%M:%S})"}
    given["ApiBaseUrl"] = own.read_state().replay_url
    deploy.deploy("aviation", given, root=ROOT)
    deadline = time.monotonic() + 120
    found = []
    while not found and time.monotonic() < deadline:
        time.sleep(2)
        page = aws.client("s3").list_objects_v2(Bucket=places.place("RawBucket"), Prefix="flights/")
        found = page.get("Contents", [])
    assert found
    while not (records := store.latest("producer/flights")) and time.monotonic() < deadline:
        time.sleep(1)
    assert records[-1].status == "ok"
    assert records[-1].counts["records"] > 1000


@pytest.fixture(scope="module")
def scheduled(own):
    """The same, with its schedules running, every two minutes."""
    own.up(schedule=True, every=2)
    assert own.schedules.running()
    own.schedules.stop()  # else it starts Spark in the middle of the tests
    return own


def test_the_deployed_schedules_are_found_with_their_choices(scheduled):
    flights, upkeep = schedules.deployed()
    assert flights.parameters == {"entities": ["flights"], "upkeep": False}
    assert flights.expression == "cron(1/2 * * * ? *)"
    assert upkeep.parameters == {"entities": ["cities", "airplanes", "aircraft_types"], "upkeep": True}
    assert upkeep.expression == "cron(52 3 * * ? *)"


def test_the_day_goes_by_half_an_hour_from_poll_to_poll(scheduled):
    url = scheduled.read_state().replay_url
    assert replay.state(url)["rate"] == 15
    since = datetime.fromisoformat(replay.state(url)["clock"]) - replay.first_poll("2013-07-10")
    assert timedelta(0) <= since < timedelta(hours=6)


def test_without_schedule_nothing_runs_by_itself_any_more(scheduled):
    scheduled.up()
    assert schedules.deployed() == []
    assert not scheduled.schedules.running()
    assert replay.state(scheduled.read_state().replay_url)["rate"] == 0
    scheduled.up(schedule=True)
    assert scheduled.schedules.running()
    assert {schedule.expression for schedule in schedules.deployed()} == {
        "cron(7/30 * * * ? *)",
        "cron(52 3 * * ? *)",
    }
    assert scheduled.down()
    assert not scheduled.schedules.running()
