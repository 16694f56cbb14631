"""What the Lambdas run: the producer's notebook with the parameter file of its entity, and the alerts' with each of its
parameter files.

What a run needs is imported here, while Lambda starts the function: every run's process then begins with it.
"""

import os
import tempfile
from pathlib import Path
from typing import Any, Protocol

from aviation.entities import entity_named
from aviation.errors import ParameterError
from aviation.parameters import unknown_parameter
from aviation.poll import producer as _producer  # noqa: F401
from aviation.runs import cells as _cells  # noqa: F401
from aviation.runs import declared
from aviation.runs import notebook as runs
from aviation.runs.parameters import read_parameters
from aviation.runs.watches import run_watches

EVENT_KEYS = ("entity", "parameters")
MARGIN_SECONDS = 60
"""What a run needs beside its sweep: its start (3 s), the last delivery (up to 30 s), the upload."""


class Context(Protocol):
    """What Lambda tells a function of its invocation."""

    def get_remaining_time_in_millis(self) -> int: ...


def handler(event: dict[str, Any] | None, context: Context) -> dict[str, Any]:
    """Run the producer once and return its run record as a JSON object; any error fails the invocation.

    `event` is `{"entity": "flights", "parameters": {...}}`. Both are optional: the entity is AVIATION_ENTITY then, and
    `parameters` go over those of the entity's parameter file.
    """
    event = event or {}
    for key in event:
        if key not in EVENT_KEYS:
            raise ParameterError(f"the event: {unknown_parameter(key, EVENT_KEYS)}")
    root = task_root()
    entity = entity_named(event.get("entity") or os.environ.get("AVIATION_ENTITY", "")).name
    job = declared.producer(entity)
    [file] = job.parameters
    parameters = read_parameters(root / file) | (event.get("parameters") or {}) | {"entity": entity}
    remaining = context.get_remaining_time_in_millis() / 1000
    if isinstance(wanted := parameters.get("deadline_seconds"), int):  # any other value is refused below
        parameters["deadline_seconds"] = bounded(wanted, remaining)
    with tempfile.TemporaryDirectory() as folder:
        record = runs.execute(
            root / job.notebook,
            parameters,
            job=job.name,
            out_dir=Path(folder),
            timeout_seconds=max(1, int(remaining - MARGIN_SECONDS / 4)),
        )
    return record.to_json()


def alerts(event: dict[str, Any] | None, context: Context) -> list[dict[str, Any]]:
    """Run the alerts' notebook once for each watch and return the run records as JSON objects. A watch that fails keeps
    no other from its run, and fails the invocation at the end. The event only says that a load has ended."""
    root = task_root()
    with tempfile.TemporaryDirectory() as folder:
        return [record.to_json() for record in run_watches(root, Path(folder))]


def bounded(wanted: int, remaining: float) -> int:
    """The sweep's seconds: as wanted, but such that the run ends before the function's `remaining` seconds do."""
    return min(wanted, max(1, int(remaining - min(MARGIN_SECONDS, remaining / 2))))


def task_root() -> Path:
    """Where the zip was unpacked."""
    return Path(os.environ.get("LAMBDA_TASK_ROOT") or Path(__file__).parents[2])
