"""The demo: a real day polled 13 times from before its first departure to after its last arrival, and loaded twice: at
early afternoon, so that there are forecasts of the rest of the day, and at its end."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from tqdm import tqdm

from aviation import backend, home, replay
from aviation.board import offline
from aviation.entities import ENTITIES
from aviation.jobs import start as jobs
from aviation.local.stack import LocalStack
from aviation.replay import DEFAULT_DAY
from aviation.status import age, row_counts
from aviation.times import utc_text
from aviation.words import counted

logger = logging.getLogger(__name__)

POLLS = 13
FORECAST_AFTER = 5
"""So many polls, the newest at 17:50Z, are loaded first."""


def poll_times(day: str) -> list[datetime]:
    """The instants (aware, UTC) at which the demo polls a day: evenly from 08:30Z to the replay's default clock."""
    first = replay.first_poll(day)
    step = (replay.default_clock(day) - first) / (POLLS - 1)
    return [first + timedelta(seconds=round((n * step).total_seconds())) for n in range(POLLS)]


def run(stack: LocalStack) -> None:
    """Start the stack, poll, load, and say what is in the tables, where the board's first page lies as a file, and in
    the last line where the board is."""
    logger.info("demo 1/4: the local stack")
    stack.up(day=DEFAULT_DAY)
    logger.info("demo 2/4: polling %s %d times, and each reference entity once", DEFAULT_DAY, POLLS)
    _poll(stack)
    logger.info("demo 3/4: loading what arrived since")
    _load()
    logger.info("demo 4/4: the tables, the dashboard and the board")
    page = offline.write(home.home() / "dashboard.html")
    for name, rows in row_counts().items():
        print(f"{name:<22} {rows:>8,} rows")
    print(f"{'data age':<22} {age('flights'):>8}")
    print(f"dashboard: {page}")
    print(f"board: {stack.board.open()} (beside the local stack: 'make down' ends both)")


def _poll(stack: LocalStack) -> None:
    """Flights at each instant in order, since all share the clock; beside them the reference entities, as of the last
    instant."""
    times = poll_times(DEFAULT_DAY)
    references = [name for name in ENTITIES if name != "flights"]
    with (
        tqdm(total=POLLS + len(references), unit="poll", disable=None) as bar,
        ThreadPoolExecutor(max_workers=len(references)) as pool,
    ):

        def poll(entity: str, what: str, **parameters: str) -> None:
            record = jobs.run_producer(entity, parameters)
            bar.update()
            if bar.disable:
                logger.info("demo: %s: %s, %.1f s", what, counted(record.counts["records"], "record"), record.seconds)

        beside = pool.map(lambda name: poll(name, name, instant=utc_text(times[-1])), references)
        for when in times:
            stack.clock(when)
            poll("flights", f"flights at {when:%Y-%m-%dT%H:%MZ}")
            if when == times[FORECAST_AFTER - 1]:
                logger.info("demo: loading the day so far, and forecasting the rest of it")
                _load()
        list(beside)


def _load() -> None:
    record = backend.in_use().load({"entities": []})
    counts = record.counts
    logger.info(
        "demo: loaded %s lines in %.0f s; %s",
        f"{counts['lines_read']:,}",
        record.seconds,
        counts["forecasts_missing"] or counted(counts["forecasts"], "forecast"),
    )
