"""The fold as Spark's windows say it: what the fold by columns is held against."""

from pyspark.sql import DataFrame

from aviation.load.fold import KEY, SINGLE, STATE, WHOLE, WORKED_OUT

LEG = f"partition by {', '.join(KEY)}"
SLOT = "flight_date, coalesce(dep_iata, dep_icao), coalesce(arr_iata, arr_icao), dep_scheduled_local"
_UNTIL_NOW = "range between unbounded preceding and current row"
# Whether, by then, two legs had one slot and number. A leg learns of it with its next observation, so that the answer
# as of an instant never holds what came later.
_IS_SHARED = (
    "flight_number is not null and "
    f"size(collect_set(flight_key) over (partition by {SLOT}, flight_number order by observed_at {_UNTIL_NOW})) > 1"
)


def fold(observations: DataFrame) -> DataFrame:
    """The state of each leg at the instant of each of its observations.

    In: rows of `flight_observations`. Out: KEY, observed_at, STATE and first_seen_at, one row an observation;
    observations of one instant have the same state, in which all of them count.
    """
    # A range, not rows: the frame takes in every observation of its own instant.
    until_now = f"({LEG} order by observed_at {_UNTIL_NOW})"
    winners = [_winner(name, f"{name} is not null", until_now, name) for name in SINGLE]
    for name, columns in WHOLE.items():
        is_given = f"coalesce({', '.join(f'cast({column} as string)' for column in columns)}) is not null"
        winners.append(_winner(f"struct({', '.join(columns)})", is_given, until_now, name))
    parts = [f"{name}.{column}" for name, columns in WHOLE.items() for column in columns]
    # Few, wide steps: Spark analyses the whole plan again at each, which takes a tenth of a second here.
    return (
        observations.selectExpr("*", f"{_IS_SHARED} as is_shared")
        .selectExpr(
            *(*KEY, "observed_at", *winners),
            f"sort_array(collect_set(codeshare) over {until_now}) as codeshares",
            f"max(is_operating) over {until_now} as has_operating_row",
            f"max(is_shared) over {until_now} as slot_and_number_shared",
            f"min(observed_at) over {until_now} as first_seen_at",
        )
        .selectExpr(*KEY, "observed_at", *SINGLE, *parts, *WORKED_OUT, "first_seen_at")
    )


def _winner(value: str, is_given: str, window: str, name: str) -> str:
    candidate = f"if({is_given}, struct(is_operating, observed_at, {value} as value), null)"
    return f"(max({candidate}) over {window}).value as {name}"


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
