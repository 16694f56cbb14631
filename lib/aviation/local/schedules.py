"""Starts the loads of the deployed schedules: each when a poll's objects have arrived, upkeep at its minute. The
emulator starts only the producers.

`python -m aviation.local.schedules` runs until it is stopped. Each load leaves a run record, as any other does.
"""

import json
import logging
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from aviation import aws
from aviation.deploy.schedules import WEEK, fires
from aviation.entities import ENTITIES
from aviation.errors import AviationError, InterruptError, ParameterError, one_line
from aviation.load.arguments import parsed
from aviation.load.objects import ListObjects, bucket_lister
from aviation.load.settings import LoadParameters
from aviation.local.publish import load_and_publish
from aviation.places import place, stack_name
from aviation.poll import lease
from aviation.report import LOAD_JOB, RunRecord
from aviation.words import counted

logger = logging.getLogger(__name__)

GLUE_TARGET = ":scheduler:::aws-sdk:glue:startJobRun"
LOOK_SECONDS = 2
EVERY_DEFAULT = 30
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class LoadSchedule:
    """A deployed schedule of the load: when it fires, and the choices it passes (the notebook's parameters)."""

    name: str
    expression: str
    parameters: dict[str, Any]

    @property
    def entities(self) -> list[str]:
        """What it loads."""
        return self.parameters.get("entities") or list(ENTITIES)

    @property
    def follows_polls(self) -> bool:
        """Whether it loads as soon as there is something to load; upkeep has its time of day."""
        return not self.parameters.get("upkeep")

    def due(self, after: datetime, until: datetime) -> bool:
        """Whether it fires after the instant `after` and no later than `until` (both aware)."""
        minutes = set(fires(self.expression))
        moment = after.astimezone(UTC).replace(second=0, microsecond=0) + MINUTE
        while moment <= until:
            if (moment.weekday() * 1440 + moment.hour * 60 + moment.minute) % WEEK in minutes:
                return True
            moment += MINUTE
        return False


def deployed() -> list[LoadSchedule]:
    """The stack's enabled schedules that start the load, by name."""
    scheduler, group = aws.client("scheduler"), stack_name()
    enabled = []
    for page in scheduler.get_paginator("list_schedules").paginate(GroupName=group, State="ENABLED"):
        for item in page["Schedules"]:
            schedule = scheduler.get_schedule(Name=item["Name"], GroupName=group)
            target = schedule["Target"]
            if target["Arn"].endswith(GLUE_TARGET) and schedule["State"] == "ENABLED" and _is_load(target):
                arguments = json.loads(target["Input"])["Arguments"]
                choices = {name.removeprefix("--"): text for name, text in arguments.items()}
                parameters = {name: parsed(name, text, LoadParameters) for name, text in choices.items()}
                enabled.append(LoadSchedule(schedule["Name"], schedule["ScheduleExpression"], parameters))
    return sorted(enabled, key=lambda schedule: schedule.name)


def _is_load(target: dict[str, str]) -> bool:
    return str(json.loads(target["Input"])["JobName"]).endswith(LOAD_JOB)


def template_parameters(every: int | None) -> dict[str, str]:
    """The template's parameters that let the schedules run, flights every `every` minutes (None: as in the template).

    ParameterError unless `every` divides an hour and is at least 2: each poll needs a minute for the load after it.
    """
    if every is None:
        return {"ScheduleState": "ENABLED"}
    if every < 2 or 60 % every:
        raise ParameterError(f"--every must be 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60 minutes, not {every}")
    # The emulator's Firehose does not buffer: a load has to wait only for the poll itself.
    after = min(7, every // 2)
    return {
        "ScheduleState": "ENABLED",
        "FlightsSchedule": f"cron(0/{every} * * * ? *)",
        "FlightsLoadTime": f"cron({after}/{every} * * * ? *)",
    }


class Arrivals:
    """What has arrived in the raw bucket since an instant (aware), and that no load has been started for."""

    def __init__(self, since: datetime, list_objects: ListObjects, is_polled: Callable[[str], bool]) -> None:
        self.list_objects, self.is_polled = list_objects, is_polled
        self.taken = {entity: f"{entity}/{since:%Y/%m/%d/%H}/" for entity in ENTITIES}
        self.newest = {entity: self._newest(entity) for entity in ENTITIES}
        self.taken = dict(self.newest)

    def are_whole(self, entity: str) -> bool:
        """Whether all of a poll has arrived: there is something, no more has come since the last time that this was
        asked, and nobody polls the entity."""
        last, self.newest[entity] = self.newest[entity], self._newest(entity)
        return self.taken[entity] < self.newest[entity] == last and not self.is_polled(entity)

    def take(self, entities: Iterable[str]) -> None:
        """A load is started for what has arrived of these."""
        self.taken |= {entity: self.newest[entity] for entity in entities}

    def _newest(self, entity: str) -> str:
        taken = self.taken[entity]
        return max((item.key for item in self.list_objects(entity, taken)), default=taken)


def drive(
    load: Callable[[dict[str, Any]], RunRecord],
    arrivals: Arrivals,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    schedules: Callable[[], Iterable[LoadSchedule]] = deployed,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Run the loads that fall due, one at a time, until `wait` raises.

    A schedule of a load is due once when a poll of one of its entities has arrived as a whole, and where its last load
    failed at its minute; upkeep at its minute alone. What falls due while a load runs is run once after it; what did
    before the start is not made up for. A load that fails is logged and recorded, and the next one runs as usual.
    """
    looked, failed = clock(), set[str]()

    def is_due(schedule: LoadSchedule, now: datetime) -> bool:
        if not schedule.follows_polls:
            return schedule.due(looked, now)
        whole = [arrivals.are_whole(entity) for entity in schedule.entities]  # each is looked at as often
        return any(whole) or (schedule.name in failed and schedule.due(looked, now))

    while True:
        wait(LOOK_SECONDS)
        now = clock()
        try:
            due = [schedule for schedule in schedules() if is_due(schedule, now)]
        except (AviationError, BotoCoreError, ClientError) as error:
            logger.info("schedules: could not be read: %s", one_line(error))
            continue
        looked = now
        for schedule in due:
            arrivals.take(schedule.entities if schedule.follows_polls else [])
            failed.discard(schedule.name)
            try:
                outcome = _in_words(load(schedule.parameters))
            except AviationError as error:
                outcome = f"failed: {one_line(error)}"
                failed.add(schedule.name)
            logger.info("schedules: %s %s: %s", f"{now:%Y-%m-%dT%H:%MZ}", schedule.name, outcome)


def _in_words(record: RunRecord) -> str:
    return f"{record.status}, {counted(record.counts.get('lines_read', 0), 'line')} in {record.seconds:.0f} s"


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s", stream=sys.stdout)
    logger.setLevel(logging.INFO)
    try:
        drive(load_and_publish, Arrivals(datetime.now(UTC), bucket_lister(place("RawBucket")), lease.is_held))
    except InterruptError as error:
        logger.info("schedules: interrupted: %s", error)
        sys.exit(error.exit_code)
