"""Small notebooks to run as jobs."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Aviation", "language": "python"}}


def job_notebook(folder: Path, *cells: str, parameters: str | None = "number: int = 1  # how many") -> Path:
    """`job.ipynb` in the folder: a parameters cell (None: without), then the given code cells."""
    made = [new_code_cell(parameters, metadata={"tags": ["parameters"]})] if parameters else []
    file = folder / "job.ipynb"
    nbformat.write(new_notebook(cells=[*made, *map(new_code_cell, cells)], metadata=KERNEL), file)
    return file
