"""What a load has to know of the loads before it, without opening all of `loads`.

Each row says how far the loads had come by then. So a load needs the newest row, and of the objects that were read only
the keys of those that it can come upon again when it looks back: they stand in the rows of a known span of time.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.load.objects import RawObject, arrival_hour

Times = Mapping[str, datetime]
# Where the newest row is looked for first, before the look-back: loads pause for a night.
PAUSE = timedelta(days=1)
# By how much the clock that names an object's hour and the one of a load differ at most.
CLOCKS = timedelta(hours=1)
# What each row says of all loads until then; the columns from which it can be worked out besides.
CARRIED = ("fetched_up_to", "caught_up_to", "objects_read_at")
NEEDED = ("finished_at", "objects", "objects_left", "newest_fetched_at", *CARRIED)


@dataclass(frozen=True)
class Past:
    """`loaded` are keys of raw objects that loads have read, at least of those that can be come upon again. The others
    are columns of `loads`, as of now: by entity, in UTC, naive."""

    loaded: Set[str]
    fetched_up_to: Times
    caught_up_to: Times
    objects_read_at: Times

    def after(
        self, keys: Iterable[str], later: Iterable[list[RawObject]], newest_fetched_at: Times, finished_at: datetime
    ) -> "Past":
        """The past once a batch has read `keys`, of which the newest record was fetched at `newest_fetched_at`, and
        ended; only the objects of the batches `later`, oldest first, are left."""
        hours = _newest_hours(keys)
        left = {item.entity: item.hour for batch in reversed([*later]) for item in reversed(batch)}
        return Past(
            self.loaded,
            newest(self.fetched_up_to, newest_fetched_at),
            {**newest(self.caught_up_to, hours), **left},
            {**self.objects_read_at, **dict.fromkeys(hours, finished_at)},
        )

    def beside(self, others: "Past") -> "Past":
        """The past where other runs have come to `others` meanwhile: of each entity no more is taken as caught up than
        both have. To look again at an hour costs little, never to look at it an object."""
        both = self.caught_up_to.keys() & others.caught_up_to.keys()
        return Past(
            self.loaded | others.loaded,
            newest(self.fetched_up_to, others.fetched_up_to),
            {entity: min(self.caught_up_to[entity], others.caught_up_to[entity]) for entity in both},
            newest(self.objects_read_at, others.objects_read_at),
        )

    def columns(self) -> dict[str, Times]:
        """What a row of `loads` keeps of it."""
        return {name: getattr(self, name) for name in CARRIED}


def rows(loads: DataFrame, entities: Iterable[str], now: datetime, look_back_hours: int | None) -> list[Any]:
    """The rows of `loads` that a load of the entities needs that begins `now` and looks back so far, in the order in
    which they were written; for None all rows."""
    if look_back_hours is None:
        return _collected(loads)
    look_back = timedelta(hours=look_back_hours)
    since = now - look_back - PAUSE
    found = _collected(loads.where(F.col("finished_at") >= literal(since)))
    if not found or found[-1].caught_up_to is None:
        return _collected(loads)
    spans = list(_spans(of(found), entities, look_back))
    if all(first >= since for first, _ in spans):
        return found
    within = [F.col("finished_at").between(literal(first), literal(last)) for first, last in spans]
    return _collected(loads.where(reduce(or_, within, F.col("finished_at") == literal(found[-1].finished_at))))


def of(rows: Sequence[Any]) -> Past:
    """The past, from the rows that a load needs: the newest says it, or, where that is from before its columns, all."""
    loaded = {key for row in rows for key in row.objects}
    if rows and rows[-1].caught_up_to is not None:
        return Past(loaded, *(rows[-1][name] for name in CARRIED))
    fetched: Times = {}
    left: dict[str, int] = {}
    read_at: dict[str, datetime] = {}
    for row in rows:
        fetched = newest(fetched, row.newest_fetched_at)
        left |= row.objects_left or {}
        read_at |= dict.fromkeys(_newest_hours(row.objects), row.finished_at)
    # An entity of which the last run left objects had not caught up, nobody knows how far.
    caught_up = {entity: hour for entity, hour in _newest_hours(loaded).items() if not left.get(entity)}
    return Past(loaded, fetched, caught_up, read_at)


def newest(one: Times, other: Times) -> Times:
    """The newer of the two times, of each entity that has one."""
    return {**other, **{entity: max(at, other.get(entity, at)) for entity, at in one.items()}}


def _spans(past: Past, entities: Iterable[str], look_back: timedelta) -> Iterable[tuple[datetime, datetime]]:
    """From when to when the rows were written that have read what a load of the entities can come upon again."""
    for entity in entities:
        if last := past.objects_read_at.get(entity):
            caught_up = past.caught_up_to.get(entity)
            yield (caught_up - look_back - CLOCKS if caught_up else datetime.min, last)


def literal(moment: datetime) -> Column:
    """The time as a value to compare a column of times with."""
    # As the type that the column has: Spark would cast the column instead, and Iceberg then opens every file.
    return F.lit(moment.isoformat()).cast("timestamp_ntz")


def _collected(loads: DataFrame) -> list[Any]:
    return sorted(loads.select(*NEEDED).collect(), key=lambda row: row.finished_at)


def _newest_hours(keys: Iterable[str]) -> dict[str, datetime]:
    hours: dict[str, datetime] = {}
    for key in keys:
        entity = key.partition("/")[0]
        if hour := arrival_hour(key, entity):
            hours[entity] = max(hour, hours.get(entity, hour))
    return hours
