"""Conditions on rows, as Iceberg's own JSON of expressions: what a commit replaces, and what would clash with it.

Source: https://iceberg.apache.org/rest-catalog-spec (Expression)
"""

from collections.abc import Collection
from datetime import date, datetime
from functools import reduce
from typing import Any

Condition = bool | dict[str, Any]
ALL: Condition = True


def of_days(days: Collection[date]) -> Condition:
    """Rows of these flight dates, at least one."""
    return {"type": "in", "term": "flight_date", "values": sorted(map(str, days))}


def before(day: date) -> Condition:
    """Rows of earlier flight dates."""
    return {"type": "lt", "term": "flight_date", "value": str(day)}


def from_to(column: str, first: datetime | None, last: datetime | None) -> list[Condition]:
    """Rows with a time (UTC, naive) in the column from `first` to `last`, where they are given."""
    bounds = {"gt-eq": first, "lt-eq": last}
    return [{"type": kind, "term": column, "value": at.isoformat()} for kind, at in bounds.items() if at]


def is_null(column: str) -> Condition:
    """Rows with nothing in the column."""
    return {"type": "is-null", "term": column}


def both(*conditions: Condition) -> Condition:
    """Rows that all of the conditions take in."""
    return _joined("and", conditions)


def either(*conditions: Condition) -> Condition:
    """Rows that any of the conditions takes in."""
    return _joined("or", conditions)


def _joined(kind: str, conditions: Collection[Condition]) -> Condition:
    return reduce(lambda left, right: {"type": kind, "left": left, "right": right}, conditions)
