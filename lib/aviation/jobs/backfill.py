"""Past days of flights, through the same producer, streams and load as every interval's: polled day by day, each once
or at instants of it, loaded in batches, and taken up again where it was cut off."""

import json
import logging
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tqdm import tqdm

from aviation import aws, backend
from aviation.errors import AviationError, InterruptError, ParameterError
from aviation.jobs import start as jobs
from aviation.places import place
from aviation.runs.parameters import read_parameters
from aviation.words import counted

logger = logging.getLogger(__name__)

CHECKPOINT = "backfill/flights.json"


@dataclass
class Checkpoint:
    """Which days were polled, in the runs bucket: `{day: records}`, with `<day> every <minutes>m` for a day that was
    polled at instants. A day is noted once the stream has all of it."""

    polled: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "Checkpoint":
        """As the last backfill left it. AviationError where it cannot be read."""
        s3, bucket = aws.client("s3"), place("RunsBucket")
        try:
            kept = json.loads(s3.get_object(Bucket=bucket, Key=CHECKPOINT)["Body"].read())
            return cls({str(day): int(records) for day, records in kept.items()})
        except s3.exceptions.NoSuchKey:
            return cls()
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
            raise AviationError(
                f"s3://{bucket}/{CHECKPOINT}, which days were polled, cannot be read: delete it, and all days are "
                "polled again"
            ) from None

    def note(self, day: str, records: int) -> None:
        """The day is on the stream."""
        self.polled[day] = records
        body = json.dumps(self.polled, indent=1, sort_keys=True).encode()
        aws.client("s3").put_object(Bucket=place("RunsBucket"), Key=CHECKPOINT, Body=body)


@dataclass(frozen=True)
class Past:
    """A day (ISO) to poll: once, or at instants of it that are `every` so far apart."""

    day: str
    every: timedelta | None

    @property
    def name(self) -> str:
        """What the checkpoint calls it."""
        return f"{self.day} every {self.every // timedelta(minutes=1)}m" if self.every else self.day

    def instants(self) -> list[str]:
        """The instants (ISO 8601) as of which it is polled; empty text: now. ParameterError where that is all there is,
        and it was to be polled at more."""
        instants = backend.in_use().past_instants(self.day, self.every)
        if self.every and instants == [""]:
            raise ParameterError("--every asks as of past instants, and the replay alone goes back: leave it out")
        return instants


def run(
    first: date, last: date, *, file: Path, load_every: int, again: bool, every: timedelta | None = None
) -> dict[str, int]:
    """Poll each day from `first` to `last`, both included, once, or at instants of it that are `every` so far apart,
    as the replay alone can be asked; load after every `load_every` days and at the end.

    `file` holds the producer's parameters; its filters go with each day's date. Days that an earlier backfill polled
    are left out, unless `again`. Returns `days` (polled now), `records` and `loaded` (observations added). An
    AviationError or InterruptError says where it stopped: what was polled is kept, and the same command goes on from
    there.
    """
    if last < first:
        raise ParameterError(f"the first day, {first}, is after the last, {last}")
    if load_every < 1:
        raise ParameterError(f"load_every must be at least 1, not {load_every}")
    parameters = read_parameters(file)
    checkpoint = Checkpoint.read()
    days = [Past(day, every) for day in _days(first, last)]
    days = [day for day in days if again or day.name not in checkpoint.polled]
    totals = {"days": 0, "records": 0, "loaded": 0}
    try:
        _poll_and_load(days, parameters, checkpoint, load_every, totals)
    except KeyboardInterrupt as interruption:
        raise InterruptError(
            f"{totals['days']:,} of {counted(len(days), 'day')} polled, which are kept; "
            "run the same command again to go on",
            getattr(interruption, "ended_by", signal.SIGINT),
        ) from None
    return totals


def _poll_and_load(
    days: list[Past], parameters: dict[str, Any], checkpoint: Checkpoint, load_every: int, totals: dict[str, int]
) -> None:
    """Poll and load the days; `totals` is updated as it goes."""
    with tqdm(total=len(days), unit="day", disable=None) as bar:
        for number, day in enumerate(days, start=1):
            records, instants = 0, day.instants()
            for poll, instant in enumerate(instants, start=1):
                bar.set_postfix_str(f"{day.day}, poll {poll} of {len(instants)}")
                records += _poll(day, instant, parameters)
            checkpoint.note(day.name, records)
            totals["days"] += 1
            totals["records"] += records
            bar.update()
            if bar.disable:
                logger.info(
                    "backfill: %s: %s (%d of %s)",
                    *(day.name, counted(records, "record"), number, counted(len(days), "day")),
                )
            if number % load_every == 0 or number == len(days):
                totals["loaded"] += _load(shown=bool(bar.disable))
    if not days:  # the last one may have been cut off between its last poll and its load
        totals["loaded"] = _load(shown=True)


def _poll(day: Past, instant: str, parameters: dict[str, Any]) -> int:
    """The records of the day as of the instant that the stream took. AviationError where they are not all.

    Day and instant are in the poll's own requests: scheduled polls beside it go on as of now.
    """
    filters = (parameters.get("filters") or {}) | {"flight_date": day.day}
    wanted = parameters | {"filters": filters, "instant": instant}
    wanted.pop("entity", None)
    counts = jobs.run_producer("flights", wanted).counts
    if counts["status"] != "ok":
        stopped_at = f"{day.day}, as of {instant}" if day.every else day.day
        raise AviationError(
            f"backfill stopped at {stopped_at}: {counts['warning']}; run it again to go on, "
            "with other filters or more max_calls in the parameter file (-f) if need be"
        )
    return int(counts["records"])


def _load(*, shown: bool) -> int:
    """The observations that a load of what was polled adds; it is logged where `shown`."""
    record = backend.in_use().load({"entities": ["flights"]})
    added = int(record.counts.get("observations_added", 0))
    if shown:
        logger.info("backfill: loaded %s in %.0f s", counted(added, "observation"), record.seconds)
    return added


def _days(first: date, last: date) -> Iterator[str]:
    for number in range((last - first).days + 1):
        yield (first + timedelta(days=number)).isoformat()
