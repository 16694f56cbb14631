"""The load's tables as DuckDB reads them: compared with Parquet files, and how long questions take."""

import importlib.util
import statistics
import time
from pathlib import Path

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
            other = connected.read_parquet(str(file)).select(*columns)
            table = table.select(*columns)
            if sorted(map(str, table.types)) != sorted(map(str, other.types)):
                found.append(f"{file.stem}: {table.types} and {other.types}")
            for one, another, whose in ((table, other, "the load's"), (other, table, "DuckDB's")):
                query = "select count(*) from (from one except all from another)"
                [(rows,)] = connected.sql(query).fetchall()
                if rows:
                    found.append(f"{file.stem}: {rows} rows only in {whose}")
    return found


def newest_differ(files: list[Path]) -> list[str]:
    """Those of the minimal job's results that are not like the first."""
    with duckdb.connect() as connected:
        rows = [sorted(connected.sql(f"select columns(*) from '{file}'").fetchall(), key=str) for file in files]
        names = [set(connected.read_parquet(str(file)).columns) for file in files]
    return [str(file) for file, had, named in zip(files, rows, names, strict=True) if (had, named) != (rows[0], names[0])]


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
