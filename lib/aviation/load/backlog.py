"""How a run takes more than it should read at once: in bounded batches, oldest first, until its time is up.

Each batch has its own row in `loads`. A batch without that row never happened; the ones before it stay.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from typing import Any

from aviation.load.objects import ListObjects, RawObject, new_objects
from aviation.load.past import Past
from aviation.words import counted

# Of raw objects as Firehose compresses them, measured on those of a replayed day: 34.7 MB of flights became 2.7 MB.
GZIP_RATIO = 13
# What it costs to open an object, as bytes of it: 7 ms, the time in which 40 kB are loaded. An hour's objects on S3 are
# opened side by side, and each takes several times as long: rounded up. A batch of 256 MB has at most 4,096 objects.
OPENING_BYTES = 1 << 16
# Kept back of the job's time limit: what Glue takes before the script starts, the views, the metrics.
RESERVED_SECONDS = 180
# A batch can take longer than the longest before it: the dates that it touches have grown.
LONGER = 1.5


def in_batches(objects: Iterable[RawObject], megabytes: int) -> list[list[RawObject]]:
    """The objects, in order, cut where a batch would unpack to more than `megabytes` (MiB; one object is never cut)."""
    batches: list[list[RawObject]] = []
    weight = 0
    for item in objects:
        weight += _weight(item)
        if not batches or weight > megabytes << 20:
            batches.append([])
            weight = _weight(item)
        batches[-1].append(item)
    return batches


def _weight(item: RawObject) -> int:
    return item.size * (GZIP_RATIO if item.key.endswith(".gz") else 1) + OPENING_BYTES


def not_loaded(
    past: Past, entities: Iterable[str], list_objects: ListObjects, look_back_hours: int | None
) -> list[RawObject]:
    """The raw objects of the entities that no finished batch has loaded, oldest first; None for `look_back_hours` lists
    all of raw.

    The listing starts `look_back_hours` before the hour up to which the entity is caught up: an object of an earlier
    hour can turn up late, as Firehose keeps trying for as long as the stream keeps its records. Oldest first, so that
    wherever a run ends, what is left is not older than the oldest object that is.
    """
    found: list[RawObject] = []
    for entity in entities:
        caught_up = past.caught_up_to.get(entity)
        since = None
        if caught_up and look_back_hours is not None:
            since = caught_up - timedelta(hours=look_back_hours)
        found += new_objects(entity, since, past.loaded, list_objects)
    return sorted(found, key=lambda item: item.age)


def to_read_again(
    keys: Collection[str], loads: Iterable[Any], entities: Iterable[str], list_objects: ListObjects
) -> list[RawObject]:
    """The raw objects `keys` of the entities: first those that were read longest ago, so that requeues that each run
    out of time get through all of them; then oldest first."""
    read = {key: number for number, row in enumerate(loads) for key in row.objects}
    found = [item for entity in entities for item in list_objects(entity, f"{entity}/") if item.key in keys]
    return sorted(found, key=lambda item: (read.get(item.key, -1), item.age))


def where(number: int, batches: list[list[RawObject]]) -> str:
    """Which batch it was, which objects it had, and what became of those before it."""
    batch = batches[number - 1]
    text = f"batch {number} of {len(batches)}, {counted(len(batch), 'object')}"
    if batch:
        text += f", {batch[0].key}" + (f" to {batch[-1].key}" if len(batch) > 1 else "")
    before = {1: "", 2: "; batch 1 stays loaded"}
    return text + before.get(number, f"; batches 1 to {number - 1} stay loaded")


def counted_by_entity(entities: Iterable[str], batches: Iterable[list[RawObject]]) -> dict[str, int]:
    """How many objects of each entity the batches have, 0 too."""
    found = Counter(item.entity for batch in batches for item in batch)
    return {entity: found[entity] for entity in entities}


class Deadline:
    """When a run has to stop between two batches, so that the job's time limit does not stop it within one."""

    def __init__(self, timeout_minutes: int, clock: Callable[[], float] = time.monotonic):
        self.clock = clock
        self.batch_began = clock()
        self.ends = self.batch_began + timeout_minutes * 60 - RESERVED_SECONDS
        self.longest = 0.0

    def batch_ended(self) -> None:
        """A batch is done, and the next one would begin now."""
        now = self.clock()
        self.longest = max(self.longest, now - self.batch_began)
        self.batch_began = now

    def leaves_time(self) -> bool:
        """Whether another batch is likely to end in time; of the first nothing is known, and it is always tried."""
        return not self.longest or self.batch_began + LONGER * self.longest <= self.ends
