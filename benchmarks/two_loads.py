"""Two loads at once, again and again, with nothing that keeps them apart: is every observation there once?

    .venv/bin/python benchmarks/two_loads.py [--rounds 50] [--seed 1]

Each ten rounds start a stack of their own and two processes with Spark, which load at the same moment without the
laptop's lock: in every other round the same objects, in the rest each an object of its own, of the same legs. Both must
end well, or one with an error of one line. In the end each table must equal that of a single load of everything, row
for row. Prints a line a round. Exit code 1 where a row differs.
"""

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from aviation import aws, home
from aviation.errors import AviationError, one_line
from aviation.local.load import configure_spark
from aviation.local.stack import LocalStack
from aviation.places import place
from support.made_batches import batches, crowd

ALONE = "alone"
SERIES = 10
"""So many rounds share a stack."""
CHOICES = {
    "entities": ["flights"],
    "look_back_hours": 48,
    "max_refused_share": 1.0,
    "batch_megabytes": 256,
    "reconcile": False,
    "requeue": False,
    "upkeep": False,
}
TABLES = ("flight_observations", "flight_history", "flights", "flight_events", "quarantine")


def loader(asked: Connection) -> None:
    """One process that loads whenever it is asked to."""
    from aviation.load import job
    from aviation.load.objects import bucket_lister
    from aviation.load.session import start_spark
    from aviation.load.settings import settings

    chosen, spark = settings(**CHOICES), start_spark()
    listed = bucket_lister(chosen.raw_bucket)
    asked.send("ready")
    while wanted := asked.recv():
        database, name = wanted

        def list_objects(entity: str, after: str, name: str = name) -> list[Any]:
            return [item for item in listed(entity, after) if name in item.key]

        into = replace(chosen, database=database or chosen.database, run_id=f"{name}-{time.time_ns()}")
        spark.sql(f"create namespace if not exists {into.namespace}")
        try:
            asked.send(job.run(spark, into, list_objects=list_objects)["observations_added"])
        except AviationError as error:
            asked.send(one_line(error))
    for table in TABLES:
        one, other = (
            spark.table(f"{chosen.catalog}.{database}.{table}").selectExpr("to_json(struct(*)) as row")
            for database in (chosen.database, ALONE)
        )
        asked.send((table, one.count(), one.exceptAll(other).count() + other.exceptAll(one).count()))
    spark.stop()


def both(loaders: list[Connection], names: list[str]) -> list[object]:
    """What two loads at once say, each of the objects that have its name in their keys."""
    for asked, name in zip(loaders, names, strict=True):
        asked.send((None, name))
    return [asked.recv() for asked in loaders]


def rounds(loaders: list[Connection], count: int, rng: random.Random) -> int:
    """Let them load; how many loads ended with an error."""
    bucket, hour = aws.client("s3"), f"flights/{datetime.now(UTC):%Y/%m/%d/%H}"
    failed = 0
    for number in range(count):
        for name, content in zip(("odd", "even"), batches(rng, 2), strict=True):
            body = content + (crowd(150) if not number else b"")
            bucket.put_object(Bucket=place("RawBucket"), Key=f"{hour}/{number:03}-{name}", Body=body)
        same = number % 2 == 0
        began = time.monotonic()
        said = both(loaders, ["-", "-"] if same else ["-odd", "-even"])
        failed += sum(isinstance(answer, str) for answer in said)
        what = "the same objects" if same else "different objects"
        print(f"{number + 1:>3} {what}: {said[0]} and {said[1]} added, {time.monotonic() - began:.1f} s", flush=True)
    return failed


def series(count: int, rng: random.Random) -> tuple[int, int]:
    """Rounds on a stack of their own: how many loads ended with an error, and how many rows differ in the end."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="aviation-two-loads-") as name:
        stack = LocalStack(home.root(), Path(name))
        stack.up()
        try:
            configure_spark()
            pipes = [context.Pipe() for _ in range(2)]
            processes = [context.Process(target=loader, args=[its], daemon=True) for _, its in pipes]
            for process, (_, its) in zip(processes, pipes, strict=True):
                process.start()
                its.close()  # where a process ends, its pipe does
            loaders = [ours for ours, _ in pipes]
            for asked in loaders:
                asked.recv()
            failed = rounds(loaders, count, rng)
            compared = compare(*loaders)
            for process in processes:
                process.join()
        finally:
            stack.down()
    for table, rows, differing in compared:
        print(f"{table:<20} {rows:>8,} rows, {differing} differ", flush=True)
    return failed, sum(differing for *_, differing in compared)


def compare(one: Connection, other: Connection) -> list[tuple[str, int, int]]:
    """Each table's rows, and how many differ from those of a single load of everything; the loaders end."""
    one.send((None, "-"))  # what a load that failed has left
    print(f"one more load: {one.recv()} added")
    one.send((ALONE, "-"))
    print(f"a single load of everything: {one.recv()} added")
    one.send(None)
    other.send(None)
    return [one.recv() for _ in TABLES]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    done = [series(min(SERIES, options.rounds - first), rng) for first in range(0, options.rounds, SERIES)]
    failed, differing = (sum(column) for column in zip(*done, strict=True))
    print(
        f"{options.rounds} rounds, seed {options.seed}: {failed} of {2 * options.rounds} loads ended with an error, "
        f"{differing} rows differ"
    )
    sys.exit(bool(differing))


if __name__ == "__main__":
    main()
