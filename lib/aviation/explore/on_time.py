"""Who is on time: which airlines, from which airports, at which hours?"""

import pandas as pd

from aviation.explore.choice import Choice
from aviation.explore.words import counted, share, total
from aviation.views.declaration import AIRLINE, FLIGHTS_OVER, LATE_MIN

# Below this many flights a share is that of single flights.
ENOUGH = 10
# As many airlines as can be read in one chart.
SHOWN = 20
FIGURES = f"""count(*) as flights,
       count_if(flight_status = 'landed' and arr_delay_min < {LATE_MIN}) as on_time,
       count_if(flight_status = 'landed' and (arr_delay_min is null or arr_delay_min >= {LATE_MIN})) as late,
       count_if(flight_status = 'diverted') as diverted,
       count_if(flight_status = 'cancelled') as cancelled"""


def by_airline(chosen: Choice) -> pd.DataFrame:
    """`airline_icao, airline_iata, airline_name, flights, on_time, late, diverted, cancelled, airline` (the best name
    there is), `on_time_share` (0 to 1); the most punctual first.

    The rule of the view on_time_by_airline_day: of the flights that are over, those that landed less than 15 minutes
    after schedule; a landing whose delay is not known counts as late."""
    answer = chosen.ask(
        f"{FLIGHTS_OVER} select {AIRLINE}, {FIGURES} from flights_over where {chosen.condition} group by airline"
    )
    names = answer["airline_name"].fillna(answer["airline_icao"]).fillna(answer["airline_iata"]).fillna("not named")
    return _ranked(answer.assign(airline=names), ["airline"])


def labelled(airlines: pd.DataFrame) -> pd.DataFrame:
    """The SHOWN airlines of most flights, of ENOUGH at least, with `said`: the share on time and the flights."""
    largest = airlines[airlines["flights"] >= ENOUGH].nlargest(SHOWN, "flights").sort_index()
    return largest.assign(
        said=[f"{share(row.on_time, row.flights)} of {row.flights:,}" for row in largest.itertuples()]
    )


def by_airport(chosen: Choice) -> pd.DataFrame:
    """`airport` of departure, and the figures of `by_airline`; the most punctual first."""
    return _grouped(chosen, "coalesce(dep_airport, 'not named') as airport", "1")


def by_airline_airport(chosen: Choice) -> pd.DataFrame:
    """`airline` (its name, else code), `airport` of departure and the figures, of pairs with ENOUGH flights or more."""
    pairs = _grouped(
        chosen,
        "coalesce(max(airline_name), airline, 'not named') as airline, coalesce(dep_airport, 'not named') as airport",
        f"airline, dep_airport having count(*) >= {ENOUGH}",
    )
    return pairs[pairs["airline"].isin(pairs.groupby("airline")["flights"].sum().nlargest(SHOWN).index)]


def by_airport_hour(chosen: Choice) -> pd.DataFrame:
    """`airport` of departure, `hour` (0 to 23, scheduled departure, local) and the figures."""
    return _grouped(
        chosen,
        "coalesce(dep_airport, 'not named') as airport, hour(dep_scheduled_local) as hour",
        "1, 2 having hour(dep_scheduled_local) is not null",
    )


def _grouped(chosen: Choice, keys: str, group: str) -> pd.DataFrame:
    answer = chosen.ask(
        f"{FLIGHTS_OVER} select {keys}, {FIGURES} from flights_over where {chosen.condition} group by {group}"
    )
    return _ranked(answer, [name for name in ("airline", "airport", "hour") if name in answer])


def _ranked(answer: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    ranked = answer.assign(on_time_share=answer["on_time"] / answer["flights"])
    return ranked.sort_values(["on_time_share", *keys], ascending=[False] + [True] * len(keys), ignore_index=True)


def finding(chosen: Choice, airlines: pd.DataFrame, airports: pd.DataFrame) -> str:
    """Two sentences, of `by_airline` and `by_airport`."""
    flights, on_time = total(airlines, "flights"), total(airlines, "on_time")
    if not flights:
        return chosen.nothing
    spread = f"{_spread(airlines, 'airline', 'airlines')}, and {_spread(airports, 'airport', 'airports of departure')}"
    return (
        f"Of {counted(flights, 'finished flight')} on {chosen.label}, {on_time:,} ({share(on_time, flights)}) "
        f"landed less than {LATE_MIN} minutes after schedule. "
        f"{spread[0].upper()}{spread[1:]}."
    )


def _spread(ranked: pd.DataFrame, name: str, names: str) -> str:
    """The best and the worst of those with enough flights."""
    known = ranked[ranked["flights"] >= ENOUGH]
    if len(known) < 2:
        return f"{'only one' if len(known) else 'not one'} of the {names} has {ENOUGH} flights or more"
    best, worst = known.iloc[0], known.iloc[-1]
    return (
        f"{best[name]} was the most punctual of the {names} with {ENOUGH} flights or more "
        f"({best['on_time_share']:.0%} on time) and {worst[name]} the least ({worst['on_time_share']:.0%})"
    ).replace("%", " %")
