"""The load's Glue job, started from here and waited for."""

import json

import pytest

from aviation import aws
from aviation.runs import glue as glue_runs

BUCKET = "runs-of-the-jobs-tests"


class Glue:
    """The emulator's Glue, whose job does what the real one does when it ends: it leaves its run record."""

    def __init__(self, counts: dict | None):
        self.glue = aws.client("glue")
        self.counts = counts

    def start_job_run(self, **given) -> dict:
        started = self.glue.start_job_run(**given)
        if self.counts is not None:
            record = {"run_id": started["JobRunId"], "started_at": "2026-03-01T00:00:00Z", "counts": self.counts}
            key = f"aviation_data_load/2026/03/01/{record['run_id']}.json"
            aws_s3().put_object(Bucket=BUCKET, Key=key, Body=json.dumps(record | {"status": "ok", "seconds": 41.5}))
        return started

    def __getattr__(self, name: str):
        return getattr(self.glue, name)


def aws_s3():
    return aws.client("s3")


@pytest.mark.parametrize("counts", [{"lines_read": 12}, None])
def test_a_load_through_glue_comes_back_with_the_record_that_the_job_left(stack, monkeypatch, counts):
    monkeypatch.setenv("AVIATION_RUNS_BUCKET", BUCKET)
    aws_s3().create_bucket(Bucket=BUCKET)
    glue, client = Glue(counts), aws.client
    monkeypatch.setattr(aws, "client", lambda service, **options: glue if service == "glue" else client(service))
    record = glue_runs.run_load({"entities": ["flights"]})
    assert record.status == "ok"
    assert record.counts == (counts or {})
