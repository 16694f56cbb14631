"""Batches of made-up flights that are hard to fold: twins of a slot, some of them late, instants in common, repeats."""

import random

from support.raw_lines import changed, line, records

SZX = records("flights")[1]
PARTNER = {"airline_name": "copa", "airline_iata": "cm", "airline_icao": "cmp", "flight_number": "0315"}
GATES = ("1", "2", None)


def at(minute: int) -> str:
    """An instant of the day of the batches."""
    return f"2023-09-14T{minute // 60:02d}:{minute % 60:02d}:00+00:00"


def flight(number: int, **leaves) -> dict:
    """One leg of a route of its own kind."""
    return changed(SZX, flight__number=str(number), flight__iata=f"CZ{number}", flight__icao=f"CSN{number}", **leaves)


def some(rng: random.Random, **leaves) -> dict:
    """A record of one of few legs and twins, whose values change often."""
    number = rng.randrange(8)
    made = flight(number, departure__gate=rng.choice(GATES), arrival__terminal=rng.choice(GATES), **leaves)
    made["flight_date"] = rng.choice(("2023-09-13", "2023-09-14"))
    if rng.random() < 0.3:  # the same slot and number, under another airline or none
        made["airline"] = rng.choice(
            ({"name": "x", "iata": "XX", "icao": "XXX"}, {"name": "empty", "iata": None, "icao": None})
        )
    if rng.random() < 0.3:
        made["flight"]["codeshared"] = {**PARTNER, "flight_number": str(number)}
    if rng.random() < 0.2:
        made["departure"]["scheduled"] = "2023-09-13T09:00:00+00:00"
    return made


def batches(rng: random.Random, count: int = 6, **leaves) -> list[bytes]:
    """A day's objects: mostly in order, some late, instants in common, lines that come twice."""
    objects = []
    for minute in range(count):
        times = [minute if rng.random() < 0.8 else rng.randrange(count) for _ in range(rng.randrange(1, 12))]
        lines = [line(some(rng, **leaves), observed_at=at(time)) for time in times]
        objects.append(b"".join(lines + rng.choices(lines, k=2)))
    return objects


def crowd(legs: int, **leaves) -> bytes:
    """Other legs of the same dates and airport, once each: beside them a load of a few is a sparse one."""
    return b"".join(
        line(flight(1000 + number, flight_date=day, **leaves), observed_at=at(0))
        for number in range(legs)
        for day in ("2023-09-13", "2023-09-14")
    )
