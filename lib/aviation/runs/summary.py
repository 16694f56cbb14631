"""A run in a few lines for the person who started it."""

from typing import Any

from aviation.report import LOAD_JOB, RunRecord

VARIANTS = ("requeue", "reconcile")
"""The choices that make it more than an ordinary load."""
ALWAYS = ("records", "lines_read")
"""Counts of what came in: shown even when they are zero."""
OF_A_LOAD = (
    *("lines_read", "observations_added", "references", "repeats", "quarantined", "warnings"),
    *("batches", "objects_left", "warning"),
)
MOST_RULES = 3


def variant(record: RunRecord) -> str | None:
    """Whether a load was a requeue or a reconcile, by its parameters; None for any other run."""
    if record.job != LOAD_JOB:
        return None
    return next((name for name in VARIANTS if record.parameters.get(name)), None)


def lines(record: RunRecord) -> list[str]:
    """How the run ended and how long it took, then what it counted, a line each: of a load what became of its lines, of
    any other notebook each figure and text of its report. Zero and empty counts are left out."""
    special = f"  ({name})" if (name := variant(record)) else ""
    counts = record.counts
    # The answer of a Lambda has its names in another order: what matters most comes first.
    names = OF_A_LOAD if record.job == LOAD_JOB else dict.fromkeys((*ALWAYS, *counts))
    shown = {name: _text(counts[name]) for name in names if counts.get(name) or (name in ALWAYS and name in counts)}
    shown.pop("status", None)
    if counts.get("batches") == 1:
        del shown["batches"]
    if newest := _newest(counts.get("newest_observed_at")):
        shown["newest_observed_at"] = newest
    if rules := counts.get("warnings_by_rule"):
        most = sorted(rules.items(), key=lambda item: -item[1])[:MOST_RULES]
        shown["warnings"] = f"{_text(counts.get('warnings'))}, most for {', '.join(f'{k} ({n:,})' for k, n in most)}"
    return [
        f"{record.status}  run {record.run_id}  {record.seconds:.1f} s{special}",
        *(f"  {name.replace('_', ' '):<24} {text}" for name, text in shown.items() if text),
    ]


def _text(value: object) -> str:
    """A figure or a text; empty for a list or a mapping."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,}"
    return "" if isinstance(value, list | dict) else str(value)


def _newest(value: Any) -> str:
    """The newest of the instants by entity (or the one), as `2013-07-11 12:30Z`; empty where there is none."""
    newest = max((instant for instant in value.values() if instant), default="") if isinstance(value, dict) else value
    return f"{newest[:16].replace('T', ' ')}Z" if newest else ""
