"""How old the tables are and what the last runs did, in a few lines."""

from collections import Counter
from datetime import UTC, datetime

import pandas as pd

from aviation import query, runs
from aviation.entities import ENTITIES
from aviation.errors import QueryError

NOTICED = 12
TABLES = (
    "flights",
    "flight_history",
    "flight_events",
    "flight_observations",
    "cities",
    "airplanes",
    "aircraft_types",
    "quarantine",
    "loads",
)


def row_counts() -> dict[str, int]:
    """The rows of each table. QueryError where a table is not there yet."""
    counts = query.sql(" union all ".join(f"select '{name}' as name, count(*) as n from {name}" for name in TABLES))
    return {name: int(n) for name, n in zip(counts["name"], counts["n"], strict=True)}


def newest_fetch(entity: str) -> datetime | None:
    """When the newest loaded record of the entity was fetched (aware, UTC); None where nothing was loaded."""
    found = query.sql(f"select max(element_at(newest_fetched_at, '{entity}')) as newest from loads")["newest"].iloc[0]
    return None if pd.isna(found) else pd.Timestamp(found).tz_localize(UTC).to_pydatetime()


def age(entity: str) -> str:
    """How old the entity's newest loaded record is, in words."""
    newest = newest_fetch(entity)
    if newest is None:
        return "never loaded"
    minutes = (datetime.now(UTC) - newest).total_seconds() / 60
    if minutes < 1:
        return "< 1 min"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def render() -> str:
    """The lines that `aviation status` prints."""
    try:
        lines = [f"{name:<22} {rows:>10,} rows" for name, rows in row_counts().items()]
        lines += ["", *(f"{name:<22} {age(name):>15}" for name in ENTITIES)]
    except QueryError as error:
        lines = [str(error)]
    lines += ["", "last runs:"]
    latest = runs.latest(limit=8)
    for record in latest:
        said = record.get("error") or "  ".join(f"{name} {value}" for name, value in record["counts"].items())
        lines.append(f"{record['started_at'][:19]}Z  {record['job']:<20} {record['status']:<8} {said[:100]}")
    if noticed := _noticed(latest):
        lines += ["", "noticed by the loads among them (docs/data.md lists the rules):"]
        lines += [f"{name:<48} {count:>8,}" for name, count in noticed]
    return "\n".join(lines)


def _noticed(records: list[dict]) -> list[tuple[str, int]]:
    """What the loads warned of and how many lines they refused, most frequent first."""
    found = Counter()
    for record in records:
        found.update(record["counts"].get("warnings_by_rule", {}))
        found.update({"lines in quarantine": record["counts"].get("quarantined", 0)})
    return [(name, count) for name, count in found.most_common(NOTICED) if count]
