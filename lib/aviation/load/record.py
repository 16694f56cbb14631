"""The run record of a job that Glue runs. Elsewhere the notebook's runner keeps it (`aviation.runs`)."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from aviation import aws
from aviation.errors import one_line
from aviation.report import LOAD_JOB, Report, RunRecord
from aviation.times import utc_text

LONGEST_ERROR = 1000
"""Spark's errors can hold a whole plan."""


class Recorded(Protocol):
    """What a job's settings say of its run: its id, what was chosen, and the bucket that keeps its record."""

    @property
    def run_id(self) -> str: ...

    @property
    def choices(self) -> dict[str, Any]: ...

    @property
    def runs_bucket(self) -> str | None: ...


def recorded(settings: Recorded, run: Callable[[], Report], job: str = LOAD_JOB) -> Report:
    """Run it and leave the run record of `job` in the runs bucket, above all when it failed; the failure goes on."""
    started, begun = datetime.now(UTC), time.monotonic()
    counts, error = Report(), None
    try:
        counts = run()
        return counts
    except Exception as failure:
        error = f"{type(failure).__name__}: {one_line(failure)}"[:LONGEST_ERROR]
        raise
    finally:
        record = RunRecord(
            run_id=settings.run_id,
            job=job,
            notebook=f"{job}.ipynb",
            parameters=settings.choices,
            started_at=utc_text(started),
            seconds=round(time.monotonic() - begun, 3),
            status="failed" if error else counts.get("status", "ok"),
            counts=counts,
            error=error,
        )
        aws.client("s3").put_object(
            Bucket=settings.runs_bucket, Key=record.key, Body=record.to_bytes(), ContentType="application/json"
        )
