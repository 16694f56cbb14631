"""How each hour of departures went: what became of its flights, and how late they leave."""

from collections.abc import Sequence
from dataclasses import replace

import altair as alt
import pandas as pd
from markupsafe import Markup
from pydantic import BaseModel

from aviation.board.moment import Moment
from aviation.board.once import Once
from aviation.board.pictures import PHONE, figure
from aviation.board.tables import Tables
from aviation.charts import colours, marks
from aviation.charts.themes import Theme
from aviation.views.declaration import LATE_MIN

HOUR, LEFT = "scheduled departure, local hour", "departure, local hour"
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
# By the hour in which a flight left, and of those that wait the newest: by the hour of the schedule the curve would
# fall in a storm, as the flights of the newest hours have not had the time to be late. After midnight it is 24, 25 ...
CURVE = """
select date_diff('hour', cast(flight_date as timestamp),
                 date_trunc('hour', date_add('minute', dep_delay_min, dep_scheduled_local))) as hour,
       avg(dep_delay_min) as at_least_so_far_min,
       avg(dep_delay_expected_min) as expected_min,
       count(*) as flights,
       count(*) filter (where dep_delay_is_at_least) as overdue
from flights_so_far
where dep_delay_min is not null and dep_scheduled_local is not null
group by 1
order by 1"""
# A chart takes a tenth of a second: whoever looks at the same figures gets the same one.
_DRAWN: Once[Markup] = Once(most=200)
MEASURES = {"at_least_so_far_min": "at least so far", "expected_min": "expected"}
OUTCOMES_TITLE = "What became of each hour's departures"
DELAYS_TITLE = "Mean departure delay by the hour of departure"
FEWEST_HOURS = 8
"""An axis has room for so many columns: that of a single hour would be as wide as the chart."""
OUTCOMES_NOTE = (
    f"Late: {LATE_MIN} minutes or more. Overdue: its time has passed and it has not left. "
    "Not seen: the newest poll did not have it."
)


class HourOutcome(BaseModel):
    """How many flights of an hour (local, of the scheduled departure) had this outcome."""

    hour: int
    outcome: str
    flights: int


class HourDelay(BaseModel):
    """Mean departure delays in minutes of the flights that left in an hour (local, from midnight of the flight date: 24
    and more on the day after) or are overdue in it, the newest. Of the overdue ones, which are counted in `overdue`, at
    least that."""

    hour: int
    at_least_so_far_min: float
    expected_min: float
    flights: int
    overdue: int


def outcomes(tables: Tables, moment: Moment) -> list[HourOutcome]:
    """What became of each hour's departures."""
    return [HourOutcome(**row) for row in tables.records(HOURS, day=moment.day, as_of=moment.as_of)]


def delays(tables: Tables, moment: Moment) -> list[HourDelay]:
    """How late flights are when they leave, by the hour in which they do."""
    return [HourDelay(**row) for row in tables.records(CURVE, day=moment.day, as_of=moment.as_of)]


def outcomes_chart(rows: list[HourOutcome], theme: Theme = PHONE, title: str = "") -> alt.LayerChart:
    """Columns of an hour's flights by what became of them: of at least one row."""
    frame = pd.DataFrame([row.model_dump() for row in rows])
    first, last = min(row.hour for row in rows), max(row.hour for row in rows)
    before = max(0, FEWEST_HOURS - (last - first + 1)) // 2
    start = min(first, max(0, min(first - before, 24 - FEWEST_HOURS)))
    return marks.stacked(
        frame,
        x="hour",
        value="flights",
        group="outcome",
        order=OUTCOMES,
        x_title=HOUR,
        across=range(start, max(last + 1, start + FEWEST_HOURS)),
        title=title,
        theme=theme,
    )


def drawn_outcomes(rows: list[HourOutcome]) -> Markup:
    """Columns of an hour's flights by what became of them."""
    return _DRAWN.get(("outcomes", _key(rows)), lambda: _draw_outcomes(rows))


def drawn_delays(rows: list[HourDelay]) -> Markup:
    """Two curves, with the hour in which flights wait behind a shade."""
    return _DRAWN.get(("delays", _key(rows)), lambda: _draw_delays(rows))


def _key(rows: Sequence[BaseModel]) -> tuple[str, ...]:
    return tuple(row.model_dump_json() for row in rows)


def _draw_outcomes(rows: list[HourOutcome]) -> Markup:
    frame = pd.DataFrame([row.model_dump() for row in rows], columns=list(HourOutcome.model_fields))
    table = frame.pivot(index="hour", columns="outcome", values="flights").fillna(0).astype(int)
    shown = [outcome for outcome in OUTCOMES if outcome in table]
    chart = outcomes_chart(rows) if rows else None
    return figure(OUTCOMES_TITLE, OUTCOMES_NOTE, table[shown].reset_index(), chart)


def _draw_delays(rows: list[HourDelay]) -> Markup:
    frame = pd.DataFrame([row.model_dump() for row in rows], columns=list(HourDelay.model_fields))
    named = replace(PHONE, width=235, config=PHONE.config | {"padding": PHONE.config["padding"] | {"right": 36}})
    chart = delays_chart(rows, named) if rows else None
    return figure(DELAYS_TITLE, delays_note(rows), frame.assign(hour=frame["hour"].map(_of_the_day)), chart)


def _of_the_day(hour: int) -> str:
    return f"{hour - 24} on the day after" if hour >= 24 else str(hour)


def delays_chart(rows: list[HourDelay], theme: Theme, title: str = "") -> alt.LayerChart:
    """Two curves, with the hours in progress behind a shade: of at least one row."""
    frame = pd.DataFrame([row.model_dump() for row in rows])
    long = frame.melt("hour", list(MEASURES), "measure", "minutes")
    long["measure"] = long["measure"].map(MEASURES)
    chart = marks.lines(
        long,
        x="hour",
        value="minutes",
        group="measure",
        x_title=LEFT,
        unit="minutes late, mean",
        x_labels="(datum.value + 24) % 24",  # a clock's hours, past midnight too
        title=title,
        theme=theme,
    )
    waiting = frame[frame["overdue"] > 0]["hour"]
    if len(waiting):
        edges = pd.DataFrame({"from": waiting - 0.5, "until": waiting + 0.5})
        across = alt.X("from:Q", scale=alt.Scale(zero=False, nice=False))
        band = alt.Chart(edges).mark_rect(color=colours.GREY, opacity=0.25).encode(x=across, x2="until:Q")
        chart.layer = [band, *chart.layer]
    return chart


def delays_note(rows: list[HourDelay]) -> str:
    """What the curves are of, and what the shade says."""
    note = "Of the flights that left in that hour."
    if not (overdue := sum(row.overdue for row in rows)):
        return note
    return f"{note} Shaded: with {overdue:,} overdue, which count by what they are late at the least."
