"""The defaults of a notebook's parameters, which stand in its parameters cell and nowhere else."""

import ast

import nbformat

from support import ROOT


def defaults(notebook: str) -> dict:
    """By name, of `notebook`, a path from the repository's root."""
    cells = nbformat.read(ROOT / notebook, as_version=4).cells
    [cell] = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    return {statement.target.id: ast.literal_eval(statement.value) for statement in ast.parse(cell.source).body}
