"""Raw objects of flights made from the replay: as Firehose's, gzip of JSON lines, one or a few a poll.

A folder of them is made once and kept; each function returns the polls in order, each as its objects' paths.
"""

import gzip
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from aviation import replay
from aviation.poll.envelope import Origin, lines
from aviation.replay import data, records

POLLS_A_DAY = 10
"""Polls of a finished day; with New York's 1,900 rows a poll that makes 19,000 rows a day."""
YEAR_POLLS = 3
WORLD_DAY = replay.DEFAULT_DAY
COPIES, SWEEPS = 25, 48
OBJECTS_A_SWEEP = 4
SHIFTS = range(-2, 17)
"""Hours by which a copy's clocks are ahead of New York's: with those, its zones are within UTC-12 and UTC+14."""

Polls = list[list[Path]]


def days(folder: Path, first: str, count: int, polls: int = POLLS_A_DAY) -> Polls:
    """`count` days from `first` (ISO), each polled evenly from before its first departure to after its last flight."""
    made: Polls = []
    for number in range(count):
        day = (date.fromisoformat(first) + timedelta(days=number)).isoformat()
        begins = replay.first_poll(day)
        step = (records.over(day) - begins) / (polls - 1)
        for poll in range(polls):
            at = begins + timedelta(seconds=round((step * poll).total_seconds()))
            path = folder / f"{day}-{poll:02}.gz"
            if not path.is_file():
                _write(path, at, records.flights(day, at))
            made.append([path])
    return made


def world(folder: Path, sweeps: int = SWEEPS) -> Polls:
    """A day of half-hourly sweeps of 47,400 rows of one date around the world.

    Each of the copies of New York's day has airports of its own, and clocks of its own: its flights look as New
    York's do a few hours earlier or later, so that at any time of the day some depart and some land.
    """
    midnight = datetime.fromisoformat(WORLD_DAY).replace(tzinfo=UTC)
    made: Polls = []
    for sweep in range(sweeps):
        at = midnight + timedelta(minutes=30 * sweep)
        paths = [folder / f"world-{sweep:02}-{part}.gz" for part in range(OBJECTS_A_SWEEP)]
        for part, path in enumerate(paths):
            if not path.is_file():
                _write(path, at, _around_the_world(at, range(part, COPIES, OBJECTS_A_SWEEP)))
        made.append(paths)
    return made


def put(objects: list[Path], raw: Path) -> None:
    """Deliver the objects into the raw folder `raw`, under keys as Firehose makes them."""
    for path in objects:
        target = raw / key(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def key(path: Path) -> str:
    """The key under which Firehose delivers the object: it goes by the hour."""
    with gzip.open(path) as file:
        at = datetime.fromisoformat(json.loads(file.readline())["fetched_at"])
    return f"flights/{at:%Y/%m/%d/%H}/{path.name}"


def _write(path: Path, at: datetime, rows: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # A half-written object is not there.
    unfinished = path.with_suffix(".part")
    with gzip.open(unfinished, "wb", compresslevel=6) as file:
        file.writelines(lines(Origin("flights", at, at, "benchmark", "replay"), rows))
    unfinished.rename(path)


def _around_the_world(at: datetime, copies: range) -> Iterator[dict[str, Any]]:
    for copy in copies:
        shift = SHIFTS[copy % len(SHIFTS)]
        for record in _new_york(at + timedelta(hours=shift)):
            yield _elsewhere(record, copy, shift)


@lru_cache(maxsize=2 * len(SHIFTS))
def _new_york(clock: datetime) -> tuple[dict[str, Any], ...]:
    return records.flights(WORLD_DAY, clock)


def _elsewhere(record: dict[str, Any], copy: int, shift: int) -> dict[str, Any]:
    """The record at the copy's airports, whose clocks are `shift` hours ahead of New York's."""
    moved = record | {
        side: record[side] | _airport(copy, record[side]["iata"]) | {"timezone": _zone(record[side], shift)}
        for side in ("departure", "arrival")
    }
    if record["live"]:
        updated = datetime.fromisoformat(record["live"]["updated"]) - timedelta(hours=shift)
        moved["live"] = record["live"] | {"updated": updated.isoformat(timespec="seconds")}
    return moved


@cache
def _airport(copy: int, iata: str) -> dict[str, str]:
    """The airport of the copy that stands for New York's or its destination `iata`."""
    served = sorted({code for leg in data.legs(WORLD_DAY) for code in (leg.origin, leg.dest)})
    known = [airport for _, airport in sorted(data.airports().items()) if airport["iata"] and airport["icao"]]
    airport = known[copy * len(served) + served.index(iata)]
    return {"airport": airport["name"], "iata": airport["iata"], "icao": airport["icao"]}


def _zone(side: dict[str, Any], shift: int) -> str | None:
    """A zone `shift` hours ahead of the side's own on the day, null where that is."""
    if side["timezone"] is None:
        return None
    noon = datetime.fromisoformat(f"{WORLD_DAY}T12:00:00+00:00")
    hours = shift + round(data.utc_offset_hours(noon, data.zone(side["iata"])))
    return f"Etc/GMT{-hours:+d}"  # in these names a plus is west of Greenwich
