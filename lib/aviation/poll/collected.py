"""What one poll has fetched: its rows as raw lines, each row once, as the last page had it."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from aviation.poll import envelope
from aviation.poll.answers import Page

Key = tuple[str, ...]

AIRLINE = (("airline", "iata"), ("airline", "icao"))
NUMBER = (("flight", "number"),)
IDENTITY = (
    (("flight_date",),),
    (("departure", "iata"), ("departure", "icao")),
    (("arrival", "iata"), ("arrival", "icao")),
    AIRLINE,
    NUMBER,
)
"""What makes two rows of two pages one: date, airports, marketing airline and number, each by its first code that is
there."""


class Collected:
    """The rows of a poll.

    A row that an earlier page had too replaces it: pages shift during a sweep, and two sweeps can find the same flight.
    Rows of one page never replace each other.
    """

    def __init__(self, entity: str, run_id: str, source: str):
        self._entity, self._run_id, self._source = entity, run_id, source
        self._rows: dict[Key, list[bytes]] = {}

    def add(self, page: Page) -> None:
        """Take the rows of a page."""
        origin = envelope.Origin(self._entity, page.observed_at, page.fetched_at, self._run_id, self._source)
        rows: dict[Key, list[bytes]] = {}
        for record, line in zip(page.records, envelope.lines(origin, page.records), strict=True):
            rows.setdefault(row_key(record), []).append(line)
        self._rows.update(rows)

    def __len__(self) -> int:
        return sum(map(len, self._rows.values()))

    def lines(self) -> Iterator[bytes]:
        """The raw lines, in the order in which their rows were first seen."""
        for lines in self._rows.values():
            yield from lines


def row_key(record: Any) -> Key:
    """What identifies a row of the API within a poll: its identity, or its whole text where that is not whole (and for
    every reference record)."""
    parts = [next(filter(None, (_text(record, path) for path in paths)), "") for paths in IDENTITY]
    if all(parts):
        return tuple(parts)
    return (hashlib.blake2b(json.dumps(record, sort_keys=True).encode(), digest_size=16).hexdigest(),)


def _text(record: Any, path: tuple[str, ...]) -> str:
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    return str(record) if isinstance(record, str | int) else ""
