"""Figures in words, for findings and labels."""

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from aviation.words import counted as counted  # the one of findings, too


def share(part: float, whole: float) -> str:
    """`12 %`; `none` of nothing."""
    return f"{part / whole:.0%}".replace("%", " %") if whole else "none"


def minutes(value: float) -> str:
    """`1 minute`, `54 minutes`."""
    return counted(round(value), "minute")


def late(value: float | None) -> str:
    """A delay: `54 minutes late`, `4 minutes early` for -4, `on time` for 0; `by an unknown time` for None."""
    if value is None or pd.isna(value):
        return "by an unknown time"
    if not round(value):
        return "on time"
    return f"{minutes(abs(value))} {'late' if value > 0 else 'early'}"


def hour(value: float) -> str:
    """`17:00`."""
    return f"{int(value):02}:00"


def listed(items: Iterable[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    *most, last = items if (items := list(items)) else [""]
    return f"{', '.join(most)} and {last}" if most else last


def total(frame: pd.DataFrame, column: str) -> int:
    """The sum of a column of counts; 0 of no rows."""
    return int(frame[column].fillna(0).sum())


def each(frame: pd.DataFrame, words: Callable[[Any], str]) -> "pd.Series[str]":
    """`words` of every row, whose columns are its attributes, on the frame's index."""
    return pd.Series([words(row) for row in frame.itertuples()], index=frame.index, dtype=object)
