"""Small notebooks to run as jobs, and the defaults of the repository's own."""

import ast
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from support import ROOT

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Aviation", "language": "python"}}


def job_notebook(folder: Path, *cells: str, parameters: str | None = "number: int = 1  # how many") -> Path:
    """`job.ipynb` in the folder: a parameters cell (None: without), then the given code cells."""
    made = [new_code_cell(parameters, metadata={"tags": ["parameters"]})] if parameters else []
    file = folder / "job.ipynb"
    nbformat.write(new_notebook(cells=[*made, *map(new_code_cell, cells)], metadata=KERNEL), file)
    return file


def defaults(notebook: str) -> dict:
    """The parameters in the parameters cell of `notebook` (a path from the repository's root), by name."""
    cells = nbformat.read(ROOT / notebook, as_version=4).cells
    [cell] = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    return {statement.target.id: ast.literal_eval(statement.value) for statement in ast.parse(cell.source).body}
