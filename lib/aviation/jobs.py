"""Start the stack's jobs and wait for their outcome: a producer's Lambda, the load's Glue job."""

import json
import time

from aviation import aws, runs
from aviation.entities import entity_named
from aviation.errors import JobError, ParameterError
from aviation.places import place, stack_name

LAMBDA_SECONDS = 900


def run_producer(entity: str, parameters: dict | None = None) -> dict:
    """Invoke the entity's producer and wait; its run record. `parameters` override those of its parameter file.

    JobError carries the failing cell's message; the executed notebook is in the runs bucket by then.
    """
    name = f"{stack_name()}-producer-{entity_named(entity).name}"
    client = aws.client("lambda", read_timeout=LAMBDA_SECONDS + 30, retries={"total_max_attempts": 1})
    event = {"entity": entity, "parameters": parameters or {}}
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    payload = json.loads(answer["Payload"].read() or b"{}")
    if "FunctionError" in answer:
        raise JobError(f"producer {entity}: {payload.get('errorMessage', 'the function ended without a message')}")
    return payload


def run_glue_load(parameters: dict) -> dict:
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


def retry(record: dict) -> dict:
    """Run what a run record tells of again, with the same parameters; the new run's record."""
    parameters = dict(record["parameters"])
    kind, _, rest = record["job"].partition("/")
    if kind == "producer":
        parameters.pop("entity", None)
        return run_producer(rest, parameters)
    if kind == "aviation_data_load":
        return aws.load_runner()(parameters)
    notebooks = sorted((aws.root() / "notebooks").rglob(record["notebook"]))
    if len(notebooks) != 1:
        raise ParameterError(f"run {record['run_id']} is of {record['notebook']}, which is not in notebooks/ once")
    return runs.execute(notebooks[0], parameters, job=record["job"])


def _argument(value) -> str:
    """A choice as Glue passes it: text."""
    return ",".join(value) if isinstance(value, list) else str(value)
