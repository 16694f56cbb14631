"""Days of polls and loads under faults: is anything lost, doubled, different, left running, or told by a traceback?

    .venv/bin/python benchmarks/unbreakable.py [--faults 1000] [--from-seed 1] [--with KIND ...] [--write]
    .venv/bin/python benchmarks/unbreakable.py --seed 7

Each seed draws a day: five polls through the producers' functions, Kinesis and Firehose, three loads of the real
notebook on Spark, the alerts after them, and what befalls each (`tests/support/faults/plan.py`). Its tables must equal
those of an undisturbed run of the same polls. Seeds are taken in a row until so many faults were done: what the proxies
did is counted, never what was planned. With `--seed` that day alone is run again; a day that fails keeps its folder.

`--with` adds kinds that are not drawn otherwise. `--write` keeps the results in `docs/reliability.json` and makes
`docs/reliability.md` of them. Some two minutes a day on two quiet cores. Exit code 1 where anything does not hold.
"""

import argparse
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from reliability import page  # noqa: E402
from support.faults import plan  # noqa: E402
from support.faults.day import Day, Outcome, folder_of  # noqa: E402
from support.faults.tables import Difference  # noqa: E402


class Run:
    """Days in a row; the undisturbed day of each replayed one is run once."""

    def __init__(self, also: frozenset[str]):
        self.also = also
        self.key = f"canary-{secrets.token_hex(8)}"
        self.began = time.monotonic()
        self.calm: dict[str, Outcome] = {}
        self.outcomes: list[Outcome] = []

    def say(self, line: str) -> None:
        """Print a line of progress with the minutes since the start."""
        print(f"{(time.monotonic() - self.began) / 60:6.1f} min  {line}", flush=True)

    def day(self, seed: int) -> Outcome:
        """The day of a seed, held against the undisturbed one."""
        wanted = plan.draw(seed, self.also)
        if wanted.day not in self.calm:
            self.calm[wanted.day] = self._one(plan.calm(wanted.day), None)
        outcome = self._one(wanted, self.calm[wanted.day])
        self.outcomes.append(outcome)
        return outcome

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

    def result(self) -> dict[str, Any]:
        """What is kept of it: figures by kind, seeds, and the circumstances."""
        total = sum((outcome.difference for outcome in self.outcomes), Difference())
        counts = {name: sum((getattr(one, name) for one in self.outcomes), Counter()) for name in page.COUNTS}
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
        return {
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "commit": commit.stdout.strip(),
            "cores": os.cpu_count(),
            "minutes": round((time.monotonic() - self.began) / 60),
            "seeds": [outcome.seed for outcome in self.outcomes],
            "failing_seeds": [outcome.seed for outcome in self.outcomes if not outcome.holds],
            "options": self._options(),
            "days": sorted(self.calm),
            "acknowledged": sum(outcome.acknowledged for outcome in self.outcomes),
            "rows": sum(rows.total() for one in self.outcomes for rows in one.rows.values()),
            "lost": total.lost,
            "doubled": total.doubled,
            "differing": total.differing,
            "problems": [f"seed {one.seed}: {problem}" for one in self.outcomes for problem in one.problems],
            "kinds": {
                kind: {name: counts[name][kind] for name in page.COUNTS} | self._differing(kind)
                for kind in sorted(counts["faults"])
                if counts["faults"][kind]
            },
        }

    def _differing(self, kind: str) -> dict[str, int]:
        """Rows lost, doubled and differing on the days that the kind befell."""
        days = [one.difference for one in self.outcomes if one.faults[kind]]
        total = sum(days, Difference())
        return {"days": len(days), "lost": total.lost, "doubled": total.doubled, "differing": total.differing}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=1000, help="how many at least")
    parser.add_argument("--seed", type=int, help="run this day alone")
    parser.add_argument("--from-seed", type=int, default=1, help="the first day's")
    parser.add_argument("--with", dest="also", nargs="+", default=[], choices=(plan.EMULATOR,))
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    run = Run(frozenset(chosen.also))
    seed, done = chosen.seed if chosen.seed is not None else chosen.from_seed, 0
    while True:
        done += run.day(seed).faults.total()
        result = run.result()
        if chosen.write:  # after each day, so that a run that is cut off has told what it found
            page.keep(result)
        if chosen.seed is not None or done >= chosen.faults:
            break
        seed += 1
    print(page.table(result))
    sys.exit(bool(result["failing_seeds"]))


if __name__ == "__main__":
    main()
