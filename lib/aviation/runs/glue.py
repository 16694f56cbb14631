"""Runs of the jobs on Glue: started, waited for, and found again in the runs bucket."""

import time
from typing import Any

from aviation import aws
from aviation.errors import JobError
from aviation.places import place
from aviation.report import RunRecord
from aviation.runs import store
from aviation.runs.declared import LOAD, PUBLISH, TRAIN, Job
from aviation.times import utc_text

FAILED = ("FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED")
LOOK_SECONDS = 5


def run_load(parameters: dict[str, Any]) -> RunRecord:
    """Start the load's Glue job, wait for its end, and return the run record that it left. JobError where it failed."""
    return _run(LOAD, "load", place("LoadJob"), parameters)


def run_publish(parameters: dict[str, Any]) -> RunRecord:
    """As `run_load`, for the job that publishes."""
    return _run(PUBLISH, "publish", place("PublishJob"), parameters)


def run_train(parameters: dict[str, Any]) -> RunRecord:
    """As `run_load`, for the job that trains the forecast."""
    return _run(TRAIN, "train", place("TrainJob"), parameters)


def _run(job: Job, word: str, name: str, parameters: dict[str, Any]) -> RunRecord:
    glue = aws.client("glue")
    # A choice that is empty is left to the job: Glue passes no empty text.
    arguments = {f"--{name}": _argument(value) for name, value in parameters.items() if value not in ("", [])}
    run_id = glue.start_job_run(JobName=name, Arguments=arguments)["JobRunId"]
    while (run := glue.get_job_run(JobName=name, RunId=run_id)["JobRun"])["JobRunState"] != "SUCCEEDED":
        if run["JobRunState"] in FAILED:
            reason = run.get("ErrorMessage", "see the log of the job")
            raise JobError(f"{word} {run_id}: {run['JobRunState']}: {reason}")
        time.sleep(LOOK_SECONDS)
    kept = (record for record in store.latest(job.name) if record.run_id == run_id)
    return next(kept, None) or _unrecorded(job, run, parameters)


def _unrecorded(job: Job, run: dict[str, Any], parameters: dict[str, Any]) -> RunRecord:
    """What Glue itself says of a run that left no record."""
    return RunRecord(
        run_id=run["Id"],
        job=job.name,
        notebook=f"{job.name}.ipynb",
        parameters=parameters,
        started_at=utc_text(run["StartedOn"]),
        seconds=run.get("ExecutionTime", 0),
    )


def _argument(value: object) -> str:
    """A choice as Glue passes it: text."""
    return ",".join(value) if isinstance(value, list) else str(value)
