"""What is forecast of the day's legs: the newest of each that still holds, what was said before, and why there is none.

Forecasts are of a moment like all else. Where the tables have none yet, it says so.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel

from aviation.board.moment import Moment
from aviation.board.narrowed import literal
from aviation.board.tables import Tables
from aviation.columns import FORECASTS
from aviation.views.holding import SAID, holding

Row = dict[str, Any]

NOT_YET = "no forecast yet: the next load makes the first"
NOT_THEN = "no forecast had been made by then"
NOT_OF_IT = "no forecast was made of this flight"
OUTLASTED = "it has waited longer than the newest forecast foresaw"
EDGE = 2
"""So many hundredths of a scale stay free on either side of what it shows."""


class Forecast(BaseModel):
    """What was expected of a leg, as of `made_at` (UTC), `horizon_min` minutes before its scheduled departure: how many
    minutes late one in ten such legs leave at most (`p10`), half of them (`p50`) and nine in ten (`p90`), and arrive;
    how likely it is to leave 15 minutes late or later, or never, and to be cancelled; the heaviest reasons."""

    made_at: datetime
    horizon_min: int | None
    model: str
    p10: float
    p50: float
    p90: float
    arr_p10: float
    arr_p50: float
    arr_p90: float
    p_late: float
    p_cancelled: float
    reasons: list[str]


class Scale(NamedTuple):
    """Minutes late as hundredths of a picture's width."""

    least: float
    most: float

    def at(self, minutes: float) -> float:
        """Where it stands, between EDGE and 100 - EDGE."""
        return round(EDGE + (100 - 2 * EDGE) * (minutes - self.least) / (self.most - self.least), 2)


def of(row: Row) -> Forecast:
    """The forecast of a row that has its columns."""
    reasons = [row[name] for name in ("reason_1", "reason_2", "reason_3") if row[name]]
    return Forecast(**row | {"reasons": reasons})


def holds(tables: Tables, moment: Moment, key: str) -> Forecast | None:
    """What holds of a leg at that moment."""
    asked = f"select * from ({holding()}) as held where flight_key = {literal(key)}"
    found = tables.records(asked, day=moment.day, as_of=moment.as_of)
    return of(found[0]) if found else None


def said(tables: Tables, moment: Moment, key: str) -> list[Forecast]:
    """All that was said of a leg until that moment, the oldest first."""
    asked = f"select {', '.join(SAID)} from {FORECASTS.name} where flight_key = {literal(key)} order by made_at"
    return [of(row) for row in tables.records(asked, day=moment.day, as_of=moment.as_of)]


def never(said: list[Forecast]) -> str:
    """Why nothing is forecast of a leg that waits, in words, where the newest load forecast others."""
    return OUTLASTED if said else NOT_OF_IT


def missing(tables: Tables, moment: Moment) -> str:
    """Why the newest load until that moment made no forecast, in words; empty where it made some.

    The load's own clock does not count: what it brought says until when it knew.
    """
    if not moment.known_at:
        return ""
    if "forecasts_missing" not in tables.loaded.catalog.columns.get("loads", {}):
        return NOT_YET
    brought = "element_at(newest_observed_at, 'flights')"
    loads = tables.records(
        f"select forecasts, forecasts_missing from loads where {brought} <= timestamp '{moment.known_at}' "
        f"order by {brought} desc, finished_at desc limit 1"
    )
    if not loads:
        return NOT_THEN
    [load] = loads
    return load["forecasts_missing"] or (NOT_YET if load["forecasts"] is None else "")


def scale(minutes: Iterable[float]) -> Scale:
    """The scale on which all of these minutes, and the schedule, can be shown."""
    shown = [0.0, *minutes]
    least, most = min(shown), max(shown)
    return Scale(least, most if most > least else least + 1)
