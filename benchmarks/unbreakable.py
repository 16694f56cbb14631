"""Days of polls and loads under faults: is anything lost, doubled, different, left running, or told by a traceback?

    .venv/bin/python benchmarks/unbreakable.py [--faults 1000] [--from-seed 1] [--with KIND ...] [--write]
    .venv/bin/python benchmarks/unbreakable.py --seed 7

Each seed draws a day: five polls through the producers' functions, Kinesis and Firehose, three loads of the real
notebook on Spark, the alerts after them, and what befalls each (`tests/support/faults/plan.py`). Its tables must equal
those of an undisturbed run of the same polls. Seeds are taken in a row until so many faults were done: what the proxies
did is counted, never what was planned. With `--seed` that day alone is run again; a day that fails keeps its folder.

`--with` adds kinds that are not drawn otherwise. `--side-by-side` runs so many days at once, each with a stack of its
own: much of a day under faults is waiting. `--write` keeps the results in `docs/reliability.json` and makes
`docs/reliability.md` of them. Some two minutes a day on two quiet cores. Exit code 1 where anything does not hold.
"""

import argparse
import multiprocessing
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from reliability import page  # noqa: E402
from support.faults import plan  # noqa: E402
from support.faults.day import Day, Outcome, folder_of  # noqa: E402
from support.faults.tables import Difference  # noqa: E402

CALM: dict[str, Outcome] = {}


class Run:
    """Days under faults; the undisturbed day of each replayed one is run once a process."""

    def __init__(self, also: frozenset[str]):
        self.also = also
        self.key = f"canary-{secrets.token_hex(8)}"
        self.began = time.monotonic()

    def say(self, line: str) -> None:
        """Print a line of progress with the minutes since the start."""
        print(f"{(time.monotonic() - self.began) / 60:6.1f} min  {line}", flush=True)

    def days(self, seeds: Iterator[int], faults: int, side_by_side: int) -> Iterator[list[Outcome]]:
        """What came of the days of the seeds, after each; none is begun once so many faults were done."""
        outcomes: list[Outcome] = []
        with ProcessPoolExecutor(side_by_side, multiprocessing.get_context("spawn")) as processes:
            under_way = {processes.submit(self.day, seed) for seed in islice(seeds, side_by_side)}
            while under_way:
                ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for future in ended:
                    outcomes.append(future.result())
                    yield outcomes
                if sum(outcome.faults.total() for outcome in outcomes) < faults:
                    under_way |= {processes.submit(self.day, seed) for seed in islice(seeds, len(ended))}

    def day(self, seed: int) -> Outcome:
        """The day of a seed, held against the undisturbed one."""
        wanted = plan.draw(seed, self.also)
        if wanted.day not in CALM:
            CALM[wanted.day] = self._one(plan.calm(wanted.day), None)
        return self._one(wanted, CALM[wanted.day])

    def _one(self, wanted: plan.Plan, expected: Outcome | None) -> Outcome:
        folder = folder_of(wanted.seed)
        outcome = Day(wanted, folder, self.key, self.say).run(expected)
        name = f"seed {wanted.seed}, {wanted.day}" if expected else f"undisturbed, {wanted.day}"
        rows = sum(rows.total() for rows in outcome.rows.values())
        self.say(f"{name}: {outcome.faults.total()} faults, {rows:,} rows, {outcome.difference}")
        for problem in outcome.problems:
            self.say(f"  does not hold: {problem}")
        if outcome.holds:
            shutil.rmtree(folder)
        else:
            self.say(f"  kept in {folder}; again: benchmarks/unbreakable.py --seed {wanted.seed}{self._options()}")
        return outcome

    def _options(self) -> str:
        return "".join(f' --with "{kind}"' for kind in sorted(self.also))

    def result(self, outcomes: list[Outcome]) -> dict[str, Any]:
        """What is kept of it: figures by kind, seeds, and the circumstances."""
        total = sum((outcome.difference for outcome in outcomes), Difference())
        counts = {name: sum((getattr(one, name) for one in outcomes), Counter()) for name in page.COUNTS}
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
        return {
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "commit": commit.stdout.strip(),
            "cores": os.cpu_count(),
            "minutes": round((time.monotonic() - self.began) / 60),
            "seeds": [outcome.seed for outcome in outcomes],
            "failing_seeds": [outcome.seed for outcome in outcomes if not outcome.holds],
            "options": self._options(),
            "days": sorted({outcome.day for outcome in outcomes}),
            "acknowledged": sum(outcome.acknowledged for outcome in outcomes),
            "rows": sum(rows.total() for one in outcomes for rows in one.rows.values()),
            "lost": total.lost,
            "doubled": total.doubled,
            "differing": total.differing,
            "problems": [f"seed {one.seed}: {problem}" for one in outcomes for problem in one.problems],
            "kinds": {
                kind: {name: counts[name][kind] for name in page.COUNTS} | _differing(outcomes, kind)
                for kind in sorted(counts["faults"])
                if counts["faults"][kind]
            },
        }


def _differing(outcomes: list[Outcome], kind: str) -> dict[str, int]:
    """Rows lost, doubled and differing on the days that the kind befell."""
    days = [one.difference for one in outcomes if one.faults[kind]]
    total = sum(days, Difference())
    return {"days": len(days), "lost": total.lost, "doubled": total.doubled, "differing": total.differing}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=1000, help="how many at least")
    parser.add_argument("--seed", type=int, help="run this day alone")
    parser.add_argument("--from-seed", type=int, default=1, help="the first day's")
    parser.add_argument("--with", dest="also", nargs="+", default=[], choices=(plan.EMULATOR,))
    parser.add_argument("--side-by-side", type=int, default=1, metavar="DAYS")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    run = Run(frozenset(chosen.also))
    seeds = count(chosen.from_seed) if chosen.seed is None else iter([chosen.seed])
    for outcomes in run.days(seeds, chosen.faults, chosen.side_by_side):
        result = run.result(outcomes)
        if chosen.write:  # after each day, so that a run that is cut off has told what it found
            page.keep(result)
    print(page.table(result))
    sys.exit(bool(result["failing_seeds"]))


if __name__ == "__main__":
    main()
