"""Runs the alerts' notebook for every watch: each file in `parameters/alerts` is one."""

from pathlib import Path

from aviation.errors import AviationError
from aviation.runs import notebook as runs


def run_watches(root: Path, out_dir: Path | None = None) -> list[dict]:
    """The run records of the alerts' notebook, once for each file in `parameters/alerts`. AviationError, after the
    last one, where any failed: the first one's."""
    records, failures = [], []
    for file in sorted((root / "parameters/alerts").glob("*.yaml")):
        try:
            parameters = runs.read_parameters(file)
            job = f"alerts/{parameters.get('watch', file.stem)}"
            records.append(runs.execute(root / "notebooks/alerts.ipynb", parameters, job=job, out_dir=out_dir))
        except AviationError as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return records
