"""The tiles of the page *Now*: a number of the day each, with its target and its change."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from aviation.board import words
from aviation.words import counted

Row = dict[str, Any]

ON_TIME_TARGET = 0.8
"""The share of flights on time that is wanted: our own choice, about what the US airlines reach in a good year."""
CANCELLED_LIMIT = 0.02
"""The share of flights that may be cancelled: our own choice, a little above what the US airlines cancel in a year."""

DAY = "select * from days_so_far"
WAITING = ("under_way", "overdue", "to_come")
"""How a flight stands that is not over."""


class Tile(BaseModel):
    """A number of the day. `value` is null where there is none; `note` says what it is of. `target` says what is
    wanted, empty where nothing is, and `is_met` whether the number reaches it. `change` is how much the number is above
    that of the moment that it is compared with, null where there is none; `is_worse` is null where it is neither."""

    name: str
    value: float | None
    text: str
    note: str
    target: str = ""
    is_met: bool | None = None
    change: float | None = None
    change_text: str = ""
    is_worse: bool | None = None


@dataclass(frozen=True)
class Target:
    """What is wanted, in words, and whether a row of days_so_far reaches it; None where it cannot be told."""

    text: str
    is_met: Callable[[Row], bool | None]


@dataclass(frozen=True)
class Figure:
    """A tile, declared: of a row of days_so_far its value, as text, and its note. `form` writes the size of a change;
    `more` says whether more of it is worse (None: neither)."""

    name: str
    value: Callable[[Row], float | None]
    text: Callable[[Row], str]
    note: Callable[[Row], str]
    form: Callable[[float], str]
    more: bool | None = True
    target: Target | None = None


def _points(size: float) -> str:
    return f"{100 * size:.1f} points"


def _count(size: float) -> str:
    return f"{size:,.0f}"


def _minutes(size: float) -> str:
    return f"{size:.0f} min"


def _share(part: str, whole: str) -> Callable[[Row], float | None]:
    return lambda day: day[part] / day[whole] if day[whole] else None


def _on_time(part: str, whole: str) -> Target:
    def is_met(day: Row) -> bool | None:
        return day[part] >= ON_TIME_TARGET * day[whole] if day[whole] else None

    return Target(f"target {ON_TIME_TARGET:.0%}".replace("%", " %"), is_met)


def _overdue(day: Row) -> str:
    if not day["overdue"]:
        return "no flight waits beyond its schedule"
    return f"{day['very_overdue']:,} by an hour or more, the worst by {words.duration(day['worst_overdue_min'])}"


def _of_all(day: Row) -> str:
    return f"of {counted(day['flights'], 'flight')}"


def _delayed(name: str) -> Callable[[Row], str]:
    # A lower bound among the values makes a lower bound of the figure.
    return lambda day: words.delay(day[name], at_least=bool(day["overdue"]))


def _due(day: Row) -> str:
    return f"of {day['due']:,} that left or are overdue"


def _waiting(day: Row) -> str:
    return ", ".join([f"of {day['flights']:,}", *still(day, "under_way", "to_come")])


FIGURES = (
    Figure(
        "On time so far",
        _share("on_time", "finished"),
        lambda day: words.share(day["on_time"], day["finished"]),
        lambda day: f"of {day['finished']:,} finished",
        _points,
        more=False,
        target=_on_time("on_time", "finished"),
    ),
    Figure(
        "On time, expected",
        _share("expected_on_time", "expected"),
        lambda day: words.share(day["expected_on_time"], day["expected"]),
        lambda day: f"of {day['expected']:,} finished or expected",
        _points,
        more=False,
        target=_on_time("expected_on_time", "expected"),
    ),
    Figure(
        "Overdue",
        lambda day: day["overdue"],
        lambda day: f"{day['overdue']:,}",
        _overdue,
        _count,
        target=Target("target 0", lambda day: not day["overdue"]),
    ),
    Figure(
        "Cancelled",
        lambda day: day["cancelled"],
        lambda day: f"{day['cancelled']:,}",
        _of_all,
        _count,
        target=Target(
            f"at most {100 * CANCELLED_LIMIT:.0f} %", lambda day: day["cancelled"] <= CANCELLED_LIMIT * day["flights"]
        ),
    ),
    Figure("Diverted", lambda day: day["diverted"], lambda day: f"{day['diverted']:,}", _of_all, _count),
    Figure(
        "Median departure delay",
        lambda day: day["median_dep_delay_min"],
        _delayed("median_dep_delay_min"),
        _due,
        _minutes,
    ),
    Figure(
        "Nine in ten left within",
        lambda day: day["p90_dep_delay_min"],
        _delayed("p90_dep_delay_min"),
        _due,
        _minutes,
    ),
    Figure(
        "Finished",
        lambda day: day["finished"],
        lambda day: f"{day['finished']:,}",
        _waiting,
        _count,
        more=None,
    ),
)


def tiles(at: Row, earlier: Row | None) -> list[Tile]:
    """The tiles of a row of days_so_far, with their change since `earlier`."""
    return [_tile(figure, at, earlier) for figure in FIGURES]


def still(day: Row, *standings: str) -> list[str]:
    """How many flights of the day stand so, in words, for those of which there are any."""
    return [f"{day[name]:,} {name.replace('_', ' ')}" for name in standings if day[name]]


def left_out(day: Row) -> str:
    """What the figures of finished flights leave out, in words; empty where that is nothing."""
    waiting = still(day, *WAITING, "not_seen")
    return f"“On time so far” and “Finished” leave out {', '.join(waiting)}." if waiting else ""


def _tile(figure: Figure, at: Row, earlier: Row | None) -> Tile:
    value = figure.value(at)
    tile = Tile(name=figure.name, value=value, text=figure.text(at), note=figure.note(at))
    if figure.target:
        tile.target, tile.is_met = figure.target.text, figure.target.is_met(at)
    before = figure.value(earlier) if earlier else None
    if value is not None and before is not None:
        tile.change = value - before
        size = figure.form(abs(tile.change))
        is_same = size == figure.form(0)  # as it is written
        tile.change_text = "no change" if is_same else f"{'+' if tile.change > 0 else '−'}{size}"
        tile.is_worse = None if is_same or figure.more is None else (tile.change > 0) is figure.more
    return tile
