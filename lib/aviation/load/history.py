"""States to versions, versions to the table of today and to the events between them."""

from pyspark.sql import DataFrame

from aviation.columns import EVENTS, FLIGHTS
from aviation.load.fold import KEY, LEG, STATE

# The columns whose changes are events. Positions and codeshares change too often, or matter too little.
WATCHED = (
    "flight_status",
    *(f"{side}_{what}_utc" for side in ("dep", "arr") for what in ("scheduled", "estimated", "actual")),
    *(f"{side}_{what}" for side in ("dep", "arr") for what in ("delay_min", "delay_forecast_min", "terminal", "gate")),
    "arr_baggage",
    "aircraft_registration",
    "aircraft_icao24",
)


def versions(states: DataFrame) -> DataFrame:
    """The states (of `fold.fold`) at which something other than observed_at changed, each with the time it held.

    Out: KEY, STATE, first_seen_at; `known_from` ≤ t < `known_until` (null: still), the instants at which the version
    was first seen and replaced; `observed_at`, the last instant that confirmed it.
    """
    state = f"struct({', '.join(STATE)})"
    in_order = f"({LEG} order by observed_at)"
    return (
        states.selectExpr(
            "*",
            f"not ({state} <=> lag({state}) over {in_order}) as is_change",
            f"lag(observed_at) over {in_order} as seen_before",
            f"max(observed_at) over ({LEG}) as seen_last",
        )
        .where("is_change")
        .selectExpr(
            *(*KEY, *STATE, "first_seen_at"),
            f"coalesce(lead(seen_before) over {in_order}, seen_last) as observed_at",
            "observed_at as known_from",
            f"lead(observed_at) over {in_order} as known_until",
        )
    )


def latest(history: DataFrame) -> DataFrame:
    """The rows of `flights`: the version of each leg that still holds."""
    return history.where("known_until is null").select(*FLIGHTS.columns)


def events(history: DataFrame) -> DataFrame:
    """The rows of `flight_events`: one for each watched field that differs between neighbouring versions."""
    changes = ", ".join(
        f"if(before.{name} <=> {name}, null, named_struct('field', '{name}', "
        f"'from_value', cast(before.{name} as string), 'to_value', cast({name} as string)))"
        for name in WATCHED
    )
    return (
        history.selectExpr(
            *("flight_key", "flight_date", "known_from", *WATCHED),
            f"lag(struct({', '.join(WATCHED)})) over ({LEG} order by known_from) as before",
        )
        .where("before is not null")
        .selectExpr("flight_key", "flight_date", "known_from", f"inline(array_compact(array({changes})))")
        .selectExpr("*", "sha2(concat_ws('|', flight_key, field, known_from), 256) as event_id")
        .select(*EVENTS.columns)
    )
