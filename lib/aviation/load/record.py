"""The run record of a load that Glue runs. Elsewhere the notebook's runner keeps it (`aviation.runs`)."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from aviation import aws
from aviation.errors import one_line
from aviation.load.settings import Settings
from aviation.report import LOAD_JOB, Report, RunRecord
from aviation.times import utc_text

LONGEST_ERROR = 1000
"""Spark's errors can hold a whole plan."""


def recorded(settings: Settings, load: Callable[[], Report]) -> Report:
    """Run `load` and leave its run record in the runs bucket, above all when it failed; the failure goes on."""
    started, begun = datetime.now(UTC), time.monotonic()
    counts, error = Report(), None
    try:
        counts = load()
        return counts
    except Exception as failure:
        error = f"{type(failure).__name__}: {one_line(failure)}"[:LONGEST_ERROR]
        raise
    finally:
        record = RunRecord(
            run_id=settings.run_id,
            job=LOAD_JOB,
            notebook=f"{LOAD_JOB}.ipynb",
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
