"""The reliability page: what `unbreakable.py` found, as Markdown.

`docs/reliability.json` holds the results, `docs/reliability.md.jinja` the words.
"""

import json
from pathlib import Path
from typing import Any

from pages import templates

DOCS = Path(__file__).resolve().parents[2] / "docs"
RESULTS, PAGE = DOCS / "reliability.json", DOCS / "reliability.md"
COUNTS = ("faults", "well", "failed", "killed")
HEAD = (
    "| kind | faults | runs: ended well | failed in one line | killed | rows: lost | doubled | differing |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|\n"
)


def keep(result: dict[str, Any]) -> None:
    """Keep the result and write the page again."""
    RESULTS.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n")
    PAGE.write_text(page(result))


def read() -> dict[str, Any]:
    """The result that was kept; none where there is none."""
    kept: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    return kept


def table(result: dict[str, Any]) -> str:
    """A row for each kind, and one for all, as Markdown."""
    names = (*COUNTS, "lost", "doubled", "differing")
    rows = [(kind, *(figures[name] for name in names)) for kind, figures in result["kinds"].items()]
    runs = [sum(figures[name] for figures in result["kinds"].values()) for name in COUNTS[:1]]
    rows.append(("**all**", *runs, "", "", "", result["lost"], result["doubled"], result["differing"]))
    return HEAD + "".join("| " + " | ".join(map(str, row)) + " |\n" for row in rows)


def page(result: dict[str, Any]) -> str:
    """The whole page, as Markdown."""
    environment = templates()
    made = table(result) if result else ""
    return environment.get_template("reliability.md.jinja").render(result=result, table=made)
