"""Runs as pages: each executed notebook as HTML, and an index of them, for a browser or a team's web server.

The pages need nothing but each other: the folder can be copied anywhere.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from tqdm import tqdm

from aviation import aws, home, templates
from aviation.redact import redact

COUNTS_SHOWN = ("records", "lines_read", "observations_added", "quarantined", "sent", "warning")


def folder() -> Path:
    """Where the pages are written."""
    return home.home() / "runs"


def write_index(records: list[dict], progress: Callable[[str], None]) -> Path:
    """Write a page for each run that has none yet, then `index.html` with the failed runs on top; the index's path."""
    folder().mkdir(parents=True, exist_ok=True)
    for record in tqdm(records, unit="run", disable=None, leave=False):
        if not _page(record).is_file():
            write_page(record)
    index = folder() / "index.html"
    partial = index.with_suffix(".partial")
    partial.write_text(_index(records), encoding="utf-8")
    partial.replace(index)
    progress(f"runs: {len(records)} runs, {sum(map(_is_failed, records))} failed")
    return index.resolve()


def write_page(record: dict) -> Path:
    """Write the page of one run: its executed notebook, or its record where it has none; the page's path."""
    notebook = executed(record)
    body = _notebook_html(notebook) if notebook else _record_html(record)
    page = _page(record)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(body, encoding="utf-8")
    return page.resolve()


def executed(record: dict) -> dict | None:
    """The executed notebook of a run, None where it has none (a load on Glue) or it is not there any more."""
    where = record.get("executed_notebook")
    if not where:
        return None
    try:
        if where.startswith("s3://"):
            place = urlsplit(where)
            found = aws.client("s3").get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))
            return json.loads(found["Body"].read())
        return json.loads(Path(where).read_text())
    except (OSError, ClientError):
        return None


def failing_cell(record: dict) -> str | None:
    """The source of the cell that failed, None where no cell did."""
    notebook = executed(record) if record.get("failed_cell") else None
    for cell in notebook["cells"] if notebook else []:
        if cell["cell_type"] == "code" and cell.get("execution_count") == record["failed_cell"]:
            return "".join(cell["source"])
    return None


def line(record: dict) -> str:
    """A run in one line: when, how long, what, how it ended, and the reason or the counts."""
    when = f"{record['started_at'][:19].replace('T', ' ')}Z"
    head = f"{record['run_id'][:8]}  {when} {record['seconds']:>6.0f} s  {record['job']:<24} {record['status']:<8}"
    return f"{head} {outcome(record)}"


def outcome(record: dict) -> str:
    """Why it failed, and in which cell; else what it counted."""
    if _is_failed(record):
        cell = f"cell {record['failed_cell']}: " if record.get("failed_cell") else ""
        return f"{cell}{record.get('error') or 'no reason was kept'}"
    counts = record.get("counts") or {}
    return ", ".join(f"{name} {counts[name]}" for name in COUNTS_SHOWN if counts.get(name) not in (None, ""))


def _is_failed(record: dict) -> bool:
    return record["status"] == "failed"


def _page(record: dict) -> Path:
    return folder() / "pages" / f"{record['run_id']}.html"


def _index(records: list[dict]) -> str:
    return templates.render(
        "runs/pages.html",
        failed=[record for record in records if _is_failed(record)],
        others=[record for record in records if not _is_failed(record)],
        written=f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        when=_when,
        outcome=outcome,
        parameters=_parameters,
        failing_cell=failing_cell,
    )


def _parameters(record: dict) -> str:
    return json.dumps(record["parameters"], ensure_ascii=False)


def _when(record: dict) -> str:
    return record["started_at"][:19].replace("T", " ")


def _notebook_html(notebook: dict) -> str:
    import nbformat
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name="classic")
    # What the page would fetch from elsewhere: it has no formulas and no widgets.
    for name in ("mathjax_url", "require_js_url", "jquery_url", "mermaid_js_url", "html_manager_semver_range"):
        setattr(exporter, name, "")
    return exporter.from_notebook_node(nbformat.reads(json.dumps(notebook), as_version=4))[0]


def _record_html(record: dict) -> str:
    text = redact(json.dumps(record, indent=2, ensure_ascii=False))
    return templates.render("runs/record.html", record=record, text=text)
