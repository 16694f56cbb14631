"""A stack of its own with a year of flights in its tables, kept in a folder for the next run."""

import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from aviation import aws, home
from aviation.local.load import configure_spark
from aviation.local.stack import LocalStack
from aviation.places import place
from aviation.replay import DEFAULT_DAY
from aviation.runs import notebook
from aviation.runs.declared import LOAD
from loads import raw

LAST_DAY, DAYS_BEFORE = "2013-12-31", 364
STORM_POLLS = 13
MADE = "made-seconds"
"""The file that says that the tables are whole, and in how many seconds they were made."""


@dataclass(frozen=True)
class Year:
    """The stack, in how many seconds its tables were made, and the objects of a poll of the newest day."""

    stack: LocalStack
    seconds: float
    to_come: list[Path]

    @property
    def size(self) -> int:
        """Bytes of its state folder."""
        return sum(path.stat().st_size for path in self.stack.home.rglob("*") if path.is_file())

    def load_the_next_poll(self) -> float:
        """Load a poll of the newest day; when that had ended, in seconds since 1970. It tells the same in each run, as
        an object of another name."""
        _deliver(self.to_come, f"{time.time():.0f}-")
        _load()
        return time.time()


def year(kept: Path, *, days: int = DAYS_BEFORE) -> Year:
    """Start the stack of the folder `kept`, with the last `days` days of 2013 before its last one, the day of storms
    among them or not, in its tables; made, where they are not whole. This process asks it afterwards."""
    folder = kept / f"board-{days}"
    stack = LocalStack(home.root(), folder)
    is_made = (folder / MADE).is_file()
    stack.up(day=DEFAULT_DAY, purge=not is_made)
    *newest, last = raw.days(kept / f"last-day-{raw.POLLS_A_DAY}", LAST_DAY, 1)
    if not is_made:
        begun = time.monotonic()
        _deliver([path for poll in (*_history(kept, days), *newest) for path in poll])
        _load()
        home.write(folder / MADE, f"{time.monotonic() - begun:.0f}")
    return Year(stack, float((folder / MADE).read_text()), last)


def _history(kept: Path, days: int) -> raw.Polls:
    """A few polls a day, and those of the demo of the day of storms."""
    first = date.fromisoformat(LAST_DAY).toordinal() - days
    polls = raw.days(kept / "year", date.fromordinal(first).isoformat(), days, raw.YEAR_POLLS)
    few = [poll for poll in polls if not poll[0].name.startswith(DEFAULT_DAY)]
    return few + raw.days(kept / "storm", DEFAULT_DAY, 1, STORM_POLLS)


def _deliver(objects: list[Path], prefix: str = "") -> None:
    """As Firehose does, each object under the hour at which it came."""
    s3, bucket = aws.client("s3"), place("RawBucket")
    for path in objects:
        folder, _, name = raw.key(path).rpartition("/")
        s3.put_object(Bucket=bucket, Key=f"{folder}/{prefix}{name}", Body=path.read_bytes())


def _load() -> None:
    """Load what is new, without the alerts after it."""
    configure_spark()
    notebook.execute(home.root() / LOAD.notebook, {"entities": []}, job=LOAD.name)
