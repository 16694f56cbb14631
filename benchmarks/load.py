"""What a load costs: by size, beside other engines, through a day of sweeps, and into a year of history.

    .venv/bin/python benchmarks/load.py [sizes] [day] [year] [--rounds 3] [--small] [--write]

`sizes`: 19,000, 190,000 and 970,000 rows of raw, in a cold process and again in the same one, beside DuckDB's SQL for
the same tables, which must be equal, and beside DuckDB, Polars and pandas doing the minimal job. `day`: 48 half-hourly
sweeps of 47,400 rows around the world, then DuckDB's questions to the tables before and after upkeep. `year`: polls of
a day into a year of history and into that day's tables alone. All three unless some are named.

The raw objects are made once and kept in `.aviation/benchmarks`. `--small` is a look at each part in a few minutes.
`--write` keeps the results in `docs/performance.json`, and makes `docs/performance.md` and its pictures of them; parts
that were not measured now stay as they are. Takes an hour, two where the raw objects are not made yet, 4 GB of memory
and of disk. The environment .aviation/bench is needed (`make .aviation/bench/.ready`).
"""

import argparse
import itertools
import statistics
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from aviation import home
from loads import measure, page, raw, reading
from pages import circumstances

ROOT = Path(__file__).resolve().parents[1]
KEPT = home.home() / "benchmarks"
PYTHON = {"polars": str(ROOT / ".aviation/bench/bin/python")}
SIZES = (1, 10, 51)
"""Days of flights."""
FIRST_DAY, LAST_DAY, DAYS_BEFORE = "2013-07-10", "2013-12-31", 364
PLACES = ("year", "alone")
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
        (source / path.name).symlink_to(path)
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
    steps = [{"into": "warm-up", "objects": objects} for objects in polls[:WARM_UP]]
    steps += [{"into": "day", "objects": objects} for objects in polls]
    steps.append({"into": "day", "objects": [], "upkeep": True})
    with tempfile.TemporaryDirectory(prefix="aviation-load-") as name:
        lines = measure.load(Path(name), steps).lines[WARM_UP - 1 :]
        loads, tidied = lines[:-1], lines[-1]
        versions = reading.versions(loads[-1]["metadata"])
        questions = reading.seconds({"loads": loads[-1]["metadata"], "compacted": tidied["metadata"]}, rounds=9)
    rows = []
    for number, (before, one) in enumerate(itertools.pairwise(loads), start=1):
        row = {"sweep": number, "seconds": one["seconds"], "cpu": one["cpu"] - before["cpu"], "lines": one["lines"]}
        rows.append(row | {"written": one["written"], "versions": versions[number - 1]})
        megabytes = sum(one["written"].values()) / 1e6
        print(f"sweep {number:>2} {row['seconds']:6.1f} s {row['cpu']:6.1f} s of CPU {megabytes:6.1f} MB", flush=True)
    for question, asked in questions.items():
        print(f"{question}: {asked['loads'] * 1000:.0f} ms, compacted {asked['compacted'] * 1000:.0f} ms", flush=True)
    return {"rows": rows, "questions": questions}


def year(days: int, polls: int) -> dict[str, Any]:
    """Seconds of the loads of each of the last day's polls, into `days` of history and into that day's tables alone."""
    first = date.fromisoformat(LAST_DAY) - timedelta(days=days)
    history = raw.days(KEPT / "year", first.isoformat(), days, raw.YEAR_POLLS)
    steps, into = [{"into": "year", "objects": _texts(history)}], []
    for number, objects in enumerate(raw.days(KEPT / f"last-day-{polls}", LAST_DAY, 1, polls)):
        for name in ("year", "alone") if number % 2 else ("alone", "year"):
            steps.append({"into": name, "objects": _texts([objects])})
            into.append(name)
    with tempfile.TemporaryDirectory(prefix="aviation-load-") as name:
        whole, *loads = measure.load(Path(name), steps).lines
    by_place = {
        place: [
            (load["seconds"], sum(load["written"].values()))
            for load, name in zip(loads, into, strict=True)
            if name == place
        ]
        for place in PLACES
    }
    # Of each poll: seconds into the history and alone, bytes written into the history and alone.
    pairs = [(a, b, m, n) for (a, m), (b, n) in zip(*by_place.values(), strict=True)][WARM_UP:]
    ratio = statistics.median(a / b for a, b, _, _ in pairs)
    for a, b, _, _ in pairs:
        print(f"a poll into {days} days of history {a:6.2f} s, alone {b:6.2f} s", flush=True)
    print(f"median ratio {ratio:.2f}", flush=True)
    return {"days": days, "lines": whole["lines"], "pairs": pairs, "ratio": ratio}


def _texts(polls: raw.Polls) -> list[str]:
    return [str(path) for objects in polls for path in objects]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    parts = {
        "sizes": lambda: sizes(1 if chosen.small else chosen.rounds, SIZES[:1] if chosen.small else SIZES),
        "day": lambda: day(3 if chosen.small else raw.SWEEPS),
        "year": lambda: year(*((3, WARM_UP + 1) if chosen.small else (DAYS_BEFORE, raw.POLLS_A_DAY))),
    }
    if unknown := set(chosen.parts) - parts.keys():
        parser.error(f"there is no part {', '.join(sorted(unknown))}: there are {', '.join(parts)}")
    if "sizes" in (chosen.parts or parts) and not Path(PYTHON["polars"]).exists():
        parser.error("sizes is measured beside Polars too: make .aviation/bench/.ready")
    for name in chosen.parts or parts:
        begun = circumstances()
        result = parts[name]() | begun
        if chosen.write:
            page.keep(name, result)


if __name__ == "__main__":
    main()
