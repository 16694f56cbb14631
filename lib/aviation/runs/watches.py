"""Runs the alerts' notebook for every watch: each file in `parameters/alerts` is one."""

from pathlib import Path

from aviation.errors import AviationError
from aviation.report import RunRecord
from aviation.runs.declared import watches
from aviation.runs.notebook import execute
from aviation.runs.parameters import read_parameters


def run_watches(root: Path, out_dir: Path | None = None) -> list[RunRecord]:
    """The run records of the alerts' notebook, once for each watch. Where any failed, the AviationError of the first
    that did, after the last one has run."""
    records, failures = [], []
    for job in watches(root):
        try:
            [file] = job.parameters
            parameters = read_parameters(root / file)
            name = f"alerts/{parameters.get('watch', file)}"
            # Alerts ask the tables alone: their function may not read the API's key, so nobody asks for it.
            records.append(execute(root / job.notebook, parameters, job=name, out_dir=out_dir, reads_key=False))
        except AviationError as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return records
