"""What is said of a load: a row of `loads` for each batch, and the report of the run, which sums them."""

from collections import Counter
from datetime import date, datetime
from typing import Any

from aviation.load.forecasting import FAILED
from aviation.load.tally import Tally, most_frequent
from aviation.report import Report
from aviation.words import counted

Row = dict[str, Any]
SUMMED = ("lines_read", "observations_added", "references", "repeats", "quarantined", "warnings")
NEWEST = ("newest_observed_at", "newest_fetched_at")


def figures(tally: Tally, added: int, finished_at: datetime) -> Row:
    """What a batch held and what came of it, as columns of `loads`; `added` of its lines became observations."""
    newest = max(tally.newest_fetched_at.values(), default=None)
    return {
        "lines_read": tally.lines_read,
        "observations_added": added,
        "references": tally.lines["reference"],
        "repeats": tally.lines["observation"] - added,
        "quarantined": tally.lines["refusal"],
        "warnings": tally.warnings.total(),
        "warnings_by_rule": most_frequent(tally.warnings),
        "flight_dates": sorted(tally.dates),
        "newest_observed_at": tally.newest_observed_at,
        "newest_fetched_at": tally.newest_fetched_at,
        "seconds_to_queryable_min": _seconds(newest, finished_at),
        "seconds_to_queryable_p50": _seconds(tally.median_fetched_at, finished_at),
        "seconds_to_queryable_p95": _seconds(tally.p95_fetched_at, finished_at),
        "seconds_to_queryable_max": _seconds(tally.oldest_fetched_at, finished_at),
    }


def line(row: Row, batches: int) -> str:
    """A batch, one of `batches`, in one line."""
    objects, lines = counted(len(row["objects"]), "object"), counted(row["lines_read"], "line")
    return f"batch {row['batch']} of {batches}: {objects}, {lines} in {row['seconds']:.0f} s"


def report(rows: list[Row], *, objects_left: int, timeout_minutes: int) -> Report:
    """What a run says of itself, from the rows of its batches: JSON values, of the objects their number.

    Counts are summed. Of the seconds to queryable the median and the 95th percentile are those of the slowest batch:
    at least that share of all records was as quick. `objects_left` were not read for want of time.
    """
    objects = sum(len(row["objects"]) for row in rows)
    started_at, finished_at = rows[0]["started_at"], rows[-1]["finished_at"]
    totals: Row = {name: sum(row[name] for row in rows) for name in SUMMED}
    warnings: Counter[str] = Counter()
    for row in rows:
        warnings.update(row["warnings_by_rule"])
    missing = next((row["forecasts_missing"] for row in reversed(rows) if row["forecasts_missing"]), None)
    has_failed = missing is not None and missing.startswith(FAILED)
    is_warning = has_failed or objects_left or (objects and not totals["lines_read"])
    values = (
        {
            "run_id": rows[0]["run_id"],
            "status": "warning" if is_warning else "ok",
            "started_at": started_at,
            "finished_at": finished_at,
            "seconds": round((finished_at - started_at).total_seconds(), 3),
        }
        | totals
        | {"warnings_by_rule": most_frequent(warnings)}
        | {"flight_dates": sorted({day for row in rows for day in row["flight_dates"]})}
        | {name: _newest([row[name] for row in rows]) for name in NEWEST}
        | {f"seconds_to_queryable_{name}": _extreme(rows, name) for name in ("min", "p50", "p95", "max")}
        | {"objects": objects, "batches": len(rows), "objects_left": objects_left}
        | {"forecasts": sum(row["forecasts"] or 0 for row in rows), "forecasts_missing": missing}
    )
    if has_failed:
        values["warning"] = missing
    if objects_left:
        values["warning"] = (
            f"stopped after {counted(len(rows), 'batch', 'batches')}, before the job's time limit of "
            f"{timeout_minutes} minutes: {counted(objects_left, 'raw object')} left, which the next load goes on with"
        )
    return Report({name: json_value(value) for name, value in values.items()})


def _newest(by_entity: list[dict[str, datetime]]) -> dict[str, datetime]:
    newest: dict[str, datetime] = {}
    for times in by_entity:
        newest |= {entity: max(at, newest.get(entity, at)) for entity, at in times.items()}
    return newest


def _extreme(rows: list[Row], name: str) -> float | None:
    seconds = [value for row in rows if (value := row[f"seconds_to_queryable_{name}"]) is not None]
    return (min if name == "min" else max)(seconds, default=None)


def _seconds(since: datetime | None, until: datetime) -> float | None:
    return (until - since).total_seconds() if since else None


def json_value(value: object) -> object:
    """The value of a column as JSON has it."""
    if isinstance(value, dict):
        return {name: json_value(item) for name, item in value.items()}
    if isinstance(value, list):
        return [json_value(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value  # a datetime is a date, too
