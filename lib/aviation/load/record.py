"""The run record of a load that Glue runs. Elsewhere the notebook's runner keeps it (`aviation.runs`)."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

from aviation import aws
from aviation.load.settings import Settings
from aviation.report import Report

JOB = "aviation_data_load"


def recorded(settings: Settings, load: Callable[[], Report]) -> Report:
    """Run `load` and leave its run record in the runs bucket, above all when it failed; the failure goes on."""
    started, begun = datetime.now(UTC), time.monotonic()
    counts, error = {}, None
    try:
        counts = load()
        return counts
    except Exception as failure:
        error = " ".join(f"{type(failure).__name__}: {failure}".split())[:1000]
        raise
    finally:
        record = {
            "run_id": settings.run_id,
            "job": JOB,
            "notebook": f"{JOB}.ipynb",
            "parameters": settings.choices,
            "started_at": f"{started:%Y-%m-%dT%H:%M:%SZ}",
            "seconds": round(time.monotonic() - begun, 3),
            "status": "failed" if error else counts.get("status", "ok"),
            "counts": counts,
            "error": error,
            "failed_cell": None,
            "executed_notebook": None,
        }
        body = json.dumps(record, indent=1).encode()
        key = f"{JOB}/{started:%Y/%m/%d}/{settings.run_id}.json"
        aws.client("s3").put_object(Bucket=settings.runs_bucket, Key=key, Body=body, ContentType="application/json")
