"""Past days of the replay as they were known: the rows of `flight_history`, a Parquet file a day, without a stack.

    .venv/bin/python benchmarks/as_known.py FOLDER [--from 2013-01-01] [--to 2013-12-31] [--every 30m] [--workers 2]

The rows are those that `aviation backfill --every` loads (tests/local/test_observed.py). Days that the folder has are
left as they are, so that the same command goes on where it was cut off. Prints the time, rows and bytes a day.
"""

import argparse
import time
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
from tqdm import tqdm

from aviation import replay
from aviation.local.observed import write
from aviation.times import parse_duration


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--from", dest="first", default=replay.FIRST_DAY)
    parser.add_argument("--to", dest="last", default=replay.LAST_DAY)
    parser.add_argument("--every", type=parse_duration, default="30m")
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    days = [replay.check_day(f"{day:%Y-%m-%d}") for day in pd.date_range(chosen.first, chosen.last)]
    new = [day for day in days if not (chosen.folder / f"{day}.parquet").is_file()]
    started = time.monotonic()
    files = list(tqdm(write(chosen.folder, days, chosen.every, workers=chosen.workers), total=len(days), unit="day"))
    seconds = time.monotonic() - started
    each = seconds / max(1, len(new))
    print(f"{len(new)} new days in {seconds:.0f} s: {each:.1f} s a day on {chosen.workers} processes")
    rows = sum(pq.read_metadata(file).num_rows for file in files)
    size = sum(file.stat().st_size for file in files) / 1e6
    print(f"{rows / len(days):,.0f} rows and {size / len(days):.2f} MB a day, {size:.0f} MB in all {len(days)}")


if __name__ == "__main__":
    main()
