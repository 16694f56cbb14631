"""The view of how good forecasts were, of each load and of legs so far ahead."""

from typing import NamedTuple

from aviation.views.declaration import LATE_MIN, View


class Band(NamedTuple):
    """Forecasts made from `least` to `most` minutes before the scheduled departure, both included (None: no bound)."""

    words: str
    least: int | None
    most: int | None


# The spans in which the model's quantiles are calibrated (aviation.forecast.model.AHEAD), those overdue apart.
BANDS = (
    Band("overdue", None, -1),
    Band("0 to 30 min", 0, 30),
    Band("31 to 105 min", 31, 105),
    Band("106 to 225 min", 106, 225),
    Band("beyond 225 min", 226, None),
)
HOUR_AHEAD = BANDS[2]
"""The band whose scores the alarm watches: an hour before the departure somebody can still do something."""
LEVELS = {"p10": "0.1e0", "p50": "0.5e0", "p90": "0.9e0"}

# The newest forecast of each leg, in whole minutes, as of the moment that the query is about.
NEWEST = f"""select flight_key, flight_date,
           max(made_at) as forecast_at,
           {
    ''',
           '''.join(
        f"cast(round(max_by({name}, made_at)) as bigint) as {name}" for name in ("p50", "arr_p50", "arr_p90")
    )
}
    from flight_forecasts
    group by flight_key, flight_date"""
# A leg of flights_so_far that its newest forecast still holds for.
NOT_LEFT = "standing in ('overdue', 'to come')"


def of_leg(flights: str, newest: str) -> str:
    """Which row of NEWEST is that of a row of flights_so_far, each under its alias."""
    return (
        f"{newest}.flight_key = {flights}.flight_key and {newest}.flight_date = {flights}.flight_date "
        f"and {flights}.{NOT_LEFT}"
    )


def band() -> str:
    """The band of `horizon_min`, in words."""
    cases = "".join(f" when horizon_min <= {of.most} then '{of.words}'" for of in BANDS[:-1])
    return f"cast(case{cases} else '{BANDS[-1].words}' end as varchar)"


def _pinball() -> str:
    """The mean over LEVELS of each leg's pinball loss."""
    losses = (
        f"greatest({level} * (dep_delay_min - {name}), ({level} - 1e0) * (dep_delay_min - {name}))"
        for name, level in LEVELS.items()
    )
    return f"({' + '.join(losses)}) / {len(LEVELS)}e0"


def _brier(probability: str) -> str:
    return f"avg(({probability} - is_late) * ({probability} - is_late))"


def _within(delay: str, prefix: str = "") -> str:
    return (
        f"count(*) filter (where {delay} between {prefix}p10 and {prefix}p90) * 1e0 "
        f"/ nullif(count(*) filter (where {delay} is not null), 0)"
    )


def outcomes(condition: str = "true") -> str:
    """`outcomes`: each forecast of a leg that fits the condition (on the columns of `flights`), with what became of it:
    the delays of a leg that is over, `is_late` as 1 or 0, null where it is not over, and `horizon`, its band."""
    return f"""with legs as (
    select flight_key, flight_date, dep_scheduled_local, flight_status, dep_delay_min, arr_delay_min
    from flights
    where {condition}
),
joined as (
    select f.flight_key, f.made_at, f.horizon_min, f.model, f.p10, f.p50, f.p90, f.arr_p10, f.arr_p50, f.arr_p90,
           f.p_late, f.climatology_p_late, f.reason_1, f.reason_2, f.reason_3,
           case when f.origin_late_min >= {LATE_MIN} then 1e0
                when f.origin_late_min < {LATE_MIN} then 0e0
                else f.climatology_p_late
           end as origin_p_late,
           l.dep_scheduled_local,
           l.flight_status,
           case when l.flight_status in ('landed', 'diverted') then l.dep_delay_min end as dep_delay_min,
           case when l.flight_status = 'landed' and l.dep_delay_min is not null then l.arr_delay_min
           end as arr_delay_min
    from flight_forecasts f
    join legs l on l.flight_key = f.flight_key and l.flight_date = f.flight_date
),
outcomes as (
    select flight_key, made_at, horizon_min, {band()} as horizon, model, p10, p50, p90, arr_p10, arr_p50, arr_p90,
           p_late, climatology_p_late, origin_p_late, reason_1, reason_2, reason_3, dep_scheduled_local, flight_status,
           dep_delay_min, arr_delay_min,
           case when flight_status = 'cancelled' or dep_delay_min >= {LATE_MIN} then 1e0
                when dep_delay_min < {LATE_MIN} then 0e0
           end as is_late
    from joined
)"""


def scores(by: str, condition: str = "true") -> str:
    """The measures of the forecasts of legs that fit the condition, a row for each value of the columns `by`."""
    return f"""{outcomes(condition)},
scored as (
    select {by},
           max(model) as model,
           count(is_late) as forecasts,
           count(*) - count(is_late) as not_over,
           count(dep_delay_min) as departed,
           count(*) filter (where is_late > 0e0) as late,
           avg(abs(dep_delay_min - p50)) as mae_min,
           avg({_pinball()}) as pinball_min,
           {_within("dep_delay_min")} as coverage,
           avg(abs(arr_delay_min - arr_p50)) as arr_mae_min,
           {_within("arr_delay_min", "arr_")} as arr_coverage,
           {_brier("p_late")} as brier,
           {_brier("climatology_p_late")} as climatology_brier,
           {_brier("origin_p_late")} as origin_brier
    from outcomes
    group by {by}
)
select {by},
       model,
       forecasts,
       not_over,
       departed,
       late,
       mae_min,
       pinball_min,
       coverage,
       arr_mae_min,
       arr_coverage,
       brier,
       climatology_brier,
       1e0 - brier / nullif(climatology_brier, 0e0) as climatology_skill,
       origin_brier,
       1e0 - brier / nullif(origin_brier, 0e0) as origin_skill
from scored"""


FORECAST_SCORES = View(
    name="forecast_scores",
    question="How good were each load's forecasts?",
    definition=(
        "One row a moment of forecasts (made_at) and band of horizon_min, over the forecasts whose legs are over: "
        "cancelled, or landed or diverted after a departure that is known. Minutes late are of the departure, on legs "
        f"that left; late is to leave {LATE_MIN} minutes late or later, or to be cancelled. A Brier score is the mean "
        "squared difference of a probability and what happened; a skill is the share of a baseline's score that is "
        "gone: 1 is perfect, 0 no better than the baseline. One baseline is climatology, the share late of the airline "
        "at the airport on the days that trained the model. The other is the last known delay at the airport: "
        f"certainly late where that was {LATE_MIN} minutes or more, certainly not where it was less, climatology where "
        "there was none. Both are as they were known at made_at. A row is complete once not_over is 0: until then the "
        "legs that leave late are missing. A mean over rows is weighted by forecasts or by departed, and a skill over "
        "rows made of such means of the scores."
    ),
    source=(
        "G. W. Brier, Verification of forecasts expressed in terms of probability, Monthly Weather Review 78 (1950); "
        "R. Koenker and G. Bassett, Regression quantiles, Econometrica 46 (1978), for the pinball loss. As "
        "aviation.forecast.scores has them."
    ),
    columns={
        "made_at": ("timestamp(6)", "The newest observation that the forecasts knew of, UTC."),
        "horizon": ("varchar", f"{', '.join(of.words for of in BANDS)}: how long before the scheduled departure."),
        "model": ("varchar", "Name of the model."),
        "forecasts": ("bigint", "Forecasts whose legs are over."),
        "not_over": ("bigint", "Forecasts whose legs are not over yet, or left nobody knows when: in no other figure."),
        "departed": ("bigint", "Of the forecasts, those whose legs left."),
        "late": ("bigint", f"Of the forecasts, those whose legs left {LATE_MIN} minutes late or later, or never."),
        "mae_min": ("double", "Mean absolute error of p50 on those that left, in minutes."),
        "pinball_min": ("double", "Mean pinball loss of p10, p50 and p90 on those that left, in minutes."),
        "coverage": ("double", "Share of those that left from p10 to p90, both included, 0 to 1: 0.8 is meant."),
        "arr_mae_min": ("double", "Mean absolute error of arr_p50 on those that landed, in minutes."),
        "arr_coverage": ("double", "Share of those that landed from arr_p10 to arr_p90, both included, 0 to 1."),
        "brier": ("double", "Brier score of p_late: 0 is perfect."),
        "climatology_brier": ("double", "Brier score of climatology_p_late."),
        "climatology_skill": ("double", "The forecasts' skill against it; null where it was perfect."),
        "origin_brier": ("double", "Brier score of the last known delay at the airport."),
        "origin_skill": ("double", "The forecasts' skill against it; null where it was perfect."),
    },
    sql=scores("made_at, horizon"),
)
