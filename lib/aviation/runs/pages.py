"""Runs as pages: each executed notebook as HTML, and an index of them, for a browser or a team's web server.

The pages need nothing but each other: the folder can be copied anywhere.
"""

import json
import logging
from datetime import UTC, datetime
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from tqdm import tqdm

from aviation import aws, home
from aviation.redact import redact
from aviation.report import RunRecord
from aviation.runs.summary import variant
from aviation.words import counted

logger = logging.getLogger(__name__)

COUNTS_SHOWN = ("records", "lines_read", "observations_added", "quarantined", "sent", "warning")


def folder() -> Path:
    """Where the pages are written."""
    return home.home() / "runs"


def write_index(records: list[RunRecord]) -> Path:
    """Write a page for each run that has none yet, then `index.html` with the failed runs on top; the index's path."""
    folder().mkdir(parents=True, exist_ok=True)
    pages = {}
    for record in tqdm(records, unit="run", disable=None, leave=False):
        page = _page(record)
        pages[record.run_id] = page if page.is_file() else write_page(record)
    index = folder() / "index.html"
    partial = index.with_suffix(".partial")
    partial.write_text(_index(records, pages), encoding="utf-8")
    partial.replace(index)
    logger.info("runs: %s, %d failed", counted(len(records), "run"), sum(record.is_failed for record in records))
    return index.resolve()


def write_page(record: RunRecord) -> Path:
    """Write the page of one run: its executed notebook, or its record where it has none; the page's path."""
    notebook = executed(record)
    body = _notebook_html(notebook) if notebook else _record_html(record)
    page = _page(record)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(body, encoding="utf-8")
    return page.resolve()


def executed(record: RunRecord) -> dict[str, Any] | None:
    """The executed notebook of a run, None where it has none (a load on Glue) or it is not there any more."""
    where = record.executed_notebook
    if not where:
        return None
    try:
        if where.startswith("s3://"):
            place = urlsplit(where)
            answer = aws.client("s3").get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))
            return dict(json.loads(answer["Body"].read()))
        return dict(json.loads(Path(where).read_text()))
    except (OSError, ClientError):
        return None


def failing_cell(record: RunRecord) -> str | None:
    """The source of the cell that failed, None where no cell did."""
    notebook = executed(record) if record.failed_cell else None
    for cell in notebook["cells"] if notebook else []:
        if cell["cell_type"] == "code" and cell.get("execution_count") == record.failed_cell:
            return "".join(cell["source"])
    return None


def line(record: RunRecord) -> str:
    """A run in one line: when, how long, what, how it ended, and the reason or the counts."""
    when = f"{record.started_at[:19].replace('T', ' ')}Z"
    head = f"{record.run_id[:8]}  {when} {record.seconds:>6.0f} s  {record.job:<24} {record.status:<8}"
    return f"{head} {outcome(record)}"


def outcome(record: RunRecord) -> str:
    """Why it failed, and in which cell; else what it counted. A load that was no ordinary one says so first."""
    special = f"{name}: " if (name := variant(record)) else ""
    if record.is_failed:
        cell = f"cell {record.failed_cell}: " if record.failed_cell else ""
        return f"{special}{cell}{record.error or 'no reason was kept'}"
    counts = record.counts
    return special + ", ".join(f"{name} {counts[name]}" for name in COUNTS_SHOWN if counts.get(name) not in (None, ""))


def _page(record: RunRecord) -> Path:
    return folder() / "pages" / f"{record.run_id}.html"


def _index(records: list[RunRecord], pages: dict[str, Path]) -> str:
    failed = [record for record in records if record.is_failed]
    others = [record for record in records if not record.is_failed]
    if not records:
        summary = "There are no runs yet: start one with <code>aviation produce flights</code>."
    else:
        summary = f"The newest {counted(len(records), 'run')}; {len(failed) or 'none'} of them failed."
    shown = "".join(_failure(record, pages) for record in failed)
    rows = "".join(_row(record, pages) for record in others)
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Job", "Started, UTC", "Seconds", "Outcome", "Counts"))
    table = (
        f'<h2>Went well</h2><div class="scroll" tabindex="0" role="region" aria-label="Runs that went well"><table>'
        f"<caption>Newest first; each opens its executed notebook.</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )
    template = Template(files("aviation.runs").joinpath("pages.html").read_text(encoding="utf-8"))
    return template.substitute(
        summary=summary,
        written=f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        failed=f"<h2>Failed</h2>{shown}" if failed else "",
        table=table if others else "",
    )


def _failure(record: RunRecord, pages: dict[str, Path]) -> str:
    source = failing_cell(record)
    code = f"<pre><code>{escape(source)}</code></pre>" if source else ""
    parameters = escape(json.dumps(record.parameters, ensure_ascii=False))
    return (
        f"<article><h3>{_link(record, pages)} <span class='failed'>failed</span></h3>"
        f"<p>{_when(record)}, {record.seconds:.0f} s, run <code>{escape(record.run_id)}</code></p>"
        f"<p><strong>{escape(outcome(record))}</strong></p><p>Parameters: <code>{parameters}</code></p>{code}</article>"
    )


def _row(record: RunRecord, pages: dict[str, Path]) -> str:
    status = escape(record.status)
    return (
        f'<tr><th scope="row">{_link(record, pages)}</th><td>{_when(record)}</td>'
        f'<td class="number">{record.seconds:.0f}</td><td class="{status}">{status}</td>'
        f"<td>{escape(outcome(record))}</td></tr>"
    )


def _link(record: RunRecord, pages: dict[str, Path]) -> str:
    where = pages[record.run_id]
    return f'<a href="pages/{escape(where.name)}">{escape(record.job)}</a>'


def _when(record: RunRecord) -> str:
    return escape(record.started_at[:19].replace("T", " "))


def _notebook_html(notebook: dict[str, Any]) -> str:
    import nbformat
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name="classic")  # type: ignore[no-untyped-call]
    # What the page would fetch from elsewhere: it has no formulas and no widgets.
    for name in ("mathjax_url", "require_js_url", "jquery_url", "mermaid_js_url", "html_manager_semver_range"):
        setattr(exporter, name, "")
    node = nbformat.reads(json.dumps(notebook), as_version=4)  # type: ignore[no-untyped-call]
    return str(exporter.from_notebook_node(node)[0])


def _record_html(record: RunRecord) -> str:
    text = escape(redact(json.dumps(record.to_json(), indent=2, ensure_ascii=False)))
    title = escape(f"{record.job} {record.status}")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<body style='font-family: system-ui, sans-serif; margin: 2rem'><h1>{title}</h1>"
        "<p>This run left no notebook. On AWS the load's log is in the log groups /aws-glue/&lt;stack&gt;/error and "
        f"/output, under the run's id.</p><pre>{text}</pre></body></html>"
    )
