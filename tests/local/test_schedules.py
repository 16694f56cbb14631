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
from aviation.load.objects import RawObject
from aviation.local import schedules
from aviation.local.schedules import LOOK_SECONDS, Arrivals, LoadSchedule, drive
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


def poll(entity: str, minute: float, *seconds: float) -> tuple[str, datetime, list[datetime]]:
    """A poll of an entity that begins at a minute after noon: an object arrives after each of the seconds, and the poll
    ends with the last."""
    begun = NOON + timedelta(minutes=minute)
    return entity, begun, [begun + timedelta(seconds=second) for second in seconds]


class Day:
    """A clock that goes on by what the runner waits, and by what a load takes; stops the runner at its end. The polls
    and their objects come and go with it."""

    def __init__(self, start: datetime, hours: float, load_minutes: float = 0, failures: int = 0):
        self.now, self.end = start, start + timedelta(hours=hours)
        self.load_minutes, self.failures = load_minutes, failures
        self.loaded: list[tuple[datetime, dict]] = []
        self.polls: tuple = ()

    def list_objects(self, entity: str, start_after: str) -> list[RawObject]:
        arrived = [when for name, _, times in self.polls for when in times if name == entity and when <= self.now]
        keys = sorted(f"{entity}/{when:%Y/%m/%d/%H}/raw-{when:%Y-%m-%d-%H-%M-%S}" for when in arrived)
        return [RawObject(key, 1) for key in keys if key > start_after]

    def is_polled(self, entity: str) -> bool:
        return any(name == entity and begun <= self.now <= times[-1] for name, begun, times in self.polls)

    @property
    def seconds(self) -> list[float]:
        """When each load began, in seconds after noon."""
        return [(when - NOON).total_seconds() for when, _ in self.loaded]

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        if self.now >= self.end:
            raise StoppedError

    def load(self, parameters: dict) -> RunRecord:
        self.loaded.append((self.now, parameters))
        self.now += timedelta(minutes=self.load_minutes)
        if len(self.loaded) <= self.failures:
            raise JobError("the load broke")
        return RunRecord(
            run_id="1",
            job="aviation_data_load",
            notebook="aviation_data_load.ipynb",
            started_at=utc_text(self.now),
            seconds=60 * self.load_minutes,
            counts={"lines_read": 5},
        )

    def run(self, *known: LoadSchedule, polls: tuple = ()) -> "Day":
        self.polls = polls
        arrivals = Arrivals(self.now, self.list_objects, self.is_polled)
        with pytest.raises(StoppedError):
            drive(self.load, arrivals, clock=lambda: self.now, schedules=lambda: known, wait=self.wait)
        return self


def test_a_load_follows_the_whole_of_a_poll_with_the_choices_of_its_schedule(caplog):
    caplog.set_level(logging.INFO, "aviation")
    polls = poll("flights", 1, 3, 4, 90), poll("cities", 5, 1, 2)
    day = Day(NOON, hours=2).run(FLIGHTS, REFERENCE, UPKEEP, polls=polls)
    wanted = [FLIGHTS.parameters, REFERENCE.parameters, UPKEEP.parameters]
    assert [parameters for _, parameters in day.loaded] == wanted
    for load, ended in zip(day.seconds, (150, 302, 22 * 60), strict=True):
        assert ended <= load <= ended + 2 * LOOK_SECONDS
    assert caplog.messages[0] == "schedules: 2026-03-04T12:02Z load-flights: ok, 5 lines in 0 s"


def test_where_nothing_arrives_nothing_is_loaded():
    assert Day(NOON, hours=2).run(FLIGHTS, REFERENCE).loaded == []


def test_what_arrives_while_a_load_runs_waits_and_is_loaded_once():
    polls = tuple(poll("flights", minute, 1) for minute in (1, 20, 40))
    day = Day(NOON, hours=3, load_minutes=70).run(FLIGHTS, polls=polls)
    assert [round(seconds / 60) for seconds in day.seconds] == [1, 71]


def test_objects_that_come_together_are_loaded_together():
    """As where a poll's objects are written after its end: one look finds a part of them."""
    entity, begun, times = poll("flights", 1, 1, 1 + LOOK_SECONDS)
    day = Day(NOON, hours=1)
    day.is_polled = lambda entity: False
    assert len(day.run(FLIGHTS, polls=((entity, begun, times),)).loaded) == 1


def test_a_poll_of_the_next_hour_or_day_is_found():
    evening = datetime(2026, 3, 4, 23, 50, tzinfo=UTC)
    day = Day(evening, hours=2).run(FLIGHTS, polls=tuple(poll("flights", minute, 1) for minute in (715, 745, 790)))
    assert [round(seconds / 60) for seconds in day.seconds] == [715, 745, 790]


def test_a_load_that_fails_is_said_and_run_again_at_the_minutes_of_its_schedule(caplog):
    caplog.set_level(logging.INFO, "aviation")
    Day(NOON, hours=3, failures=2).run(FLIGHTS, polls=(poll("flights", 9, 1),))
    failed = "load-flights: failed: the load broke"
    assert caplog.messages == [
        f"schedules: 2026-03-04T12:09Z {failed}",
        f"schedules: 2026-03-04T12:37Z {failed}",
        "schedules: 2026-03-04T13:07Z load-flights: ok, 5 lines in 0 s",
    ]


def test_what_arrived_before_the_start_is_not_made_up_for():
    polls = poll("flights", 1, 1), poll("flights", 2, 1)
    assert Day(NOON + timedelta(minutes=8), hours=1).run(FLIGHTS, REFERENCE, polls=polls).loaded == []


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
