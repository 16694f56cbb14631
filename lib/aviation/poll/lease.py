"""One poll of an entity at a time, and what the last one saw: an object of the runs bucket that is written only as it
was last read.

S3 refuses a conditional write whose object has changed since (412), or is being written by another (409), and read and
write consistently. Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from aviation import aws
from aviation.errors import LeaseError
from aviation.places import place
from aviation.poll.watch import Seen
from aviation.retry import Deadline
from aviation.times import parse_utc, utc_text

logger = logging.getLogger(__name__)

WAIT_SECONDS = 60.0
"""How long a poll waits for another's end: a backfill's takes seconds."""
LOOK_SECONDS = 1.0
CHANGED = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})


@dataclass(frozen=True)
class Polls:
    """What is kept of an entity's polls: which run holds the lease, until when at most (aware, None: nobody), and what
    the newest polls saw of each sweep, by its name."""

    run_id: str = ""
    held_until: datetime | None = None
    seen: dict[str, Seen] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """As it is kept: JSON."""
        seen = {words: seen.to_json() for words, seen in self.seen.items()}
        until = self.held_until and utc_text(self.held_until)
        return json.dumps({"run_id": self.run_id, "held_until": until, "seen": seen}, indent=1).encode()

    @classmethod
    def from_bytes(cls, body: bytes) -> "Polls":
        """From what `to_bytes` made. ValueError, KeyError or TypeError for anything else."""
        kept = json.loads(body)
        seen = {words: Seen.from_json(value) for words, value in kept["seen"].items()}
        until = kept["held_until"]
        return cls(kept["run_id"], until and parse_utc(until), seen)


@dataclass
class Lease:
    """A lease that is held. `seen` is what the last poll saw; what is put in its place is kept for the next one."""

    seen: dict[str, Seen]


def key(entity: str) -> str:
    """Where the runs bucket keeps an entity's polls."""
    return f"polls/{entity}.json"


def seen(entity: str) -> dict[str, Seen]:
    """What the newest polls of the entity saw, by sweep; nothing where there was none. For readers of the bucket."""
    return _kept(entity).seen


def _kept(entity: str) -> Polls:
    """What is kept of the entity's polls, for who only reads it."""
    s3 = aws.client("s3")
    try:
        return Polls.from_bytes(s3.get_object(Bucket=place("RunsBucket"), Key=key(entity))["Body"].read())
    except s3.exceptions.NoSuchKey:
        return Polls()


def is_held(entity: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> bool:
    """Whether a poll of the entity is under way. For readers of the bucket."""
    polls = _kept(entity)
    return polls.held_until is not None and polls.held_until > now()


@contextmanager
def held(
    entity: str,
    run_id: str,
    seconds: float,
    *,
    wait_seconds: float = WAIT_SECONDS,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Lease]:
    """Hold the entity's lease for at most `seconds`, after a wait for another poll's end. A run that is killed leaves
    the lease until then. LeaseError where another holds it for longer than `wait_seconds`."""
    s3, where = aws.client("s3"), {"Bucket": place("RunsBucket"), "Key": key(entity)}
    deadline = Deadline(wait_seconds)
    while True:
        last, tag = _read(s3, where)
        if not last.held_until or last.held_until <= now():
            taken = replace(last, run_id=run_id, held_until=now() + timedelta(seconds=seconds))
            if written := _write(s3, where, taken, {"IfMatch": tag}):
                tag = written
                break
        elif last.run_id == run_id:  # the answer to the write that took it was lost, and the write sent again
            break
        elif deadline.seconds_left() <= 0:
            raise LeaseError(
                f"{entity}: run {last.run_id} is still polling; nothing was asked: try again, at the latest when its "
                f"lease ends at {utc_text(last.held_until)}"
            )
        time.sleep(LOOK_SECONDS)
    lease = Lease(dict(last.seen))
    try:
        yield lease
    finally:
        if not _write(s3, where, Polls(run_id, None, lease.seen), {"IfMatch": tag}):
            logger.warning("%s: the lease ran out before this poll ended, and another poll has taken it", entity)


def _read(s3: Any, where: dict[str, str]) -> tuple[Polls, str]:
    """What is kept, and its tag. It is made where it is missing: one who may not list the bucket gets no 404."""
    if tag := _write(s3, where, Polls(), {"IfNoneMatch": "*"}):
        return Polls(), tag
    answer = s3.get_object(**where)
    try:
        return Polls.from_bytes(answer["Body"].read()), answer["ETag"]
    except (ValueError, KeyError, TypeError, AttributeError):
        logger.warning("s3://%(Bucket)s/%(Key)s cannot be read, and is made anew", where)
        return Polls(), answer["ETag"]


def _write(s3: Any, where: dict[str, str], polls: Polls, condition: dict[str, str]) -> str | None:
    """Write what is kept under a condition: its new tag, or None where the condition does not hold."""
    try:
        tag: str = s3.put_object(**where, Body=polls.to_bytes(), ContentType="application/json", **condition)["ETag"]
    except ClientError as error:
        if error.response["Error"]["Code"] not in CHANGED:
            raise
        return None
    return tag
