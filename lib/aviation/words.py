"""Counts, durations, delays, probabilities, times of day and flights in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

DASH = "–"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 flight`, `1,004 flights`; `plural` where it is not the noun and an s."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def flight_name(flight: Mapping[str, Any]) -> str:
    """A row's flight as people write it: `B6 27` of the code B627 of airline B6; else its airline's IATA, else ICAO
    code, and its number."""
    code, number = flight["flight_iata"], flight["flight_number"]
    airline = flight["airline_iata"] or flight["airline_icao"]
    if code and airline and code.startswith(airline) and len(code) > len(airline):
        return f"{airline} {code[len(airline) :]}"
    return str(code or " ".join(part for part in (airline, number) if part) or DASH)


def clock(moment: datetime | None) -> str:
    """A time of day: `16:10`."""
    return f"{moment:%H:%M}" if moment else DASH


def duration(minutes: float) -> str:
    """Minutes in words: `45 min`, `3 h 10 min`."""
    hours, rest = divmod(round(abs(minutes)), 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{rest} min"] * bool(rest or not hours)
    return " ".join(parts)


def late(minutes: float) -> str:
    """`45 min late`, `5 min early`, `on time`."""
    return f"{duration(minutes)} {'early' if minutes < 0 else 'late'}" if round(minutes) else "on time"


def late_between(least: float, most: float) -> str:
    """`12 min to 1 h 18 min late`, `5 min early to 40 min late`."""
    if round(least) > 0 or round(most) < 0:
        return f"{duration(least)} to {late(most)}"
    return f"{late(least)} to {late(most)}"


def chance(probability: float) -> str:
    """`62 %`. Nothing that is forecast is told as certain: the least is 1 %, the most 99 %."""
    return f"{min(99, max(1, round(100 * probability)))} %"
