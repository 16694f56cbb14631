"""The page *Now*: the day's figures with what changed, what needs attention, and how each hour went."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup
from pydantic import BaseModel

from aviation.board import download, words
from aviation.board.asked import MomentOf, TablesOf, page
from aviation.board.moment import Moment
from aviation.board.pages.attention import Case, cases
from aviation.board.pictures import figure
from aviation.board.tables import Tables
from aviation.charts import marks
from aviation.charts.themes import PAGE
from aviation.views.declaration import LATE_MIN
from aviation.words import counted

Row = dict[str, Any]
router = APIRouter()

DELAYS_NOTE = "Of the flights that left and of the overdue ones, by what they are late at the least."
HOUR = "scheduled departure, local hour"
ON_TIME_TARGET = 0.8
"""The share of flights on time that is wanted: our own choice, about what the US airlines reach in a good year."""

DAY = "select * from days_so_far"
# Each flight of an hour once, from the worst end to the best.
OUTCOMES = ("cancelled", "diverted", "overdue", "left late", "left on time", "to come", "not seen")
HOURS = f"""
select hour(dep_scheduled_local) as hour,
       case when flight_status in ('cancelled', 'diverted') then flight_status
            when standing in ('overdue', 'to come', 'not seen') then standing
            when dep_delay_min >= {LATE_MIN} then 'left late'
            else 'left on time'
       end as outcome,
       count(*) as flights
from flights_so_far
where dep_scheduled_local is not null
group by 1, 2
order by 1, 2"""
CURVE = """
select hour(dep_scheduled_local) as hour,
       avg(dep_delay_min) as mean_dep_delay_min,
       count(dep_delay_min) as flights,
       count(*) filter (where dep_delay_is_at_least) as overdue
from flights_so_far
where dep_scheduled_local is not null
group by 1
having count(dep_delay_min) > 0
order by 1"""


class Tile(BaseModel):
    """A number of the day. `value` is null where there is none; `note` says what it is of, and the target if there is
    one; `change` how much it is above the moment that it is compared with, null where there is none."""

    name: str
    value: float | None
    text: str
    note: str
    change: float | None = None
    change_text: str = ""
    is_worse: bool | None = None


@dataclass(frozen=True)
class Figure:
    """A tile, declared: of a row of days_so_far its value, as text, and its note. `form` writes a change; `more` says
    whether more of it is worse (None: neither)."""

    name: str
    value: Callable[[Row], float | None]
    text: Callable[[Row], str]
    note: Callable[[Row], str]
    form: Callable[[float], str]
    more: bool | None = True


def _points(change: float) -> str:
    return f"{100 * change:+.1f} points"


def _count(change: float) -> str:
    return f"{change:+,.0f}"


def _minutes(change: float) -> str:
    return f"{change:+.0f} min"


def _share(part: str, whole: str) -> Callable[[Row], float | None]:
    return lambda day: day[part] / day[whole] if day[whole] else None


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


FIGURES = (
    Figure(
        "On time so far",
        _share("on_time", "finished"),
        lambda day: words.share(day["on_time"], day["finished"]),
        lambda day: f"of {day['finished']:,} that are over; target {ON_TIME_TARGET:.0%}",
        _points,
        more=False,
    ),
    Figure(
        "On time, expected",
        _share("expected_on_time", "expected"),
        lambda day: words.share(day["expected_on_time"], day["expected"]),
        lambda day: f"of {day['expected']:,} that are over or of which an arrival is expected",
        _points,
        more=False,
    ),
    Figure("Overdue", lambda day: day["overdue"], lambda day: f"{day['overdue']:,}", _overdue, _count),
    Figure("Cancelled", lambda day: day["cancelled"], lambda day: f"{day['cancelled']:,}", _of_all, _count),
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
        "Over",
        lambda day: day["finished"],
        lambda day: f"{day['finished']:,}",
        lambda day: f"of {day['flights']:,}; {day['under_way']:,} under way, {day['to_come']:,} to come",
        _count,
        more=None,
    ),
)


class HourOutcome(BaseModel):
    """How many flights of an hour (local, of the scheduled departure) had this outcome."""

    hour: int
    outcome: str
    flights: int


class HourDelay(BaseModel):
    """The mean departure delay in minutes of an hour's flights that left or are overdue; of the overdue ones, which are
    counted in `overdue`, at least that."""

    hour: int
    mean_dep_delay_min: float
    flights: int
    overdue: int


class Now(BaseModel):
    """A day as it stands at `known_at` (UTC), compared with `before`."""

    day: str
    known_at: datetime | None
    before: datetime | None
    left_out: str
    tiles: list[Tile]
    cases: list[Case]
    outcomes: list[HourOutcome]
    delays: list[HourDelay]


def now(tables: Tables, moment: Moment) -> Now:
    """The page's figures."""
    [at] = tables.records(DAY, day=moment.day, as_of=moment.as_of) or [{}]
    earlier = tables.records(DAY, day=moment.day, as_of=moment.before) if moment.before else []
    return Now(
        day=moment.day.isoformat(),
        known_at=moment.known_at,
        before=moment.before,
        left_out=_left_out(at),
        tiles=[_tile(figure, at, earlier[0] if earlier else None) for figure in FIGURES] if at else [],
        cases=cases(tables, moment),
        outcomes=[HourOutcome(**row) for row in tables.records(HOURS, day=moment.day, as_of=moment.as_of)],
        delays=[HourDelay(**row) for row in tables.records(CURVE, day=moment.day, as_of=moment.as_of)],
    )


def pictures(figures: Now) -> dict[str, Markup]:
    """The page's charts, by name."""
    outcomes = pd.DataFrame([row.model_dump() for row in figures.outcomes], columns=list(HourOutcome.model_fields))
    delays = pd.DataFrame([row.model_dump() for row in figures.delays], columns=list(HourDelay.model_fields))
    stacks = curve = None
    if len(outcomes):
        stacks = marks.stacked(
            outcomes, x="hour", value="flights", group="outcome", order=OUTCOMES, x_title=HOUR, title="", theme=PAGE
        )
    if len(delays):
        drawn = delays.assign(delay="mean")
        unit = "mean departure delay, minutes"
        curve = marks.lines(
            drawn, x="hour", value="mean_dep_delay_min", group="delay", x_title=HOUR, unit=unit, title="", theme=PAGE
        )
    return {
        "outcomes": figure(
            "What became of each hour's departures", f"Late is {LATE_MIN} minutes or more.", outcomes, stacks
        ),
        "delays": figure("Mean departure delay by hour", DELAYS_NOTE, delays, curve),
    }


def _left_out(day: Row) -> str:
    """What the figures of finished flights leave out, in words."""
    if not day or day["finished"] == day["flights"]:
        return ""
    waiting = [
        f"{day[name]:,} {name.replace('_', ' ')}"
        for name in ("under_way", "overdue", "to_come", "not_seen")
        if day[name]
    ]
    return f"On time so far leaves out {', '.join(waiting)}."


def _tile(figure: Figure, at: Row, earlier: Row | None) -> Tile:
    value = figure.value(at)
    tile = Tile(name=figure.name, value=value, text=figure.text(at), note=figure.note(at))
    before = figure.value(earlier) if earlier else None
    if value is not None and before is not None:
        tile.change = value - before
        tile.change_text = figure.form(tile.change) if tile.change else "as before"
        tile.is_worse = None if not tile.change or figure.more is None else (tile.change > 0) is figure.more
    return tile


@router.get("/", name="now", include_in_schema=False)
def now_page(request: Request, tables: TablesOf, at: MomentOf) -> HTMLResponse:
    """The page."""
    figures = now(tables, at) if at else None
    return page(request, "now", at, values={"figures": figures, **(pictures(figures) if figures else {})})


@router.get("/api/now", response_model=Now | None, responses=download.FILES)
def now_figures(tables: TablesOf, at: MomentOf, form: download.FormOf = "json") -> Now | Response | None:
    """The day's figures, what needs attention, and how each hour went; a file has what needs attention. Null before the
    first load."""
    figures = now(tables, at) if at else None
    if form == "json":
        return figures
    return download.rows(figures.cases if figures else [], Case, form, f"attention-{at.day if at else 'none'}")
