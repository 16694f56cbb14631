"""How old the tables are and what the last runs did, in a few lines."""

from collections import Counter
from datetime import UTC, datetime

import pandas as pd

from aviation import backend, query
from aviation.columns import TABLES
from aviation.entities import ENTITIES
from aviation.errors import QueryError
from aviation.printable import printable
from aviation.report import RunRecord
from aviation.runs import pages as run_pages
from aviation.runs import store
from aviation.sql import catalog
from aviation.words import counted

NOTICED = 12
FRESHNESS_LOADS = 48
"""A day of half-hourly loads."""
MOST_COLUMNS = 160


def row_counts() -> dict[str, int]:
    """The rows of each table that there is. QueryError where there is none yet."""
    made = catalog.read().tables
    names = [table.name for table in TABLES if table.name in made or not made]
    counts = query.sql(" union all ".join(f"select '{name}' as name, count(*) as n from {name}" for name in names))
    return {name: int(n) for name, n in zip(counts["name"], counts["n"], strict=True)}


def newest_fetches() -> dict[str, datetime | None]:
    """When the newest loaded record of each entity was fetched (aware, UTC); None where nothing was loaded."""
    newest = ", ".join(f"max(element_at(newest_fetched_at, '{name}')) as {name}" for name in ENTITIES)
    fetched = query.sql(f"select {newest} from loads").iloc[0]
    return {
        name: None if pd.isna(fetched[name]) else pd.Timestamp(fetched[name]).tz_localize(UTC).to_pydatetime()
        for name in ENTITIES
    }


def age(entity: str) -> str:
    """How old the entity's newest loaded record is, in words."""
    return _age(newest_fetches()[entity])


def _age(newest: datetime | None) -> str:
    if newest is None:
        return "never loaded"
    minutes = (datetime.now(UTC) - newest).total_seconds() / 60
    if minutes < 1:
        return "< 1 min"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def freshness() -> pd.DataFrame:
    """Seconds from the fetch of a record to the end of its load, of the newest FRESHNESS_LOADS loads that read any,
    newest first: `finished_at, p50, p95, worst`, of a load in several batches the slowest batch's. Null in the
    percentiles of loads from before they were kept."""
    return query.sql(
        "select max(finished_at) as finished_at, max(seconds_to_queryable_p50) as p50, "
        "max(seconds_to_queryable_p95) as p95, max(seconds_to_queryable_max) as worst from loads "
        "where lines_read > 0 and seconds_to_queryable_max is not null "
        f"group by run_id order by finished_at desc limit {FRESHNESS_LOADS}"
    )


def freshness_lines() -> list[str]:
    """From fetch to table, in words: of the newest load, and the worst of those before it."""
    try:
        loads = freshness()
    except QueryError:  # a table from before these columns; the next load adds them
        return []
    if loads.empty:
        return []
    newest = loads.iloc[0]
    parts = [f"{name} {_duration(newest[name])}" for name in ("p50", "p95", "worst") if pd.notna(newest[name])]
    line = f"fetch to table, newest load: {', '.join(parts)}"
    if len(loads) > 1:
        line += f"; worst of the last {counted(len(loads), 'load')}: {_duration(loads['worst'].max())}"
    return ["", line]


def forecast_lines() -> list[str]:
    """What the newest load with flights forecast, or why it did not."""
    try:
        loads = query.sql(
            "select forecasts, forecasts_missing, element_at(newest_observed_at, 'flights') as as_of from loads "
            "where forecasts is not null order by finished_at desc limit 1"
        )
    except QueryError:  # a table from before these columns; the next load adds them
        return []
    if loads.empty:
        return []
    newest = loads.iloc[0]
    legs = counted(newest["forecasts"], "leg") if newest["forecasts"] else "none, as no leg was still to leave"
    line = f"forecasts: {legs}, as of {newest['as_of']:%Y-%m-%d %H:%MZ}"
    return ["", newest["forecasts_missing"] or line]


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _old(words: str) -> str:
    return words if words.startswith("never") else f"{words} old"


def render() -> str:
    """The lines that `aviation status` prints."""
    try:
        lines = [f"{name:<22} {rows:>10,} rows" for name, rows in row_counts().items()]
        lines += ["", *(f"{name:<22} {_old(_age(at)):>15}" for name, at in newest_fetches().items())]
        lines += freshness_lines()
        lines += forecast_lines()
    except QueryError as error:
        lines = [str(error)]
    if board := backend.in_use().board:
        lines += ["", f"board: {board}"]
    lines += ["", "last runs:"]
    latest = store.latest(limit=8)
    lines += [run_pages.line(record)[:MOST_COLUMNS] for record in latest]
    if noticed := _noticed(latest):
        lines += ["", "noticed by the loads among them (docs/data.md lists the rules):"]
        lines += [f"{name:<48} {count:>8,}" for name, count in noticed]
    return "\n".join(lines)


def _noticed(records: list[RunRecord]) -> list[tuple[str, int]]:
    """What the loads warned of and how many lines they refused, most frequent first."""
    noticed: Counter[str] = Counter()
    for record in records:
        rules = record.counts.get("warnings_by_rule")
        counts = rules if isinstance(rules, dict) else {}
        counts = counts | {"lines in quarantine": record.counts.get("quarantined")}
        # A record holds what its run reported, or what somebody wrote there.
        noticed.update({printable(name): count for name, count in counts.items() if isinstance(count, int)})
    return [(name, count) for name, count in noticed.most_common(NOTICED) if count]
