"""The legs of `sustained.py`, and what the flight API says of each at each poll.

Base records are real flights of 2013 before their departure, the operating flights' own rows. A leg's gate is another
at each poll, so that no record is equal to the one before it; its delays and estimates are others at every third poll
until it departs and lands, which it does at times drawn by the seed. The same seed says the same in every process.
"""

import json
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from aviation import replay
from aviation.poll.collected import row_key
from aviation.replay import records

FIRST_DAY = "2013-07-01"
STEP = timedelta(minutes=30)
"""By how much the API's clock is ahead from poll to poll."""
GATES = 90
NEW_ESTIMATE = 3
"""Polls until a side's delay and estimate are drawn again."""
LATE = 0.02
"""The share of drawn delays that are longer than half an hour."""
IN_THE_AIR = 0.1
"""How long a leg is in the air, as a share of all polls."""

Record = dict[str, Any]


def clock(poll: int) -> datetime:
    """The API's time at a poll (from 0); aware."""
    return replay.first_poll(FIRST_DAY) + poll * STEP


def poll_at(when: datetime) -> int:
    """The poll (from 0) that the API's time belongs to."""
    return int((when - clock(0)) / STEP)


def write(file: Path, count: int) -> None:
    """Write base records of `count` legs, a line of JSON each. ParameterError where the year has fewer."""
    found: dict[tuple[str, ...], Record] = {}
    day = date.fromisoformat(FIRST_DAY)
    while len(found) < count:
        name = replay.check_day(day.isoformat())
        for record in records.flights(name, replay.first_poll(name)):
            if not record["flight"]["codeshared"]:
                found.setdefault(row_key(record), record)
        day += timedelta(days=1)
    with file.open("w") as lines:
        lines.writelines(json.dumps(record) + "\n" for record in list(found.values())[:count])


def read(file: Path) -> list[Record]:
    """The base records that `write` wrote."""
    with file.open() as lines:
        return [json.loads(line) for line in lines]


def key(record: Record) -> str:
    """The `flight_key` that the leg must get."""
    flight = record["flight"]["number"].lstrip("0")
    return "|".join((record["flight_date"], record["departure"]["iata"], record["airline"]["icao"], flight))


def at(base: list[Record], poll: int, polls: int, seed: int) -> Iterator[Record]:
    """What the API says of each leg at a poll (from 0) of `polls`."""
    for number, record in enumerate(base):
        drawn = random.Random(f"{seed} {number}")
        gate, leaves = drawn.randrange(GATES), drawn.uniform(0, polls)
        lands = leaves + IN_THE_AIR * polls
        departure, arrival = (
            _side(record[side], f"{seed} {number} {(min(poll, int(end)) + number) // NEW_ESTIMATE}", poll >= end)
            for side, end in (("departure", leaves), ("arrival", lands))
        )
        yield record | {
            "flight_status": "landed" if poll >= lands else "active" if poll >= leaves else "scheduled",
            "departure": departure | {"gate": f"A{gate + poll}"},
            "arrival": arrival,
        }


def _side(side: Record, drawn_from: str, over: bool) -> Record:
    drawn = random.Random(drawn_from)
    minutes = drawn.randint(31, 240) if drawn.random() < LATE else drawn.randint(1, 30)
    later = f"{datetime.fromisoformat(side['scheduled']) + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%S+00:00}"
    actual = later if over else None
    return side | {"delay": minutes, "estimated": later, "actual": actual, "actual_runway": actual}
