"""Do two commits make the same tables of the same raw objects?

    .venv/bin/python benchmarks/same_tables.py OLD NEW [--days FROM TO] [--raw FOLDER] [--made BATCHES]

Each commit is checked out into a worktree of its own, set up, and loads the same raw objects into a stack of its own.
Every table is then compared row for row and column for column, in any order; of `loads` all but the run's id and its
times. Columns and tables that NEW adds are named, and no difference; those that it lacks are one. The raw objects are
those of the demo and of a backfill: three days around the end of daylight saving time, unless others are named. NEW
polls them where the folder does not hold them yet: they are kept, so that a third commit can be held against them.
Takes ten minutes the first time, five after that. Exit code 1 where anything differs.

With `--made` the objects are so many made-up batches of flights (twins of a slot, late ones, instants in common), a
dozen of each of some airports in an order of its own, some of them twice. OLD loads them all at once, NEW in a row of
loads of an object or two. `--seed` makes others; with an odd one they are among so many other legs that loads are
sparse.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from aviation import aws, home, places, query
from aviation.sql import catalog

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.faults.tables import row_text  # noqa: E402
from support.made_batches import batches, crowd  # noqa: E402

RAW = ROOT / ".aviation/same-tables/raw"
DAYS = ("2013-11-02", "2013-11-04")
OF_THE_RUN = ("run_id", "started_at", "finished_at", "seconds")
"""Columns of `loads` that begin so differ from run to run."""
BATCHES_AN_AIRPORT = 12


class Checkout:
    """A commit in a worktree, with a local stack of its own."""

    def __init__(self, commit: str, folder: Path):
        self.commit, self.root, self.home = commit, folder / "checkout", folder / "home"
        inherited = {name: text for name, text in os.environ.items() if not name.startswith(("AVIATION", "AWS_"))}
        self.environment = inherited | {"AVIATION_HOME": str(self.home)}
        subprocess.run(["git", "worktree", "add", "--detach", self.root, commit], cwd=ROOT, check=True)
        subprocess.run(["make", "setup"], cwd=self.root, env=self.environment, check=True)

    def run(self, *arguments: str) -> None:
        """Run the commit's own program."""
        program = self.root / ".venv/bin/aviation"
        subprocess.run([program, *arguments], cwd=self.root, env=self.environment, check=True)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """This process asks this checkout's stack."""
        before = dict(os.environ)
        os.environ.update(self.environment)
        home.load_environment()
        places.stack_outputs.cache_clear()
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def remove(self) -> None:
        """Stop the stack and forget the worktree."""
        self.run("down")
        subprocess.run(["git", "worktree", "remove", "--force", self.root], cwd=ROOT, check=True)


def keep_raw(checkout: Checkout, folder: Path, first: str, last: str) -> None:
    """Poll the demo's day and those from `first` to `last`, and copy every raw object into the folder."""
    checkout.run("demo")
    checkout.run("backfill", "--from", first, "--to", last)
    with checkout.in_use():
        s3, bucket = aws.client("s3"), places.place("RawBucket")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for item in page["Contents"]:
                body = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
                home.write(folder / item["Key"], body)
    checkout.run("down", "--purge")


def make_raw(folder: Path, count: int, seed: int) -> None:
    """Write so many made-up batches as objects: in each is one of each airport, or two, whichever comes next there."""
    rng = random.Random(seed)
    objects = [b""] * BATCHES_AN_AIRPORT
    for number in range(-(-count // BATCHES_AN_AIRPORT)):
        code = "".join(chr(ord("A") + number // 26**place % 26) for place in (2, 1, 0))
        leaves = {"departure__iata": code, "departure__icao": f"Q{code}"}
        made = batches(rng, BATCHES_AN_AIRPORT, **leaves)
        rng.shuffle(made)
        objects[0] += crowd(25, **leaves) if seed % 2 else b""
        for place, content in enumerate(made):
            again = rng.choice(made) if rng.random() < 0.2 else b""
            objects[place] += content + again
    for place, content in enumerate(objects):
        home.write(folder / f"flights/2023/09/14/{place:02d}/made", content)


def load_raw(checkout: Checkout, folder: Path, steps: list[int]) -> None:
    """Put the raw objects into the checkout's stack and load them, so many at a time; all that are left at the end."""
    checkout.run("up")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for step in [*steps, len(files)]:
        with checkout.in_use():
            s3, bucket = aws.client("s3"), places.place("RawBucket")
            for file in files[:step]:
                s3.put_object(Bucket=bucket, Key=file.relative_to(folder).as_posix(), Body=file.read_bytes())
        del files[:step]
        checkout.run("load", *([] if steps else ["--all"]))


def tables(checkout: Checkout) -> dict[str, pd.DataFrame]:
    """Every table of the checkout's stack, read by this process whatever the commit."""
    with checkout.in_use():
        return {name: query.sql(f"select * from {name}") for name in sorted(catalog.read().tables)}


def differences(name: str, old: pd.DataFrame, new: pd.DataFrame) -> list[str]:
    """In what the two differ, in words."""
    if name == "loads":
        old, new = (frame[[c for c in frame if not c.startswith(OF_THE_RUN)]] for frame in (old, new))
    if lost := sorted(set(old) - set(new)):
        return [f"columns that only old has: {lost}"]
    columns = sorted(old)
    kinds = [{column: str(frame[column].dtype) for column in columns} for frame in (old, new)]
    if kinds[0] != kinds[1]:
        return [f"types: {sorted(set(kinds[0].items()) ^ set(kinds[1].items()))}"]
    rows = [sorted(map(row_text, frame[columns].to_dict("records"))) for frame in (old, new)]
    if rows[0] == rows[1]:
        return []
    only_old, only_new = sorted(set(rows[0]) - set(rows[1])), sorted(set(rows[1]) - set(rows[0]))
    return [f"{len(only_old)} rows only in old, {len(only_new)} only in new", *only_old[:1], *only_new[:1]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--days", nargs=2, default=DAYS, metavar=("FROM", "TO"), help="of the backfill")
    parser.add_argument("--raw", type=Path, default=RAW, help="where raw objects are kept")
    parser.add_argument("--made", type=int, metavar="BATCHES", help="made-up batches in place of polled objects")
    parser.add_argument("--seed", type=int, default=0, help="of the made-up batches")
    chosen = parser.parse_args()
    differ = False
    with tempfile.TemporaryDirectory(prefix="aviation-same-") as folder:
        old, new = (Checkout(getattr(chosen, name), Path(folder) / name) for name in ("old", "new"))
        raw, steps = chosen.raw, []
        try:
            if chosen.made:
                raw = Path(folder) / "made"
                steps = random.Random(chosen.seed).choices((1, 2), k=BATCHES_AN_AIRPORT // 2)
                make_raw(raw, chosen.made, chosen.seed)
            elif not raw.is_dir():
                keep_raw(new, raw, *chosen.days)
            load_raw(old, raw, [])
            load_raw(new, raw, steps)
            before, after = tables(old), tables(new)
            for name in sorted({*before, *after} - ({"loads"} if steps else set())):
                empty = pd.DataFrame()
                earlier, later = before.get(name, empty), after.get(name, empty)
                found = differences(name, earlier, later) if name in before else []
                differ = differ or bool(found)
                added = ", ".join(sorted(set(later) - set(earlier)))
                said = "; ".join(found) or ("same" + (f", but for the new {added}" if added else ""))
                print(f"{name:<22} {len(later):>8,} rows  {said}")
        finally:
            for checkout in (old, new):
                checkout.remove()
    sys.exit(differ)


if __name__ == "__main__":
    main()
