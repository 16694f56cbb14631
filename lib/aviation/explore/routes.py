"""Which routes arrive late, and does it matter which airport one leaves from?"""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from aviation.charts import marks
from aviation.errors import ParameterError
from aviation.explore.choice import Choice
from aviation.explore.show import Answer, Finding, chart
from aviation.explore.so_far import expected, left_out, waiting
from aviation.explore.words import counted, each, late, minutes

# As many as can be read in one chart.
SHOWN = 10


@dataclass(frozen=True)
class RouteChoice(Choice):
    """Routes with fewer arrivals are left out: single flights would decide their mean."""

    minimum_arrivals: int = field(kw_only=True)

    def __post_init__(self) -> None:
        if self.minimum_arrivals < 1:
            raise ParameterError(f"parameter 'minimum_arrivals' must be at least 1, not {self.minimum_arrivals}")

    @property
    def enough(self) -> str:
        """`3 arrivals`."""
        return counted(self.minimum_arrivals, "arrival")


def routes(chosen: RouteChoice) -> Answer:
    """`route` (JFK → BOS), `dep_iata, arr_iata, flights` (that are over), `arrived, delayed, mean_arr_delay_min,
    not_over` (flights), `mean_expected_min` (of all flights of which an arrival delay is known or expected),
    `delay_minutes` (mean x arrived, from 0 up), `destination` (Boston (BOS)), `named` (JFK → Boston (BOS)), of the
    routes with enough arrivals; the latest on average first."""
    means = (
        "select dep_iata, arr_iata, city_name, flights, arrived, delayed, mean_arr_delay_min, not_over, "
        "mean_expected_min from delays_by_route_day "
        "left join (select dep_airport, arr_airport, "
        "count(case when standing <> 'over' then 1 end) as not_over, "
        f"avg(arr_delay_expected_min) as mean_expected_min from flights_so_far where {chosen.condition} group by 1, 2) "
        "as so_far on dep_airport = dep_iata and arr_airport = arr_iata "
        "left join (select iata_code, max(city_name) as city_name from cities group by iata_code) as city "
        f"on city.iata_code = arr_iata where {chosen.condition} and dep_iata is not null and arr_iata is not null "
        f"and arrived >= {chosen.minimum_arrivals} order by mean_arr_delay_min desc, dep_iata, arr_iata"
    )
    rows = chosen.ask(means)
    known = rows["city_name"] + " (" + rows["arr_iata"] + ")"
    destination = known.fillna(rows["arr_iata"])
    ranked = rows.assign(
        route=rows["dep_iata"] + " → " + rows["arr_iata"],
        delay_minutes=(rows["mean_arr_delay_min"] * rows["arrived"]).clip(lower=0),
        destination=destination,
        named=rows["dep_iata"] + " → " + destination,
    ).drop(columns="city_name")
    return chart(
        means,
        ranked,
        marks.bars,
        drawn=labelled(ranked.head(SHOWN)),
        label="named",
        value="mean_arr_delay_min",
        text="in_words",
        form=".0f",
        unit="mean arrival delay, minutes",
        title="The routes that arrived latest",
        subtitle=f"{chosen.label}; at least {chosen.enough}{left_out(chosen)}",
    )


def labelled(ranked: pd.DataFrame) -> pd.DataFrame:
    """The rows, with `in_words`: the mean delay and the arrivals; where some are not over, the expected mean."""
    return ranked.assign(in_words=each(ranked, _in_words))


def _in_words(row: Any) -> str:
    words = f"{row.mean_arr_delay_min:.0f} min, {counted(row.arrived, 'arrival')}"
    if pd.isna(row.not_over) or not row.not_over:
        return words
    more = f"{words}; {row.not_over:.0f} not over"
    return more if pd.isna(row.mean_expected_min) else f"{more}, {row.mean_expected_min:.0f} min expected"


def lost(chosen: RouteChoice) -> Answer:
    """The SHOWN rows of `routes` with the most `delay_minutes`."""
    ranked = routes(chosen)
    return chart(
        ranked.sql,
        ranked.frame.nlargest(SHOWN, "delay_minutes"),
        marks.bars,
        label="named",
        value="delay_minutes",
        form=",.0f",
        unit="arrivals x mean arrival delay, minutes",
        title="The routes that lost most minutes",
        subtitle=f"{chosen.label}{left_out(chosen)}",
    )


def destinations(chosen: RouteChoice) -> Answer:
    """The rows of `routes` to destinations that are reached from several airports, with `spread` (minutes between the
    best and the worst airport); the widest spread first, SHOWN destinations at most."""
    ranked = routes(chosen)
    groups = ranked.frame.groupby("arr_iata")["mean_arr_delay_min"]
    spread = ranked.frame.assign(
        spread=groups.transform("max") - groups.transform("min"), airports=groups.transform("size")
    ).query("airports > 1")
    spread = spread.sort_values(["spread", "arr_iata", "dep_iata"], ascending=[False, True, True], ignore_index=True)
    return chart(
        ranked.sql,
        spread[spread["arr_iata"].isin(spread["arr_iata"].drop_duplicates().head(SHOWN))],
        marks.dots,
        label="destination",
        value="mean_arr_delay_min",
        group="dep_iata",
        unit="mean arrival delay, minutes",
        title="The same destination from different airports",
        subtitle=f"{chosen.label}; at least {chosen.enough}{left_out(chosen)}",
    )


def finding(chosen: RouteChoice) -> Finding:
    """Two sentences, of `routes` and `destinations`."""
    ranked = routes(chosen).frame
    if ranked.empty:
        none = f"No route had {chosen.enough} or more on {chosen.label}."
        if not chosen.flights:
            text = f"{none} {chosen.nothing.partition('. ')[2]}"
        else:
            text = f"{none} Ask for routes with fewer: the parameter is `minimum_arrivals`.{waiting(chosen)}"
        return Finding(text, text)
    named, means = ranked["named"], ranked["mean_arr_delay_min"]
    first = f"Of {counted(len(ranked), 'route')} with {chosen.enough} or more on {chosen.label}, "
    first += f"{named.iloc[0]} arrived latest, {late(means.iloc[0])} on average"
    if len(ranked) > 1:
        first += f", and {named.iloc[-1]} earliest, {late(means.iloc[-1])}"
    choice = _choice(destinations(chosen).frame)
    return Finding(f"{first}. {choice}{waiting(chosen)}{expected(chosen)}", chosen.unmatched)


def _choice(choices: pd.DataFrame) -> str:
    if choices.empty:
        return "No destination was reached from two airports, so there was nothing to choose."
    rows = choices[choices["arr_iata"] == choices["arr_iata"].iloc[0]].sort_values("mean_arr_delay_min")
    means, airports = rows["mean_arr_delay_min"], rows["dep_iata"]
    return (
        f"The airport that one left from mattered most on the way to {rows['destination'].iloc[0]}: from "
        f"{airports.iloc[0]} flights arrived {late(means.iloc[0])} on average, from {airports.iloc[-1]} "
        f"{late(means.iloc[-1])}, {minutes(rows['spread'].iloc[0])} apart."
    )
