"""Reads run records back from the runs bucket: `<job>/<yyyy>/<mm>/<dd>/<run_id>.json`, and nothing else in it."""

import heapq
import json
import re
from collections.abc import Iterator
from itertools import groupby, islice

MOST_JOB_LEVELS = 2
"""A job's name has one part, or two: `producer/flights`."""


def newest(s3, bucket: str, job: str | None, limit: int) -> list[dict]:
    """At most `limit` records, newest first. Only the days that are needed are listed, however many runs there were."""
    jobs = list(_jobs(s3, bucket, f"{job.strip('/')}/" if job else ""))
    # One stream of (day, prefix) a job, each newest first, merged into one.
    days = heapq.merge(*(_days(s3, bucket, prefix) for prefix in jobs), reverse=True)
    records = list(islice(_records(s3, bucket, days), limit))
    return sorted(records, key=lambda record: record["started_at"], reverse=True)


def find(s3, bucket: str, run_id: str) -> list[dict]:
    """The records of the newest day on which runs have an id that begins with `run_id`. Only keys are listed until one
    fits."""
    jobs = list(_jobs(s3, bucket, ""))
    days = heapq.merge(*(_days(s3, bucket, prefix) for prefix in jobs), reverse=True)
    for _, same_day in groupby(days, key=lambda day: day[0]):
        keys = [item["Key"] for _, prefix in same_day for item in _objects(s3, bucket, prefix)]
        if fitting := [key for key in keys if key.rpartition("/")[2].startswith(run_id)]:
            return [json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in fitting]
    return []


def _records(s3, bucket: str, days: Iterator[tuple[str, str]]) -> Iterator[dict]:
    for _, same_day in groupby(days, key=lambda day: day[0]):
        found = [item for _, prefix in same_day for item in _objects(s3, bucket, prefix)]
        for item in sorted(found, key=lambda item: item["LastModified"], reverse=True):
            yield json.loads(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())


def _objects(s3, bucket: str, prefix: str) -> Iterator[dict]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from (item for item in page.get("Contents", []) if item["Key"].endswith(".json"))


def _jobs(s3, bucket: str, prefix: str, level: int = 0) -> Iterator[str]:
    """The folders that hold years."""
    folders = _folders(s3, bucket, prefix)
    if any(re.search(r"/\d{4}/$", folder) for folder in folders):
        yield prefix
    elif level < MOST_JOB_LEVELS:
        for folder in folders:
            yield from _jobs(s3, bucket, folder, level + 1)


def _days(s3, bucket: str, job: str) -> Iterator[tuple[str, str]]:
    """The days of a job as (yyyy/mm/dd, prefix), newest first."""
    for year in reversed(_folders(s3, bucket, job)):
        for month in reversed(_folders(s3, bucket, year)):
            for day in reversed(_folders(s3, bucket, month)):
                yield day.rstrip("/")[-10:], day


def _folders(s3, bucket: str, prefix: str) -> list[str]:
    """The folders right under `prefix`, in order."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    return sorted(item["Prefix"] for page in pages for item in page.get("CommonPrefixes", []))
