"""Run records in the runs bucket: `<job>/<yyyy>/<mm>/<dd>/<run_id>.json`.

What the bucket holds is data, whoever wrote it: a record counts where it is one and lies under its own key, and its
notebook is the one beside it. Anything else is left out, with a line in the log that says so.
"""

import heapq
import json
import logging
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import groupby, islice
from typing import Any

from botocore.exceptions import ClientError

from aviation import aws
from aviation.errors import ParameterError
from aviation.places import place
from aviation.printable import printable
from aviation.report import RunRecord
from aviation.times import parse_utc

logger = logging.getLogger(__name__)

MOST_JOB_LEVELS = 2
"""A job's name has one part, or two: `producer/flights`."""
YEAR = re.compile(r"/\d{4}/$")
KEY = re.compile(r"(?P<job>(?!\.)[^/]+(/(?!\.)[^/]+)?)/\d{4}/\d\d/\d\d/(?P<run_id>\w[\w.-]*)\.json")
"""The key of a record. Its parts become file names: none climbs."""
READ_AT_ONCE = 8
MOST_SEARCHED = 2000
"""A failed run is looked for among so many: about ten days of the default schedules."""


def latest(job: str | None = None, limit: int = 20, *, failed: bool = False) -> list[RunRecord]:
    """At most `limit` run records, newest first; of one job (`producer/flights`, say) or of all, of failed runs alone
    if so asked: of the newest MOST_SEARCHED. Only the days that are needed are listed, however many runs there were."""
    searched = islice(_Bucket().records(job), MOST_SEARCHED)
    wanted = (record for record in searched if record.is_failed or not failed)
    return sorted(islice(wanted, limit), key=lambda record: record.started_at, reverse=True)


def find(run_id: str) -> RunRecord:
    """The record of the run whose id begins with `run_id`, of the newest day that has one; ParameterError where none
    or more than one does."""
    records = _Bucket().beginning(run_id) if run_id else []
    if not records:
        raise ParameterError(f"there is no run '{run_id}': 'aviation runs' lists them")
    if len(records) > 1:
        ids = ", ".join(record.run_id for record in records)
        raise ParameterError(f"more than one run begins with '{run_id}': {ids}")
    return records[0]


def keep(record: RunRecord, notebook: bytes) -> RunRecord:
    """Put a run's executed notebook and its record into the runs bucket; the record as kept, which names the place of
    the notebook (s3://...)."""
    bucket = _Bucket()
    key = f"{record.stem}.ipynb"
    kept = replace(record, executed_notebook=f"s3://{bucket.name}/{key}")
    bucket.put(key, notebook)
    bucket.put(kept.key, kept.to_bytes())
    return kept


def notebook(record: RunRecord) -> dict[str, Any] | None:
    """The executed notebook of a run (JSON), None where it has none or it is not there any more. Of what the record
    says only the notebook beside it is read."""
    if not record.executed_notebook:
        return None
    bucket = _Bucket()
    key = f"{record.stem}.ipynb"
    if record.executed_notebook != f"s3://{bucket.name}/{key}":
        logger.warning("run %s: '%s' is not its own notebook: it is not read", record.run_id, record.executed_notebook)
        return None
    try:
        return dict(json.loads(bucket.get(key)))
    except (ClientError, ValueError, TypeError, RecursionError):
        return None


class _Bucket:
    """The runs bucket of the stack in use."""

    def __init__(self) -> None:
        self.s3, self.name = aws.client("s3"), place("RunsBucket")

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.name, Key=key, Body=body, ContentType="application/json")

    def get(self, key: str) -> bytes:
        return bytes(self.s3.get_object(Bucket=self.name, Key=key)["Body"].read())

    def records(self, job: str | None) -> Iterator[RunRecord]:
        """The records of a job, or of all, newest day first; those of a day as they were written, newest first."""
        with ThreadPoolExecutor(READ_AT_ONCE) as pool:
            for objects in self._by_day(job):
                newest_first = sorted(objects, key=lambda item: item["LastModified"], reverse=True)
                for start in range(0, len(newest_first), READ_AT_ONCE):
                    yield from filter(None, pool.map(self._read, newest_first[start : start + READ_AT_ONCE]))

    def beginning(self, run_id: str) -> list[RunRecord]:
        """The records of the newest day on which runs have an id that begins with `run_id`. Only keys are listed until
        one fits."""
        for objects in self._by_day(None):
            if fitting := [item for item in objects if item["Key"].rpartition("/")[2].startswith(run_id)]:
                return list(filter(None, map(self._read, fitting)))
        return []

    def _by_day(self, job: str | None) -> Iterator[list[dict[str, Any]]]:
        """The objects of the records of each day, newest day first."""
        jobs = list(self._jobs(f"{job.strip('/')}/" if job else ""))
        # One stream of (day, prefix) a job, each newest first, merged into one.
        days = heapq.merge(*(self._days(prefix) for prefix in jobs), reverse=True)
        for _, same_day in groupby(days, key=lambda day: day[0]):
            yield [item for _, prefix in same_day for item in self._objects(prefix)]

    def _jobs(self, prefix: str, level: int = 0) -> Iterator[str]:
        """The folders that hold years. A job's can hold other jobs' too: `producer` is a person's run of the notebook,
        `producer/flights` a schedule's."""
        folders = self._folders(prefix)
        if any(YEAR.search(folder) for folder in folders):
            yield prefix
        if level < MOST_JOB_LEVELS:
            for folder in folders:
                if not YEAR.search(folder):
                    yield from self._jobs(folder, level + 1)

    def _days(self, job: str) -> Iterator[tuple[str, str]]:
        """The days of a job as (yyyy/mm/dd, prefix), newest first."""
        for year in filter(YEAR.search, reversed(self._folders(job))):
            for month in reversed(self._folders(year)):
                for day in reversed(self._folders(month)):
                    yield day.rstrip("/")[-10:], day

    def _folders(self, prefix: str) -> list[str]:
        """The folders right under `prefix`, in order."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix, Delimiter="/")
        return sorted(item["Prefix"] for page in pages for item in page.get("CommonPrefixes", []))

    def _objects(self, prefix: str) -> Iterator[dict[str, Any]]:
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix):
            yield from (item for item in page.get("Contents", []) if item["Key"].endswith(".json"))

    def _read(self, item: dict[str, Any]) -> RunRecord | None:
        """The record that lies there, None where that is not one."""
        key = item["Key"]
        try:
            record = RunRecord.from_bytes(self.get(key))
            parse_utc(record.started_at)
            if named := KEY.fullmatch(key):
                # What a record does not say of itself, its key does.
                record = replace(record, job=record.job or named["job"], run_id=record.run_id or named["run_id"])
            if named and record.key == key:
                return record
            reason = f"it is of {record.key!r:.200}"
        except (ValueError, ParameterError) as error:
            reason = str(error)
        logger.warning("s3://%s/%s is no run record, and is left out: %s", self.name, printable(key), reason)
        return None
