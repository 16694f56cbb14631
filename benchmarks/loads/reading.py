"""The load's tables as DuckDB reads them: compared with Parquet files, and how long questions take."""

import importlib.util
import statistics
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from loads.raw import WORLD_DAY

QUESTIONS = {
    "count(*) from flights": "select count(*) from {flights}",
    "the day as of noon": "select flight_status, count(*) from {flight_history} where known_from <= timestamp "
    f"'{WORLD_DAY} 12:00' and (known_until is null or known_until > timestamp '{WORLD_DAY} 12:00') group by 1",
}
NOT_MADE = {"flight_observations": ("content_hash",)}
"""Columns that the SQL does not make, by table."""


def connection() -> duckdb.DuckDBPyConnection:
    """DuckDB with its extensions for Iceberg, from their packages."""
    connected = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    for name in ("avro", "iceberg"):
        spec = importlib.util.find_spec(f"duckdb_extension_{name}")
        assert spec and spec.origin
        connected.load_extension(str(next(Path(spec.origin).parent.rglob("*.duckdb_extension"))))
    return connected


def differences(metadata: dict[str, str], parquet: Path) -> list[str]:
    """In what the tables of the `metadata` files differ from the files of the same names, in words."""
    found = []
    with connection() as connected:
        for file in sorted(parquet.glob("*.parquet")):
            table = connected.sql(f"from iceberg_scan('{metadata[file.stem]}')")
            columns = [name for name in table.columns if name not in NOT_MADE.get(file.stem, ())]
            made = connected.read_parquet(str(file))
            found += [f"{file.stem}: {words}" for words in _differ(connected, table.select(*columns), made)]
    return found


def tables_differ(one: dict[str, str], another: dict[str, str], names: Iterable[str]) -> list[str]:
    """In what the named tables of two sets of metadata files differ, in words."""
    found = []
    with connection() as connected:
        for name in names:
            scans = [connected.sql(f"from iceberg_scan('{metadata[name]}')") for metadata in (one, another)]
            found += [f"{name}: {words}" for words in _differ(connected, *scans)]
    return found


def newest_differ(files: list[Path]) -> list[str]:
    """In what the results of the minimal job differ from the first of them, in words."""
    with duckdb.connect() as connected:
        first, *others = (connected.read_parquet(str(file)) for file in files)
        return [
            f"{file}: {words}"
            for file, other in zip(files[1:], others, strict=True)
            for words in _differ(connected, first, other)
        ]


def _differ(connected: duckdb.DuckDBPyConnection, one: Any, another: Any) -> list[str]:
    """In what two relations differ, in any order of rows and columns."""
    kinds = [dict(zip(relation.columns, map(str, relation.types), strict=True)) for relation in (one, another)]
    if kinds[0] != kinds[1]:
        return [f"columns {sorted(set(kinds[0].items()) ^ set(kinds[1].items()))}"]
    sides = {"one": one.select(*kinds[0]), "another": another.select(*kinds[0])}
    for name, relation in sides.items():
        relation.create_view(name)
    counts = [
        connected.sql(f"select count(*) from (from {left} except all from {right})").fetchall()[0][0]
        for left, right in (("one", "another"), ("another", "one"))
    ]
    return [f"{counts[0]} rows only in the first, {counts[1]} only in the second"] if any(counts) else []


def versions(metadata: dict[str, str]) -> list[int]:
    """How many versions of legs began at each instant, in order."""
    query = f"select count(*) from iceberg_scan('{metadata['flight_history']}') group by known_from order by known_from"
    with connection() as connected:
        return [count for (count,) in connected.sql(query).fetchall()]


def seconds(tables: dict[str, dict[str, str]], rounds: int) -> dict[str, dict[str, float]]:
    """Median seconds of each question over each of the sets of metadata files, by question and name of the set."""
    taken: dict[str, dict[str, list[float]]] = {question: {name: [] for name in tables} for question in QUESTIONS}
    with connection() as connected:
        for _ in range(1 + rounds):
            for question, query in QUESTIONS.items():
                for name, metadata in tables.items():
                    scans = {table: f"iceberg_scan('{file}')" for table, file in metadata.items()}
                    begun = time.perf_counter()
                    connected.sql(query.format(**scans)).fetchall()
                    taken[question][name].append(time.perf_counter() - begun)
    return {
        question: {name: statistics.median(times[1:]) for name, times in by_name.items()}
        for question, by_name in taken.items()
    }
