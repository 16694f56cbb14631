"""What the board asks of the stack beside the tables: its schedules, how old they let the data get, and its runs.

None of that changes with a load, so it is looked up again after a while.
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from pydantic import BaseModel, Field

from aviation import aws, backend, home
from aviation.board.once import Once
from aviation.deploy.bill import Case
from aviation.deploy.schedules import DAY, fires
from aviation.entities import ENTITIES
from aviation.errors import ParameterError, PlaceError
from aviation.places import stack_name
from aviation.report import PUBLISH_JOB, RunRecord
from aviation.runs import pages, store

Found = TypeVar("Found")
SECONDS_KEPT = {"promised": 60, "schedules": 60, "runs": 10}
MOST_RUNS, MOST_PAGES = 100, 20


class Schedule(BaseModel):
    """A schedule of the stack. `next_at` is when it fires next (UTC), null where it is disabled or cannot be read."""

    name: str
    expression: str
    starts: str = Field(description="What it starts, with its arguments.")
    is_enabled: bool
    next_at: datetime | None


class Stack:
    """The stack in use: safe to be asked from several threads."""

    def __init__(self) -> None:
        self._found: Once[object] = Once(8)
        self._pages: Once[str] = Once(MOST_PAGES)

    def promised(self) -> dict[str, float | None]:
        """How many minutes old each entity's newest record gets at most, by the stack's schedules: from poll to poll,
        and what delivery and load take, as `aviation cost` has it. None where no schedule polls and loads it."""
        return self._lately("promised", _promised)

    def schedules(self) -> list[Schedule]:
        """All of them, the enabled first."""
        return self._lately("schedules", _schedules)

    def runs_schedules(self) -> str:
        """What runs them, in words."""
        return backend.in_use().runs_schedules

    def runs(self) -> list[RunRecord]:
        """The newest runs, the failed ones first."""
        return self._lately("runs", _runs)

    def run_page(self, run_id: str) -> str:
        """The executed notebook of a run as HTML, or its record. ParameterError where there is no such run."""
        record = store.find(run_id)
        return self._pages.get(record.key, lambda: pages.html(record))

    def _lately(self, name: str, find: Callable[[], Found]) -> Found:
        period = int(time.monotonic() / SECONDS_KEPT[name])
        return self._found.get((name, period), find)  # type: ignore[return-value]  # by this name it is what `find` found


def _runs() -> list[RunRecord]:
    return sorted(store.latest(limit=MOST_RUNS), key=lambda record: not record.is_failed)


def _promised() -> dict[str, float | None]:
    described = aws.client("cloudformation").describe_stacks(StackName=stack_name())["Stacks"][0]
    given = {item["ParameterKey"]: item["ParameterValue"] for item in described["Parameters"]}
    case = Case(given, home.root())
    try:
        return {name: case.freshness(name).worst if case.is_polled(name) else None for name in ENTITIES}
    except OSError as error:  # it goes by the producers' parameter files, too
        raise PlaceError(f"{error.filename} is not there: start the board in a checkout") from None


def _schedules() -> list[Schedule]:
    scheduler, group = aws.client("scheduler"), stack_name()
    found = []
    for listed in scheduler.get_paginator("list_schedules").paginate(GroupName=group):
        for item in listed["Schedules"]:
            about = scheduler.get_schedule(Name=item["Name"], GroupName=group)
            is_enabled, expression = about["State"] == "ENABLED", about["ScheduleExpression"]
            found.append(
                Schedule(
                    name=item["Name"].removeprefix(f"{group}-"),
                    expression=expression,
                    starts=_target(about["Target"]).removeprefix(f"{group}-"),
                    is_enabled=is_enabled,
                    next_at=next_fire(expression, datetime.now(UTC)) if is_enabled else None,
                )
            )
    return sorted(found, key=lambda schedule: (not schedule.is_enabled, schedule.name))


def _target(target: dict[str, str]) -> str:
    """What a schedule starts: `producer-flights`, or `load --entities flights`."""
    try:
        given = json.loads(target.get("Input", "{}"))
        arguments, job = given.get("Arguments"), str(given.get("JobName", ""))
    except (ValueError, AttributeError):
        arguments, job = None, ""
    if isinstance(arguments, dict):
        word = "publish" if job.endswith(PUBLISH_JOB) else "load"
        return " ".join([word, *(f"{name} {value}" for name, value in arguments.items())])
    return target["Arn"].rpartition(":")[2]


def next_fire(expression: str, now: datetime) -> datetime | None:
    """When a schedule fires next after `now` (aware), naive in UTC; None where its expression cannot be read."""
    try:
        minutes = fires(expression)
    except ParameterError:
        return None
    now = now.astimezone(UTC).replace(second=0, microsecond=0, tzinfo=None)
    monday = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0)
    elapsed = now.weekday() * DAY + now.hour * 60 + now.minute
    following = next((minute for minute in minutes if minute > elapsed), minutes[0] + 7 * DAY)
    return monday + timedelta(minutes=following)
