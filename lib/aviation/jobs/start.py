"""Start the stack's jobs and wait for their outcome: a producer's Lambda, the load's Glue job."""

import json
from collections.abc import Callable
from typing import Any

from aviation import aws, backend, home
from aviation.errors import JobError
from aviation.places import stack_name
from aviation.report import RunRecord
from aviation.runs import declared
from aviation.runs import notebook as runs
from aviation.runs.declared import Job, StartedBy

LAMBDA_SECONDS = 900


def run_producer(entity: str, parameters: dict[str, Any] | None = None) -> RunRecord:
    """Invoke the entity's producer and wait; its run record. `parameters` override those of its parameter file.

    JobError carries the failing cell's message; the executed notebook is in the runs bucket by then.
    """
    job = declared.producer(entity)
    client = aws.client("lambda", read_timeout=LAMBDA_SECONDS + 30, retries={"total_max_attempts": 1})
    event = {"entity": entity, "parameters": parameters or {}}
    answer = client.invoke(FunctionName=f"{stack_name()}-{job.function}", Payload=json.dumps(event).encode())
    payload = json.loads(answer["Payload"].read() or b"{}")
    if "FunctionError" in answer:
        raise JobError(f"producer {entity}: {payload.get('errorMessage', 'the function ended without a message')}")
    return RunRecord.from_json(payload)


def retry(record: RunRecord) -> RunRecord:
    """Run the job of a run record again, where it runs, with the same parameters; the new run's record."""
    job = declared.job_of(record, home.root())
    return STARTERS[job.started_by](job, dict(record.parameters))


def _through_lambda(job: Job, parameters: dict[str, Any]) -> RunRecord:
    parameters.pop("entity", None)
    return run_producer(job.entity or "", parameters)


def _on_glue(job: Job, parameters: dict[str, Any]) -> RunRecord:
    return backend.in_use().load(parameters)


def _published(job: Job, parameters: dict[str, Any]) -> RunRecord:
    return backend.in_use().publish(parameters)


def _trained(job: Job, parameters: dict[str, Any]) -> RunRecord:
    return backend.in_use().train(parameters)


def _here(job: Job, parameters: dict[str, Any]) -> RunRecord:
    return runs.execute(home.root() / job.notebook, parameters, job=job.name)


STARTERS: dict[StartedBy, Callable[[Job, dict[str, Any]], RunRecord]] = {
    StartedBy.LAMBDA: _through_lambda,
    StartedBy.GLUE: _on_glue,
    StartedBy.PUBLISH: _published,
    StartedBy.TRAIN: _trained,
    StartedBy.LOAD: _here,
    StartedBy.PERSON: _here,
}
