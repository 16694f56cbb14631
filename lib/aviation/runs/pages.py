"""Runs as pages: each executed notebook as HTML, and an index of them, for a browser or a team's web server.

The pages need nothing but each other: the folder can be copied anywhere.
"""

import json
import logging
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tqdm import tqdm

from aviation import home, templates
from aviation.printable import printable
from aviation.redact import redact
from aviation.report import RunRecord
from aviation.runs import store
from aviation.runs.summary import variant
from aviation.words import counted

logger = logging.getLogger(__name__)

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
)
"""What the page of a run may do (Content-Security-Policy): show itself. Its outputs are as the notebook left them."""
COUNTS_SHOWN = ("records", "lines_read", "observations_added", "quarantined", "sent", "warning")


def folder() -> Path:
    """Where the pages are written."""
    return home.home() / "runs"


def write_index(records: list[RunRecord]) -> Path:
    """Write a page for each run that has none yet, then `index.html` with the failed runs on top; the index's path."""
    for record in tqdm(records, unit="run", disable=None, leave=False):
        if not _page(record).is_file():
            write_page(record)
    index = folder() / "index.html"
    home.write(index, _index(records))
    logger.info("runs: %s, %d failed", counted(len(records), "run"), sum(record.is_failed for record in records))
    return index.resolve()


def write_page(record: RunRecord) -> Path:
    """Write the page of one run: its executed notebook, or its record where it has none; the page's path."""
    page = _page(record)
    home.write(page, html(record))
    return page.resolve()


def html(record: RunRecord) -> str:
    """The page of one run."""
    notebook = _executed(record)
    return _notebook_html(notebook) if notebook else _record_html(record)


def failing_cell(record: RunRecord) -> str | None:
    """The source of the cell that failed, None where no cell did."""
    notebook = _executed(record) if record.failed_cell else None
    for cell in notebook["cells"] if notebook else []:
        if cell["cell_type"] == "code" and cell.get("execution_count") == record.failed_cell:
            return str(cell["source"])
    return None


def line(record: RunRecord) -> str:
    """A run in one line: when, how long, what, how it ended, and the reason or the counts."""
    when = f"{record.started_at[:19].replace('T', ' ')}Z"
    head = f"{record.run_id[:8]}  {when} {record.seconds:>6.0f} s  {record.job:<24} {record.status:<8}"
    return " ".join(printable(f"{head} {outcome(record)}").splitlines())


def outcome(record: RunRecord) -> str:
    """Why it failed, and in which cell; else what it counted. A load that was no ordinary one says so first."""
    special = f"{name}: " if (name := variant(record)) else ""
    if record.is_failed:
        cell = f"cell {record.failed_cell}: " if record.failed_cell else ""
        return f"{special}{cell}{record.error or 'no reason was kept'}"
    counts = {name: record.counts[name] for name in COUNTS_SHOWN if record.counts.get(name) not in (None, "")}
    # The status beside it says that it is a warning.
    return special + ", ".join(str(text) if name == "warning" else f"{name} {text}" for name, text in counts.items())


def _page(record: RunRecord) -> Path:
    return folder() / "pages" / f"{quote(record.run_id, safe='')}.html"


def _link(record: RunRecord) -> str:
    return f"pages/{quote(_page(record).name)}"


def _index(records: list[RunRecord]) -> str:
    return templates.render(
        "runs/pages.html",
        failed=[record for record in records if record.is_failed],
        others=[record for record in records if not record.is_failed],
        link=_link,
        policy=POLICY,
        written=f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        when=_when,
        outcome=outcome,
        parameters=_parameters,
        failing_cell=failing_cell,
    )


def _parameters(record: RunRecord) -> str:
    return json.dumps(record.parameters, ensure_ascii=False)


def _when(record: RunRecord) -> str:
    return record.started_at[:19].replace("T", " ")


def _executed(record: RunRecord) -> Any | None:
    """The executed notebook of a run as nbformat has it; None where it has none, or it is no notebook."""
    import nbformat

    try:
        kept = store.notebook(record)
        if kept is None:
            return None
        notebook = nbformat.reads(json.dumps(kept), as_version=4)  # type: ignore[no-untyped-call]
        nbformat.validate(notebook)
        return notebook
    except (nbformat.ValidationError, nbformat.reader.NotJSONError, AttributeError, KeyError, TypeError, ValueError):
        logger.warning("run %s: what lies at %s is no notebook", record.run_id, record.executed_notebook)
        return None


def _notebook_html(notebook: Any) -> str:
    """The notebook as a page on which nothing runs and which fetches nothing, whatever its outputs hold."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name="classic")  # type: ignore[no-untyped-call]
    # What the page would fetch from elsewhere: it has no formulas and no widgets.
    for name in ("mathjax_url", "require_js_url", "jquery_url", "mermaid_js_url", "html_manager_semver_range"):
        setattr(exporter, name, "")
    head, _, body = str(exporter.from_notebook_node(notebook)[0]).partition("</head>")
    policy = f'<head><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    # A policy does not forbid the one tag that leads a browser elsewhere by itself.
    return head.replace("<head>", policy, 1) + "</head>" + re.sub("<(?=meta)", "&lt;", body, flags=re.IGNORECASE)


def _record_html(record: RunRecord) -> str:
    text = redact(json.dumps(record.to_json(), indent=2, ensure_ascii=False))
    return templates.render("runs/record.html", record=record, text=text, policy=POLICY)
