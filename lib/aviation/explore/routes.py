"""Which routes arrive late, and does it matter from where one leaves?"""

from dataclasses import dataclass

import pandas as pd

from aviation.errors import ParameterError
from aviation.explore.choice import Choice
from aviation.explore.words import counted, late, minutes

# As many as can be read in one chart.
SHOWN = 15


@dataclass(frozen=True)
class RouteChoice(Choice):
    """Routes with fewer arrivals are left out: their mean is that of single flights."""

    minimum_arrivals: int = 3

    def __post_init__(self):
        if self.minimum_arrivals < 1:
            raise ParameterError(f"parameter 'minimum_arrivals' must be at least 1, not {self.minimum_arrivals}")


def routes(chosen: RouteChoice) -> pd.DataFrame:
    """`route` (JFK → BOS), `dep_iata, arr_iata, flights` (that are over), `arrived, delayed, mean_arr_delay_min,
    delay_minutes` (mean x arrived, from 0 up), of the routes with enough arrivals; the latest on average first."""
    answer = chosen.ask(
        "select dep_iata, arr_iata, flights, arrived, delayed, mean_arr_delay_min from delays_by_route_day "
        f"where {chosen.condition} and dep_iata is not null and arr_iata is not null "
        f"and arrived >= {chosen.minimum_arrivals} order by mean_arr_delay_min desc, dep_iata, arr_iata"
    )
    lost = (answer["mean_arr_delay_min"] * answer["arrived"]).clip(lower=0)
    return answer.assign(route=answer["dep_iata"] + " → " + answer["arr_iata"], delay_minutes=lost)


def labelled(ranked: pd.DataFrame) -> pd.DataFrame:
    """The rows, with `said`: the mean delay and the arrivals, in words."""
    return ranked.assign(
        said=[f"{row.mean_arr_delay_min:.0f} min, {counted(row.arrived, 'arrival')}" for row in ranked.itertuples()]
    )


def destinations(ranked: pd.DataFrame) -> pd.DataFrame:
    """The rows of `routes` to destinations that are reached from several airports, with `spread` (minutes between the
    best and the worst airport); the widest spread first, SHOWN destinations at most."""
    groups = ranked.groupby("arr_iata")["mean_arr_delay_min"]
    spread = ranked.assign(
        spread=groups.transform("max") - groups.transform("min"), airports=groups.transform("size")
    ).query("airports > 1")
    spread = spread.sort_values(["spread", "arr_iata", "dep_iata"], ascending=[False, True, True], ignore_index=True)
    return spread[spread["arr_iata"].isin(spread["arr_iata"].drop_duplicates().head(SHOWN))]


def finding(chosen: RouteChoice, ranked: pd.DataFrame, choices: pd.DataFrame) -> str:
    """Two sentences, of `routes` and `destinations`."""
    enough = counted(chosen.minimum_arrivals, "arrival")
    if ranked.empty:
        return (
            f"No route had {enough} or more on {chosen.label}. Ask for routes with fewer, or load the day with "
            f"`aviation backfill --from {chosen.day} --to {chosen.day}`."
        )
    worst, best = ranked.iloc[0], ranked.iloc[-1]
    first = f"Of {counted(len(ranked), 'route')} with {enough} or more on {chosen.label}, "
    first += f"{worst['route']} arrived latest, {late(worst['mean_arr_delay_min'])} on average"
    if len(ranked) > 1:
        first += f", and {best['route']} earliest, {late(best['mean_arr_delay_min'])}"
    return f"{first}. {_choice(choices)}"


def _choice(choices: pd.DataFrame) -> str:
    if choices.empty:
        return "No destination was reached from two airports, so there was nothing to choose."
    rows = choices[choices["arr_iata"] == choices["arr_iata"].iloc[0]].sort_values("mean_arr_delay_min")
    good, bad = rows.iloc[0], rows.iloc[-1]
    return (
        f"Where one left from mattered most on the way to {good['arr_iata']}: from {good['dep_iata']} flights arrived "
        f"{late(good['mean_arr_delay_min'])} on average, from {bad['dep_iata']} {late(bad['mean_arr_delay_min'])}, "
        f"{minutes(good['spread'])} apart."
    )
