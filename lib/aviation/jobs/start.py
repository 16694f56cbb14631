"""Start the stack's jobs and wait for their outcome: a producer's Lambda, the load's Glue job."""

import json

from aviation import aws, backend, home
from aviation.entities import entity_named
from aviation.errors import JobError, ParameterError
from aviation.places import stack_name
from aviation.runs import notebook as runs

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


def retry(record: dict) -> dict:
    """Run what a run record tells of again, with the same parameters; the new run's record."""
    parameters = dict(record["parameters"])
    kind, _, rest = record["job"].partition("/")
    if kind == "producer":
        parameters.pop("entity", None)
        return run_producer(rest, parameters)
    if kind == "aviation_data_load":
        return backend.in_use().load(parameters)
    notebooks = sorted((home.root() / "notebooks").rglob(record["notebook"]))
    if len(notebooks) != 1:
        raise ParameterError(f"run {record['run_id']} is of {record['notebook']}, which is not in notebooks/ once")
    return runs.execute(notebooks[0], parameters, job=record["job"])
