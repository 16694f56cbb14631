"""Who is on time: which airlines, from which airports, at which hours?"""

from typing import Any

import pandas as pd

from aviation.charts import marks
from aviation.explore.choice import Choice
from aviation.explore.show import Answer, Finding, chart
from aviation.explore.so_far import FIGURES as SO_FAR
from aviation.explore.so_far import expected, left_out, waiting
from aviation.explore.words import counted, each, share, total
from aviation.views.declaration import AIRLINE, FLIGHTS_OVER, LATE_MIN

# With fewer flights, single ones decide the share.
ENOUGH = 10
# As many airlines as can be read in one chart.
SHOWN = 20
# Counts by `case`: of nothing but nulls, DuckDB's count_if is null.
FIGURES = f"""count(*) as flights,
       count(case when flight_status = 'landed' and arr_delay_min < {LATE_MIN} then 1 end) as on_time,
       count(case when flight_status = 'landed' and (arr_delay_min is null or arr_delay_min >= {LATE_MIN})
                  then 1 end) as late,
       count(case when flight_status = 'diverted' then 1 end) as diverted,
       count(case when flight_status = 'cancelled' then 1 end) as cancelled"""
SHARES: dict[str, Any] = {"value": "on_time_share", "form": ".0%"}


def by_airline(chosen: Choice) -> Answer:
    """`airline_icao, airline_iata, airline_name, flights, on_time, late, diverted, cancelled, airline` (the best name
    there is), `on_time_share` (0 to 1); the most punctual first.

    The rule of the view on_time_by_airline_day: of the flights that are over, those that landed less than 15 minutes
    after schedule; a landing whose delay is not known counts as late."""
    figures = f"{FLIGHTS_OVER} select {AIRLINE}, {FIGURES} from flights_over where {chosen.condition} group by airline"
    rows = chosen.ask(figures)
    names = rows["airline_name"].fillna(rows["airline_icao"]).fillna(rows["airline_iata"]).fillna("not named")
    ranked = _ranked(rows.assign(airline=names), ["airline"])
    return chart(
        figures,
        ranked,
        marks.bars,
        drawn=labelled(ranked),
        label="airline",
        text="in_words",
        zero_to=1.0,
        unit="share of flights that landed on time",
        title="Who landed on time",
        subtitle=f"{chosen.label}; airlines with at least {ENOUGH} flights{left_out(chosen)}",
        **SHARES,
    )


def labelled(airlines: pd.DataFrame) -> pd.DataFrame:
    """The SHOWN airlines of most flights, of ENOUGH at least, with `in_words`: the share on time and the flights."""
    largest = airlines[airlines["flights"] >= ENOUGH].nlargest(SHOWN, "flights").sort_index()
    return largest.assign(in_words=each(largest, lambda row: f"{share(row.on_time, row.flights)} of {row.flights:,}"))


def by_airport(chosen: Choice) -> Answer:
    """`airport` of departure, and the figures of `by_airline`; the most punctual first."""
    figures = _grouped(chosen, "coalesce(dep_airport, 'not named') as airport", "1")
    return Answer(_ranked(chosen.ask(figures), ["airport"]), figures)


def by_airline_airport(chosen: Choice) -> Answer:
    """`airline` (its name, else code), `airport` of departure and the figures, of pairs with ENOUGH flights or more."""
    figures = _grouped(
        chosen,
        "coalesce(max(airline_name), airline, 'not named') as airline, coalesce(dep_airport, 'not named') as airport",
        f"airline, dep_airport having count(*) >= {ENOUGH}",
    )
    pairs = _ranked(chosen.ask(figures), ["airline", "airport"])
    return chart(
        figures,
        pairs[pairs["airline"].isin(pairs.groupby("airline")["flights"].sum().nlargest(SHOWN).index)],
        marks.heat,
        x="airport",
        x_title="airport of departure",
        y="airline",
        unit="on time",
        title="Share on time by airline and airport of departure",
        subtitle=f"{chosen.label}; at least {ENOUGH} flights{left_out(chosen)}",
        **SHARES,
    )


def by_airport_hour(chosen: Choice) -> Answer:
    """`airport` of departure, `hour` (0 to 23, scheduled departure, local) and the figures."""
    figures = _grouped(
        chosen,
        "coalesce(dep_airport, 'not named') as airport, hour(dep_scheduled_local) as hour",
        "1, 2 having hour(dep_scheduled_local) is not null",
    )
    return chart(
        figures,
        _ranked(chosen.ask(figures), ["airport", "hour"]),
        marks.heat,
        x="hour",
        x_title="scheduled departure, local hour",
        y="airport",
        unit="on time",
        title="Share on time by airport and hour of departure",
        subtitle=f"{chosen.label}{left_out(chosen)}",
        **SHARES,
    )


def so_far(chosen: Choice) -> Answer:
    """`airline` (its name, else code), `finished, on_time, on_time_share` of these; `under_way, overdue,
    worst_overdue_min` (at least), `to_come, not_seen`, which those figures leave out; `expected` (all of which an
    arrival is known or expected), `expected_on_time, expected_share`; shares are 0 to 1. The largest airlines first."""
    counts = (
        f"select coalesce(max(airline_name), airline, 'not named') as airline, {SO_FAR} from flights_so_far "
        f"where {chosen.condition} group by flights_so_far.airline order by count(*) desc, 1"
    )
    rows = chosen.ask(counts)
    shares = rows.assign(
        on_time_share=rows["on_time"] / rows["finished"].where(rows["finished"] > 0),
        expected_share=rows["expected_on_time"] / rows["expected"].where(rows["expected"] > 0),
    )
    return Answer(shares, counts)


def _grouped(chosen: Choice, keys: str, group: str) -> str:
    return f"{FLIGHTS_OVER} select {keys}, {FIGURES} from flights_over where {chosen.condition} group by {group}"


def _ranked(answer: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    ranked = answer.assign(on_time_share=answer["on_time"] / answer["flights"])
    return ranked.sort_values(["on_time_share", *keys], ascending=[False] + [True] * len(keys), ignore_index=True)


def finding(chosen: Choice) -> Finding:
    """Two sentences, of `by_airline` and `by_airport`."""
    airlines, airports = by_airline(chosen).frame, by_airport(chosen).frame
    flights, on_time = total(airlines, "flights"), total(airlines, "on_time")
    if not chosen.flights:
        return Finding(chosen.nothing, chosen.nothing)
    if not flights:
        none = f"No flight of {chosen.label} is over yet. So none can be on time or late."
        none += f"{waiting(chosen)}{expected(chosen)}"
        return Finding(none, none)
    spread = f"{_spread(airlines, 'airline', 'airlines')}, and {_spread(airports, 'airport', 'airports of departure')}"
    return Finding(
        f"Of {counted(flights, 'finished flight')} on {chosen.label}, {on_time:,} ({share(on_time, flights)}) "
        f"landed less than {LATE_MIN} minutes after schedule. "
        f"{spread[0].upper()}{spread[1:]}.{waiting(chosen)}{expected(chosen)}",
        chosen.unmatched,
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
