"""The charts of the page, declared: a new one is one more entry in PANELS."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import altair as alt
import pandas as pd

from aviation.charts import colours, marks
from aviation.charts.themes import Theme
from aviation.dashboard import queries as asked
from aviation.views.declaration import LATE_MIN

OVER = "flights that are over"
ARRIVED_ON_TIME = (
    f"On time: of the {OVER} (landed, diverted or cancelled), those that landed less than "
    f"{LATE_MIN} minutes after schedule. Cancelled and diverted flights are not on time."
)
LEFT_ON_TIME = (
    f"On time: of the {OVER} (landed, diverted or cancelled), those that left less than "
    f"{LATE_MIN} minutes after schedule. Cancelled flights are not on time."
)
HOUR = "scheduled departure, local hour"
WEEKDAYS = dict(enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), start=1))


@dataclass(frozen=True)
class Panel:
    """A chart of the page with its heading, and its figures beneath it.

    `note` is a sentence, or makes one from the answer. `query` is one of `aviation.dashboard.queries`; `columns` are
    those of its answer that the panel shows, else all. `draw` makes the chart: a mark, called with the answer, `title`
    and `theme`.
    """

    title: str
    note: str | Callable[[pd.DataFrame], str]
    query: str
    draw: Callable[..., alt.LayerChart]
    columns: tuple[str, ...] = ()


def _cancelled(hours: pd.DataFrame) -> str:
    total = int(hours["cancelled"].sum())
    return {0: "No flight was cancelled.", 1: "1 flight was cancelled."}.get(
        total, f"{total:,} flights were cancelled."
    )


def _delays_by_hour(hours: pd.DataFrame, *, title: str, theme: Theme) -> alt.LayerChart:
    kinds = {"mean_dep_delay_min": "departure", "mean_arr_delay_min": "arrival"}
    delays = hours.rename(columns=kinds).melt("hour", list(kinds.values()), "delay", "minutes")
    return marks.lines(
        delays, x="hour", value="minutes", group="delay", x_title=HOUR, unit="mean delay, minutes", title=title,
        theme=theme,
    )  # fmt: skip


def _cancellations_by_hour(hours: pd.DataFrame, *, title: str, theme: Theme) -> alt.LayerChart:
    outcomes = ["cancelled", "operated"]
    flights = hours.melt("hour", outcomes, "outcome", "flights")
    return marks.stacked(
        flights, x="hour", value="flights", group="outcome", order=outcomes, x_title=HOUR, title=title, theme=theme
    )


def _delays_by_weekday(cells: pd.DataFrame, *, title: str, theme: Theme) -> alt.LayerChart:
    known = cells.dropna(subset=["median_dep_delay_min"])
    shades = colours.delays(max(known["median_dep_delay_min"], default=0))
    return marks.heat(
        known.assign(day=known["weekday"].map(WEEKDAYS)), x="hour", y="day", value="median_dep_delay_min", form=None,
        order=list(WEEKDAYS.values()), shades=shades, x_title=HOUR, unit="minutes", title=title, theme=theme,
    )  # fmt: skip


PANELS = (
    Panel(
        "Flights by status",
        "As last known.",
        asked.BY_STATUS,
        partial(marks.bars, label="flight_status", value="flights", colour="flight_status"),
    ),
    Panel(
        "Status through the day",
        "All days together.",
        asked.BY_HOUR_STATUS,
        partial(
            marks.stacked, x="hour", value="flights", group="flight_status", order=tuple(colours.STATUSES), x_title=HOUR
        ),
    ),
    Panel(
        "On-time performance by airline",
        f"{ARRIVED_ON_TIME} Up to {asked.MOST_AIRLINES} airlines, those with the most flights.",
        asked.BY_AIRLINE,
        partial(
            marks.bars, label="airline_name", value="on_time_share", form=".0%", zero_to=1.0, colour=colours.EARLY,
            unit=f"on time, of {OVER}",
        ),
    ),
    Panel(
        "On-time departures by airport",
        f"{LEFT_ON_TIME} Up to {asked.MOST_AIRPORTS} airports, busiest first.",
        asked.BY_AIRPORT,
        partial(
            marks.bars, label="airport", value="on_time_share", form=".0%", zero_to=1.0, unit=f"left on time, of {OVER}"
        ),
    ),
    Panel(
        "Delay by hour",
        "Mean departure delay of the flights that left, and mean arrival delay of those that arrived.",
        asked.BY_HOUR,
        _delays_by_hour,
        columns=("hour", "mean_dep_delay_min", "mean_arr_delay_min"),
    ),
    Panel(
        "Cancellations by hour",
        _cancelled,
        asked.BY_HOUR,
        _cancellations_by_hour,
        columns=("hour", "cancelled", "operated"),
    ),
    Panel(
        "Delay by hour and weekday",
        "Median departure delay, in minutes. Weekdays without flights are left out.",
        asked.BY_HOUR_WEEKDAY,
        _delays_by_weekday,
    ),
    Panel(
        "Most delayed routes",
        f"Routes with at least {asked.LEAST_ARRIVALS} arrivals.",
        asked.BY_ROUTE,
        partial(
            marks.bars, label="route", value="mean_arr_delay_min", form=".0f", colour=colours.LATE,
            unit="mean arrival delay, minutes",
        ),
    ),
)  # fmt: skip
