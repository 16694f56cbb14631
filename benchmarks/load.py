"""What a load costs: by size, beside other engines, through a day of sweeps, and into a year of history.

    .venv/bin/python benchmarks/load.py [sizes] [day] [year] [--rounds 3] [--small] [--write]

`sizes`: 19,000, 190,000 and 970,000 rows of raw, in a cold process and again in the same one, beside DuckDB's SQL for the
same tables, which must be equal, and beside DuckDB, Polars and pandas doing the minimal job. `day`: 48 half-hourly
sweeps of 47,400 rows around the world, then DuckDB's questions to the tables before and after upkeep. `year`: polls of
a day into a year of history and into that day's tables alone. All three unless some are named.

The raw objects are made once and kept in `.aviation/benchmarks`. `--small` is a look at each part in a few minutes.
`--write` keeps the results in `docs/performance.json`, and makes `docs/performance.md` and its pictures of them; parts
that were not measured now stay as they are. Takes an hour, two where the raw objects are not made yet, 4 GB of memory
and of disk. The environment .aviation/bench is needed (`make .aviation/bench/.ready`).
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from loads import measure, page, raw, reading

from aviation import home

ROOT = Path(__file__).resolve().parents[1]
KEPT = home.home() / "benchmarks"
POLARS = ROOT / ".aviation/bench/bin/python"
PYTHON = {"polars": str(POLARS)}
SIZES, SMALL_SIZES = (1, 10, 51), (1,)
"""Days of flights."""
FIRST_DAY, LAST_DAY = "2013-07-10", "2013-12-31"
NEWEST = ("duckdb", "polars", "pandas")
WARM_UP = 2
"""Sweeps and polls that are loaded first, elsewhere or uncounted, so that all that count find the JVM warm."""


def sizes(rounds: int, days: tuple[int, ...]) -> dict[str, Any]:
    """Of each size and of each that does the work, medians of seconds, CPU seconds and peak memory."""
    polls = raw.days(KEPT / "days", FIRST_DAY, max(days))
    with tempfile.TemporaryDirectory(prefix="aviation-load-") as name:  # the JVM's archive of classes, once
        measure.load(Path(name), [{"into": "first", "objects": _texts(polls[:1])}])
    rows = []
    for count in days:
        objects = _texts(polls[: count * raw.POLLS_A_DAY])
        taken: dict[str, list[tuple[float, float, float]]] = {}
        for _ in range(rounds):
            with tempfile.TemporaryDirectory(prefix="aviation-load-") as name:
                lines = _one_round(Path(name), objects, taken)
        for what, times in taken.items():
            seconds, cpu, peak = (statistics.median(figures) for figures in zip(*times, strict=True))
            rows.append({"lines": lines, "what": what, "seconds": seconds, "cpu": cpu, "peak": peak})
            print(f"{lines:>9,} {what:<12} {seconds:7.1f} s {cpu:7.1f} s of CPU {peak / 1e9:5.1f} GB", flush=True)
    return {"rounds": rounds, "rows": rows}


def _one_round(folder: Path, objects: list[str], taken: dict[str, list[tuple[float, float, float]]]) -> int:
    """Add each one's seconds, CPU seconds and peak memory to `taken`; the lines read. SystemExit where two differ."""
    loaded = measure.load(folder, [{"into": name, "objects": objects} for name in ("cold", "warm")])
    cold, warm = loaded.lines
    taken.setdefault("load, cold", []).append((loaded.seconds, loaded.cpu, loaded.peak))
    taken.setdefault("load, warm", []).append((warm["seconds"], warm["cpu"] - cold["cpu"], loaded.peak))
    source = folder / "objects"
    source.mkdir()
    for path in map(Path, objects):
        os.symlink(path, source / path.name)
    for what in ("duckdb-fold", *NEWEST):
        (folder / what).mkdir()
        command = [PYTHON.get(what, sys.executable), str(measure.HERE / "peers.py"), what, str(source)]
        peer = measure.run([*command, str(folder / what)])
        taken.setdefault(what, []).append((peer.seconds, peer.cpu, peer.peak))
    different = reading.differences(cold["metadata"], folder / "duckdb-fold")
    different += reading.newest_differ([folder / what / "newest.parquet" for what in NEWEST])
    if different:
        sys.exit("load: not equal: " + "; ".join(different))
    return int(cold["lines"])


def day(sweeps: int) -> dict[str, Any]:
    """Seconds, CPU seconds and bytes of each of a day's loads; seconds of DuckDB's questions afterwards."""
    polls = [_texts([objects]) for objects in raw.world(KEPT / "world", sweeps)]
    steps = [{"into": "warm-up", "objects": objects} for objects in polls[: WARM_UP + 1]]
    steps += [{"into": "day", "objects": objects} for objects in polls]
    steps.append({"into": "day", "objects": [], "upkeep": True})
    with tempfile.TemporaryDirectory(prefix="aviation-load-") as name:
        lines = measure.load(Path(name), steps).lines
        *_, before, after = lines
        asked = reading.seconds({"48 loads": before["metadata"], "compacted": after["metadata"]}, rounds=9)
        versions = reading.versions(before["metadata"])
    rows = []
    for number, (one, previous) in enumerate(zip(lines[WARM_UP + 1 :], lines[WARM_UP:], strict=False), start=1):
        if number > sweeps:
            break
        cpu = one["cpu"] - previous["cpu"]
        row = {"sweep": number, "seconds": one["seconds"], "cpu": cpu, "written": one["written"], "lines": one["lines"]}
        rows.append(row | {"versions": versions[number - 1]})
        megabytes = sum(one["written"].values()) / 1e6
        print(f"sweep {number:>2} {one['seconds']:6.1f} s {cpu:6.1f} s of CPU {megabytes:6.1f} MB", flush=True)
    return {"rows": rows, "questions": asked}
