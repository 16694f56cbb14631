"""How did the day go, hour by hour?"""

import pandas as pd

from aviation.charts import marks
from aviation.explore.choice import Choice
from aviation.explore.show import Answer, Finding, chart
from aviation.explore.so_far import bound
from aviation.explore.words import counted, hour, late, listed, share
from aviation.views.declaration import LATE_MIN, delay_figures

OUTCOMES = ("left on time", "left late", "diverted", "cancelled", "overdue", "to come", "not seen")
OUTCOME = f"""case when flight_status in ('cancelled', 'diverted') then flight_status
            when standing in ('overdue', 'to come', 'not seen') then standing
            when dep_delay_min >= {LATE_MIN} then 'left late'
            else 'left on time' end"""
# Below this many departures an hour's mean is that of single flights.
ENOUGH = 5


HOURS = "scheduled departure, local hour"


def outcomes(chosen: Choice) -> Answer:
    """`hour` (0 to 23, of the scheduled departure, local; null where not known), `outcome` (one of OUTCOMES),
    `flights`. A flight is in one row; late is 15 minutes or more, overdue past its schedule and not gone."""
    ends = (
        f"select hour(dep_scheduled_local) as hour, {OUTCOME} as outcome, count(*) as flights from flights_so_far "
        f"where {chosen.condition} group by 1, 2 order by 1, 2"
    )
    rows = chosen.ask(ends)
    return chart(
        ends,
        rows,
        marks.stacked,
        drawn=rows.dropna(subset="hour"),
        x="hour",
        x_title=HOURS,
        value="flights",
        group="outcome",
        order=OUTCOMES,
        title="What became of each hour's departures",
        subtitle=f"{chosen.label}; late is {LATE_MIN} minutes or more",
    )


def delays(chosen: Choice) -> Answer:
    """`hour, flights` (those that left or are overdue), and `mean_`, `median_` and `p90_dep_delay_min` in minutes, in
    which an overdue flight counts as late as it is at the least."""
    figures = (
        f"select hour(dep_scheduled_local) as hour, count(*) as flights, {delay_figures('dep_delay_min')} "
        f"from flights_so_far where {chosen.condition} and dep_delay_min is not null "
        "and dep_scheduled_local is not null group by 1 order by 1"
    )
    rows = chosen.ask(figures)
    return chart(
        figures,
        rows,
        marks.lines,
        drawn=measures(rows),
        x="hour",
        x_title=HOURS,
        value="minutes",
        group="measure",
        unit="departure delay, minutes",
        title="How late flights left, by the hour of their schedule",
        subtitle=f"{chosen.label}{bound(chosen)}",
    )


def measures(by_hour: pd.DataFrame) -> pd.DataFrame:
    """`hour, measure` (median, mean, nine in ten), `minutes`: of `delays`, one row a figure."""
    names = {"p90_dep_delay_min": "nine in ten left by", "mean_dep_delay_min": "mean", "median_dep_delay_min": "median"}
    return by_hour.rename(columns=names).melt("hour", list(names.values()), "measure", "minutes")


def delays_by_airport(chosen: Choice) -> Answer:
    """`hour, airport, mean_dep_delay_min` of hours in which at least ENOUGH flights left the airport or are overdue
    there, which count as late as they are at the least."""
    means = (
        "select hour(dep_scheduled_local) as hour, dep_airport as airport, "
        f"avg(dep_delay_min) as mean_dep_delay_min from flights_so_far where {chosen.condition} "
        "and dep_scheduled_local is not null group by 1, 2 "
        f"having count(dep_delay_min) >= {ENOUGH} order by 1, 2"
    )
    return chart(
        means,
        chosen.ask(means),
        marks.lines,
        x="hour",
        x_title=HOURS,
        value="mean_dep_delay_min",
        group="airport",
        unit="mean departure delay, minutes",
        title="How late flights left, by airport",
        subtitle=f"{chosen.label}; hours in which at least {ENOUGH} flights left or are overdue{bound(chosen)}",
    )


def finding(chosen: Choice) -> Finding:
    """Two sentences, of `outcomes` and `delays`."""
    flights = chosen.flights
    if not flights:
        return Finding(chosen.nothing, chosen.nothing)
    counts = outcomes(chosen).frame.groupby("outcome")["flights"].sum()
    parts = [f"{counts[name]:,} ({share(counts[name], flights)}) {name}" for name in OUTCOMES if name in counts]
    lost = "" if {"cancelled", "diverted"} & set(counts.index) else "; none was cancelled or diverted"
    return Finding(
        f"Of {counted(flights, 'flight')} on {chosen.label}, {listed(parts)}{lost}. {_turn(delays(chosen).frame)}",
        chosen.unmatched,
    )


def _turn(by_hour: pd.DataFrame) -> str:
    """When the day turned, and its worst hour."""
    busy = by_hour[by_hour["flights"] >= ENOUGH]
    if busy.empty:
        return f"No hour had {ENOUGH} departures, too few to tell a good hour from a bad one."
    worst = busy.nlargest(1, "mean_dep_delay_min")
    mean = late(worst["mean_dep_delay_min"].iloc[0])
    peak = f"the hour from {hour(worst['hour'].iloc[0])} was worst, {mean} on average"
    turned = busy[busy["median_dep_delay_min"] >= LATE_MIN]
    if turned.empty:
        return f"In no hour did half of the flights leave {LATE_MIN} minutes late or more; {peak}."
    return (
        f"The hour from {hour(turned['hour'].iloc[0])} was the first in which half of the flights left {LATE_MIN} "
        f"minutes late or more; {peak}."
    )
