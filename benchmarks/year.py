"""A year of flights through the producers, streams and load, held against the data set itself; then a day's load into
the year-old tables beside the same load into tables of that day alone.

    .venv/bin/python benchmarks/year.py [--from 2013-01-01] [--to 2013-12-31]

Prints the time and the peak memory of the backfill, and the median ratio of the two loads. Uses stacks of its own in a
temporary folder; takes half an hour and 3 GB of disk.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import psutil

from aviation import aws, home, query
from aviation.replay import data
from aviation.sql import catalog

ROOT = Path(__file__).parents[1]
ROUNDS = 5


class Home:
    """A stack of its own in a folder, used through the program as a person does."""

    def __init__(self, folder: Path, day: str):
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("AVIATION", "AWS_"))
        } | {"AVIATION_HOME": str(folder)}
        self("up", "--day", day)

    def __call__(self, *arguments: str) -> str:
        return subprocess.run(
            self.command(*arguments), env=self.environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "aviation", *arguments]

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """This process asks this stack."""
        before = dict(os.environ)
        os.environ.update(self.environment)
        home.load_environment()
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def seconds_of_load(self) -> float:
        """Load what is new; how long the load itself took, without the start of Spark."""
        self("load", "flights")
        with self.in_use():
            runs = "select sum(seconds) as seconds from loads group by run_id order by max(finished_at) desc limit 1"
            return float(query.sql(runs)["seconds"].iloc[0])

    def last_summary(self, table: str) -> dict:
        """The summary of the table's last snapshot."""
        with self.in_use():
            bucket, _, key = catalog.read().tables[table].removeprefix("s3://").partition("/")
            metadata = json.loads(aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
        return next(
            snapshot["summary"]
            for snapshot in metadata["snapshots"]
            if snapshot["snapshot-id"] == metadata["current-snapshot-id"]
        )


def measured(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Run the command: seconds, and the peak memory (GB, resident) of it and all that it starts."""
    peak, done = 0, threading.Event()
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=sys.stderr)
    started = time.monotonic()

    def sample() -> None:
        nonlocal peak
        root = psutil.Process(process.pid)
        while not done.wait(0.5):
            resident = 0
            for one in [root, *root.children(recursive=True)]:
                try:
                    resident += one.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            peak = max(peak, resident)

    sampler = threading.Thread(target=sample)
    sampler.start()
    code = process.wait()
    seconds = time.monotonic() - started
    done.set()
    sampler.join()
    if code:
        raise SystemExit(f"year: {' '.join(command)} ended with {code}")
    return seconds, peak / 1e9


def icao() -> pd.Series:
    """The ICAO code of each carrier of the data set, which has IATA codes; a leg always has the first."""
    return pd.read_csv(ROOT / "lib/aviation/replay/carriers.csv").set_index("iata")["icao"]


def truth(first: str, last: str) -> pd.DataFrame:
    """The data set's flights from `first` to `last`, with the key that their legs have."""
    days = [f"{day:%Y-%m-%d}" for day in pd.date_range(first, last)]
    found = pd.concat([data.truth(day) for day in days])
    parts = [found["flight_date"], found["dep_iata"], found["carrier"].map(icao()), found["number"]]
    return found.assign(flight_key=parts[0].str.cat(parts[1:], sep="|")).set_index("flight_key").sort_index()


def check(home: Home, first: str, last: str) -> int:
    """Hold every row against the data set, and each carrier's monthly on-time performance; the rows."""
    expected = truth(first, last)
    with home.in_use():
        flights = query.sql("select flight_key, flight_status, dep_delay_min, arr_delay_min from flights")
        asked = (
            "select month(flight_date) as month, airline_icao as carrier, sum(on_time) * 1e0 / sum(flights) as share "
            "from on_time_by_airline_day group by 1, 2 order by 1, 2"
        )
        shares = query.sql(asked).set_index(["month", "carrier"])["share"]
    flights = flights.set_index("flight_key").sort_index()
    pd.testing.assert_index_equal(flights.index, expected.index)
    for ours, theirs in (("dep_delay_min", "dep_delay"), ("arr_delay_min", "arr_delay")):
        pd.testing.assert_series_equal(flights[ours].astype("Int64"), expected[theirs], check_names=False)
    for status in ("cancelled", "diverted"):
        assert (flights["flight_status"] == status).equals(expected[status]), status
    month = pd.to_datetime(expected["flight_date"]).dt.month.rename("month")
    on_time = (expected["arr_delay"] < 15).fillna(False).astype(float)
    wanted = on_time.groupby([month, expected["carrier"].map(icao())]).mean()
    pd.testing.assert_series_equal(shares, wanted, check_names=False, check_index_type=False, check_dtype=False)
    return len(flights)


def compare_loads(year: Home, alone: Home, day: str) -> tuple[list[float], list[float]]:
    """Seconds of a load of the same new observations of `day` into each, interleaved."""
    begins = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(hours=12)
    seconds: dict[Home, list[float]] = {year: [], alone: []}
    for number in range(ROUNDS):
        when = f"{begins + timedelta(hours=2 * number):%Y-%m-%dT%H:%MZ}"
        for stack in (year, alone) if number % 2 else (alone, year):
            stack("clock", when)
            stack("produce", "flights")
            seconds[stack].append(stack.seconds_of_load())
        for table in ("flight_history", "flights", "flight_events"):
            assert year.last_summary(table)["changed-partition-count"] == "1", table
    return seconds[year], seconds[alone]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="first", default="2013-01-01")
    parser.add_argument("--to", dest="last", default="2013-12-31")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aviation-year-") as folder:
        year, alone = Home(Path(folder) / "year", chosen.last), Home(Path(folder) / "alone", chosen.last)
        try:
            span = ("--from", chosen.first, "--to", chosen.last)
            seconds, peak = measured(year.command("backfill", *span), year.environment)
            rows = check(year, chosen.first, chosen.last)
            print(f"year: {rows:,} flights in {seconds / 60:.1f} min, {peak:.1f} GB at most; every row as the data set")
            alone("backfill", "--from", chosen.last, "--to", chosen.last)
            into_year, into_day = compare_loads(year, alone, chosen.last)
        finally:
            year("down")
            alone("down")
    ratio = statistics.median(into_year) / statistics.median(into_day)
    shown = " / ".join(f"{statistics.median(times):.1f} s" for times in (into_year, into_day))
    print(f"year: a day's load into the year's tables / into its own: {shown} = {ratio:.2f}, median of {ROUNDS}")


if __name__ == "__main__":
    main()
