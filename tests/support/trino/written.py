"""The SQL that stands in the code and in the documentation, found by what it looks like."""

import ast
import json
import re
from collections.abc import Iterator

from support import ROOT

PACKAGE = ROOT / "lib/aviation"
# Packages whose SQL is not Athena's: Spark's, DuckDB's, and none.
ELSEWHERE = {"load": "Spark's", "local": "DuckDB's", "replay": "none", "charts": "none, but Vega's expressions"}
# Texts that look like SQL and are none.
WORDS = {"there is no query: write one like select count(*) from flights": "an error that shows what a query is"}
# What no other text in the code holds. It is written in lower case.
SQL = re.compile(
    r"\bselect\b.+\bfrom\b|\b(?:group|order|partition) by\b|\bunion all\b|\bcase when\b|\bis (?:not )?null (?:and|or)\b"
    r"|\bin \(|\b(?:array_agg|avg|cast|coalesce|count|count_if|date_diff|date_trunc|element_at|hour|max|min|sum)\("
    r"|\b(?:date|timestamp) '|\|\| |\bwhere \S+ (?:[<>=]|in\b)",
    re.DOTALL,
)
# What the code replaces in SQL when it runs: an instant, and what whoever deploys chooses.
FILLED_IN = re.compile(r"\{t\}|:delay_cost_per_minute|:passengers_per_flight")


def modules() -> dict[str, str]:
    """The text of each module and notebook that may hold Athena's SQL, by its path."""
    texts = {
        str(path.relative_to(ROOT)): path.read_text()
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0] not in ELSEWHERE
    }
    for path in sorted((ROOT / "notebooks").rglob("*.ipynb")):
        cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
        texts[str(path.relative_to(ROOT))] = "\n".join("".join(cell["source"]) for cell in cells)
    return texts


def in_code(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each literal of a module that is SQL, or a part of it: its line, and its texts between what is filled in when it
    runs."""
    tree = ast.parse(text)
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    inside |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    for node in ast.walk(tree):
        if id(node) in inside or not isinstance(node, ast.JoinedStr | ast.Constant):
            continue
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        shown = "".join(str(part.value) if isinstance(part, ast.Constant) else "{t}" for part in parts)
        if SQL.search(shown) and shown not in WORDS:
            yield node.lineno, FILLED_IN.split(shown)


def holds(query: str, texts: list[str]) -> bool:
    """Whether the query has all of these texts, one after the other."""
    end = 0
    for text in texts:
        if (start := query.find(text, end)) < 0:
            return False
        end = start + len(text)
    return True


def in_documents() -> set[str]:
    """The queries that the documentation and the notebooks' texts tell people to ask."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    texts = [page.read_text() for page in pages]
    for notebook in (ROOT / "notebooks").rglob("*.ipynb"):
        texts += ["".join(cell["source"]) for cell in json.loads(notebook.read_text())["cells"]]
    asked = [r'aviation query [^"\n]*"([^"]+)"', r"(?ms)^%%sql[^\n]*\n(.+?)(?:\n```|\Z)"]
    found = {match[1] for text in texts for form in asked for match in re.finditer(form, text)}
    return found - {"SQL"}
