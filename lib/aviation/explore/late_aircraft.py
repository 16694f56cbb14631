"""Where does the delay come from: does it come with the aircraft?

A late incoming aircraft is seen where the tables have the leg that brought it (the view turn_arounds). Where they have
only departures of some airports, as in the replayed data, the legs between two departures of a tail number are not
seen. Then what can be asked is whether an aircraft that was late on its way out was late again later in the day, more
than the hour of the day alone would explain.
"""

import pandas as pd

from aviation.explore.choice import Choice
from aviation.explore.words import counted, late, share
from aviation.views.declaration import LATE_MIN

WAS_LATE, WAS_PUNCTUAL = "came late", "came on time"


def legs(chosen: Choice) -> pd.DataFrame:
    """The chosen flights that left and name their aircraft: `flight_key, aircraft_registration, hour` (scheduled
    departure, local), `dep_delay_min, leg` (1 for the tail number's first of the day, ...)."""
    return chosen.ask(
        "select flight_key, aircraft_registration, hour(dep_scheduled_local) as hour, dep_delay_min, row_number() over "
        "(partition by aircraft_registration order by coalesce(dep_actual_utc, dep_scheduled_utc), flight_key) as leg "
        f"from flights where {chosen.condition} and aircraft_registration is not null and flight_status <> 'cancelled' "
        "and dep_delay_min is not null order by aircraft_registration, leg"
    )


def pairs(chosen: Choice) -> pd.DataFrame:
    """Departures that follow another leg of the same tail number on the same day: `flight_key,
    aircraft_registration, dep_delay_min, previous_arr_delay_min` (minutes), `is_turn_around, late_incoming_min`
    (minutes; null where the leg that brought the aircraft is not in the tables), `hour, usual_delay_min` (the mean
    departure delay of all chosen flights of that hour), `group` (WAS_LATE or WAS_PUNCTUAL)."""
    pairs = chosen.ask(
        f"""with hours as (
            select hour(dep_scheduled_local) as hour, avg(dep_delay_min) as usual_delay_min
            from flights where {chosen.condition} and flight_status <> 'cancelled' group by 1
        )
        select leg.flight_key, leg.aircraft_registration, turn_arounds.dep_delay_min,
               turn_arounds.previous_arr_delay_min, turn_arounds.is_turn_around, turn_arounds.late_incoming_min,
               hours.hour, hours.usual_delay_min
        from turn_arounds
        inner join (select * from flights where {chosen.condition}) as leg on leg.flight_key = turn_arounds.flight_key
        inner join flights as previous on previous.flight_key = turn_arounds.previous_flight_key
        left join hours on hours.hour = hour(leg.dep_scheduled_local)
        where previous.flight_date = leg.flight_date
          and turn_arounds.dep_delay_min is not null and turn_arounds.previous_arr_delay_min is not null
        order by leg.flight_key"""
    )
    was_late = pairs["previous_arr_delay_min"] >= LATE_MIN
    return pairs.assign(group=was_late.map({True: WAS_LATE, False: WAS_PUNCTUAL}))


def compared(pairs: pd.DataFrame) -> pd.DataFrame:
    """`group, measure` (its departures, all flights of these hours), `minutes` (mean departure delay), `flights`."""
    means = pairs.groupby("group", as_index=False).agg(
        own=("dep_delay_min", "mean"), usual=("usual_delay_min", "mean"), flights=("flight_key", "size")
    )
    names = {"own": "these departures", "usual": "all flights of the same hours"}
    return means.rename(columns=names).melt(["group", "flights"], list(names.values()), "measure", "minutes")


def seen(chosen: Choice) -> pd.DataFrame:
    """`seen, flights`: how far back the chosen flights can be followed by tail number, in three exclusive parts."""
    return chosen.ask(
        f"""with chosen as (select * from flights where {chosen.condition})
        select case when chosen.flight_status = 'cancelled' then 'cancelled'
                    when chosen.aircraft_registration is null then 'names no aircraft'
                    when coalesce(turn_arounds.is_turn_around, false) then 'the leg that brought it is known'
                    when turn_arounds.flight_key is not null then 'only an earlier departure is known'
                    else 'first departure known of the aircraft' end as seen,
               count(*) as flights
        from chosen left join turn_arounds on turn_arounds.flight_key = chosen.flight_key
        group by 1 order by flights desc, seen"""
    )


def finding(chosen: Choice, reach: pd.DataFrame, followed: pd.DataFrame) -> str:
    """Two sentences, of `seen` and `pairs`."""
    if reach.empty:
        return chosen.nothing
    known = followed[followed["is_turn_around"].fillna(False).astype(bool)]
    if len(known):
        delay = known["dep_delay_min"].clip(lower=0).sum()
        first = (
            f"Of the delay of {counted(len(known), 'departure')} on {chosen.label} whose incoming leg is in the "
            f"tables, the late aircraft explains {share(known['late_incoming_min'].sum(), delay)}."
        )
    else:
        first = (
            f"For none of the flights on {chosen.label} is the leg that brought the aircraft in the tables, so how "
            f"much delay came with it cannot be told; {counted(len(followed), 'departure')} can be followed to an "
            "earlier departure of the same tail number that day."
        )
    return f"{first} {_persistence(followed)}"


def _persistence(followed: pd.DataFrame) -> str:
    if set(followed["group"]) != {WAS_LATE, WAS_PUNCTUAL}:
        return "There are not both late and punctual aircraft among those to be compared."
    groups = dict(iter(followed.groupby("group")))
    own, usual = (
        {name: group[column].mean() for name, group in groups.items()}
        for column in ("dep_delay_min", "usual_delay_min")
    )
    return (
        f"After a leg that ended {LATE_MIN} minutes late or more, aircraft left again {late(own[WAS_LATE])} on average "
        f"(all flights of the same hours: {late(usual[WAS_LATE])}), after a punctual one {late(own[WAS_PUNCTUAL])} "
        f"(all flights: {late(usual[WAS_PUNCTUAL])})."
    )
