"""Are tables the same? Rows in any order, without what belongs to the run that wrote them."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pandas as pd

from aviation import query
from aviation.columns import EVENTS, FLIGHTS, HISTORY, OBSERVATIONS, QUARANTINE, REFERENCES

COMPARED = (OBSERVATIONS, HISTORY, FLIGHTS, EVENTS, *REFERENCES.values(), QUARANTINE)
OF_THE_OBJECTS = {QUARANTINE.name: ("object", "first_seen_at", "last_seen_at", "times_seen", "lines_by_object")}
"""Columns that say in which raw objects a line came."""
Tables = dict[str, Counter[str]]


@dataclass(frozen=True)
class Difference:
    """How many rows of the observations, references and quarantine are missing or come too often, and how many rows of
    the derived tables differ."""

    lost: int = 0
    doubled: int = 0
    differing: int = 0

    def __add__(self, other: "Difference") -> "Difference":
        return Difference(self.lost + other.lost, self.doubled + other.doubled, self.differing + other.differing)


def row_text(row: dict[str, Any]) -> str:
    """A row of a frame as text: equal for equal rows."""
    return json.dumps(
        row, sort_keys=True, default=lambda value: value.tolist() if hasattr(value, "tolist") else str(value)
    )


def read() -> Tables:
    """The tables of the stack in use that are compared, as counted rows by name."""
    found = {}
    for table in COMPARED:
        frame: pd.DataFrame = query.sql(f"select * from {table.name}")
        kept = frame.drop(columns=list(OF_THE_OBJECTS.get(table.name, ())))
        found[table.name] = Counter(map(row_text, kept.to_dict("records")))
    return found


def difference(expected: Tables, found: Tables) -> Difference:
    """In what the tables that were found differ from those of an undisturbed run."""
    derived = {HISTORY.name, FLIGHTS.name, EVENTS.name}
    lost = doubled = differing = 0
    for name, rows in expected.items():
        missing, surplus = (rows - found[name]).total(), (found[name] - rows).total()
        if name in derived:
            differing += missing + surplus
            continue
        again = sum(min(count - 1, (found[name] - rows)[row]) for row, count in found[name].items() if count > 1)
        lost, doubled, differing = lost + missing, doubled + again, differing + surplus - again
    return Difference(lost, doubled, differing)
