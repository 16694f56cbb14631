"""Draws `docs/images/layers.svg`: the packages in the order of their layers, and the imports that there are.

Run it after a change to the packages: `.venv/bin/python docs/layers.py`. The order is that of the contract in
pyproject.toml, which import-linter holds; each arc is an import that the code makes, from the package above to the one
below. Imports of the ground floor, which everything uses, are left out.
"""

import ast
import tomllib
from dataclasses import dataclass
from pathlib import Path

import grimp
import jinja2

DOCS = Path(__file__).resolve().parent
PACKAGE = DOCS.parent / "lib/aviation"
PICTURE = DOCS / "images/layers.svg"
ENTRY = "__main__"
MOST_LETTERS = 72


@dataclass(frozen=True)
class Arc:
    """An import: the rows of the importer and of what it imports, counted from the top."""

    start: int
    end: int


def layers() -> tuple[list[str], list[str]]:
    """The packages from the top down, and the modules of the ground floor below the last package."""
    settings = tomllib.loads((DOCS.parent / "pyproject.toml").read_text())["tool"]["importlinter"]
    [contract] = [contract for contract in settings["contracts"] if contract["type"] == "layers"]
    names = [name.strip() for layer in contract["layers"] for name in layer.replace(":", "|").split("|")]
    names.remove(ENTRY)
    last_of_the_flow = names.index("poll") + 1
    return names[:last_of_the_flow], names[last_of_the_flow:]


def words(name: str) -> str:
    """The first sentence of the docstring, cut where it is long."""
    file = PACKAGE / name / "__init__.py" if (PACKAGE / name).is_dir() else PACKAGE / f"{name}.py"
    text = " ".join((ast.get_docstring(ast.parse(file.read_text())) or "").split()).replace("`", "")
    for mark in (". ", ": ", "; "):
        text = text.partition(mark)[0]
    return text.rstrip(".") if len(text) <= MOST_LETTERS else text[:MOST_LETTERS].rpartition(" ")[0] + " …"


def arcs(rows: list[str]) -> list[Arc]:
    """One for each pair of packages of which one imports from the other."""
    graph = grimp.build_graph("aviation")
    pairs = {
        (importer.split(".")[1], imported.split(".")[1])
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
        if "." in importer and "." in imported
    }
    found = [Arc(rows.index(a), rows.index(b)) for a, b in pairs if a != b and a in rows and b in rows]
    return sorted(found, key=lambda arc: (arc.start, arc.end))


def draw() -> str:
    """The picture, as SVG."""
    rows, ground = layers()
    loader = jinja2.FileSystemLoader(DOCS)
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    named = [(name, words(name)) for name in rows]
    return environment.get_template("layers.svg.jinja").render(rows=named, ground=ground, arcs=arcs(rows))


if __name__ == "__main__":
    PICTURE.write_text(draw())
