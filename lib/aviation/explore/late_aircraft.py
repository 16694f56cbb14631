"""Where does the delay come from: does it come with the aircraft?

A late incoming aircraft is seen where the tables have the leg that brought it (the view turn_arounds). Where they have
only departures of some airports, as in the replayed data, the legs between two departures of a tail number are not
seen. Then what can be asked is whether an aircraft that was late on its way out was late again later in the day, more
than the hour of the day alone would explain.
"""

import pandas as pd

from aviation.charts import marks
from aviation.explore.choice import Choice
from aviation.explore.show import Answer, Finding, chart
from aviation.explore.so_far import left_out, waiting
from aviation.explore.words import counted, late, share
from aviation.views.declaration import LATE_MIN

WAS_LATE, WAS_PUNCTUAL = "came late", "came on time"
BROUGHT_IT, AN_EARLIER_ONE = "the leg that brought it is known", "only an earlier departure is known"
# What `seen` calls the departures that `pairs` follows.
FOLLOWED = [BROUGHT_IT, AN_EARLIER_ONE]
# Whether the delays of both legs are known, so that they can be compared.
COMPARABLE = "turn_arounds.dep_delay_min is not null and turn_arounds.previous_arr_delay_min is not null"


def seen(chosen: Choice) -> Answer:
    """`seen, flights`: how far back the chosen flights can be followed by tail number, in exclusive parts. Those whose
    earlier leg of the day is known, with both delays, are the rows of `pairs`."""
    reach = f"""with chosen as (select * from flights where {chosen.condition})
        select case when chosen.flight_status = 'cancelled' then 'cancelled'
                    when chosen.aircraft_registration is null then 'names no aircraft'
                    when previous.flight_key is null then 'first departure known of the aircraft'
                    when not ({COMPARABLE}) then 'an earlier departure, but not both delays'
                    when turn_arounds.is_turn_around then '{BROUGHT_IT}'
                    else '{AN_EARLIER_ONE}' end as seen,
               count(*) as flights
        from chosen left join turn_arounds on turn_arounds.flight_key = chosen.flight_key
        left join flights as previous on previous.flight_key = turn_arounds.previous_flight_key
                                     and previous.flight_date = chosen.flight_date
        group by 1 order by flights desc, seen"""
    return chart(
        reach,
        chosen.ask(reach),
        marks.bars,
        label="seen",
        value="flights",
        title="What the tables know of where the aircraft came from",
        subtitle=chosen.label,
    )


def pairs(chosen: Choice) -> Answer:
    """Departures that follow another leg of the same tail number on the same day: `flight_key,
    aircraft_registration, dep_delay_min, previous_arr_delay_min` (minutes), `is_turn_around, late_incoming_min`
    (minutes; null where the leg that brought the aircraft is not in the tables), `hour, usual_delay_min` (the mean
    departure delay of all chosen flights of that hour), `group` (WAS_LATE or WAS_PUNCTUAL)."""
    legs = f"""with hours as (
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
        where previous.flight_date = leg.flight_date and leg.flight_status is distinct from 'cancelled'
          and leg.aircraft_registration is not null and {COMPARABLE}
        order by leg.flight_key"""
    rows = chosen.ask(legs)
    was_late = rows["previous_arr_delay_min"] >= LATE_MIN
    return chart(
        legs,
        rows.assign(group=was_late.map({True: WAS_LATE, False: WAS_PUNCTUAL})),
        marks.scatter,
        x="previous_arr_delay_min",
        x_title="arrival delay of the leg before, minutes",
        y="dep_delay_min",
        y_title="departure delay of the next leg, minutes",
        title="An aircraft's delay, and its delay later that day",
        subtitle=f"{chosen.label}; {counted(len(rows), 'departure')} of a tail number seen before{left_out(chosen)}",
    )


def compared(chosen: Choice) -> Answer:
    """`group, measure` (its departures, all flights of these hours), `minutes` (mean departure delay), `flights`."""
    followed = pairs(chosen)
    means = followed.frame.groupby("group", as_index=False).agg(
        own=("dep_delay_min", "mean"), usual=("usual_delay_min", "mean"), flights=("flight_key", "size")
    )
    names = {"own": "these departures", "usual": "all flights of the same hours"}
    return chart(
        followed.sql,
        means.rename(columns=names).melt(["group", "flights"], list(names.values()), "measure", "minutes"),
        marks.grouped,
        label="group",
        group="measure",
        value="minutes",
        unit="mean departure delay, minutes",
        title="Next departures of late and of punctual aircraft",
        subtitle=f"{chosen.label}; late is {LATE_MIN} minutes or more{left_out(chosen)}",
    )


def finding(chosen: Choice) -> Finding:
    """Two sentences, of `pairs`: what can be answered first."""
    if not chosen.flights:
        return Finding(chosen.nothing, chosen.nothing)
    followed = pairs(chosen).frame
    known = followed[followed["is_turn_around"].fillna(False).astype(bool)]
    where = f"{counted(len(followed), 'departure')} can be followed to an earlier departure of the same tail number"
    unknown = "is the leg that brought the aircraft in the tables, so how much delay came in with it cannot be told"
    comparison = _persistence(followed)
    if len(known):
        delay = known["dep_delay_min"].clip(lower=0).sum()
        text = (
            f"Of the delay of {counted(len(known), 'departure')} on {chosen.label} whose incoming leg is in the "
            f"tables, the late aircraft explains {share(known['late_incoming_min'].sum(), delay)}. "
            f"{comparison}"
        )
    elif set(followed["group"]) == {WAS_LATE, WAS_PUNCTUAL}:
        text = f"{where} on {chosen.label}: {comparison[0].lower()}{comparison[1:]} For none of the flights {unknown}."
    else:
        text = f"For none of the flights on {chosen.label} {unknown}; {where}. {comparison}"
    return Finding(f"{text}{waiting(chosen)}", chosen.unmatched)


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
