"""What a forecast adds to a warm load: half-hourly polls of the replay's day, loaded with the model and without.

    .venv/bin/python benchmarks/load_forecast.py [--rounds 8]

Each poll of 1,004 legs, of which most have not left, is loaded into two places beside each other, one after the other,
in one warm Spark; the order changes from poll to poll. Prints the medians, and the median of the differences. Takes two
minutes.
"""

import argparse
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from aviation.forecast.model import load
from aviation.local.forecast import SHIPPED
from aviation.replay import DEFAULT_DAY, first_poll
from loads.driver import session

WARM_UP = 2
"""Polls that are not counted."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=8, help="polls that count")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="aviation-load-forecast-") as name:
        spark = session(Path(name, "tables"), [])
        try:
            measure(spark, Path(name), rounds)
        finally:
            spark.stop()


def measure(spark, folder: Path, rounds: int) -> None:
    from support.board import polls
    from support.whole_load import Place, put

    places = {name: Place(spark, folder / name) for name in ("with", "without")}
    places["with"].model = partial(load, SHIPPED)
    begin = first_poll(DEFAULT_DAY).astimezone(UTC)
    taken: list[dict[str, float]] = []
    for number in range(WARM_UP + rounds):
        when: datetime = begin + number * timedelta(minutes=30)
        [content] = polls(DEFAULT_DAY, [when]).values()
        seconds = {}
        for name in sorted(places, reverse=bool(number % 2)):
            put(places[name], number, content)
            began = time.monotonic()
            report = places[name].load()
            seconds[name] = time.monotonic() - began
            if name == "with":
                legs = report["forecasts"]
        print(
            f"{when:%H:%MZ} {legs:>5,} forecasts: {seconds['with']:.2f} s, without {seconds['without']:.2f} s",
            flush=True,
        )
        taken.append(seconds)
    counted = taken[WARM_UP:]
    with_model, without = (statistics.median(each[name] for each in counted) for name in ("with", "without"))
    added = statistics.median(each["with"] - each["without"] for each in counted)
    print(
        f"medians of {rounds}: {with_model:.2f} s with forecasts, {without:.2f} s without; "
        f"a forecast adds {added:.2f} s"
    )


if __name__ == "__main__":
    main()
