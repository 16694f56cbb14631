"""Runs of the load on Glue: started, waited for, and found again in the runs bucket."""

import time

from aviation import aws
from aviation.errors import JobError
from aviation.places import place
from aviation.runs import notebook as runs


def run_load(parameters: dict) -> dict:
    """Start the Glue job, wait for its end, and return the run record that it left. JobError where it failed."""
    glue = aws.client("glue")
    job = place("LoadJob")
    # A choice that is empty is left to the job: Glue passes no empty text.
    arguments = {f"--{name}": _argument(value) for name, value in parameters.items() if value not in ("", [])}
    run_id = glue.start_job_run(JobName=job, Arguments=arguments)["JobRunId"]
    while True:
        run = glue.get_job_run(JobName=job, RunId=run_id)["JobRun"]
        if run["JobRunState"] == "SUCCEEDED":
            left = {"run_id": run_id, "status": "ok", "seconds": run.get("ExecutionTime", 0), "counts": {}}
            return next((record for record in runs.latest("aviation_data_load") if record["run_id"] == run_id), left)
        if run["JobRunState"] in ("FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"):
            raise JobError(f"load {run_id}: {run['JobRunState']}: {run.get('ErrorMessage', 'see the log of the job')}")
        time.sleep(5)


def _argument(value) -> str:
    """A choice as Glue passes it: text."""
    return ",".join(value) if isinstance(value, list) else str(value)
