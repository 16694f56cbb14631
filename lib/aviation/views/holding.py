"""The newest forecast of each leg, as far as it still holds: SQL that the board and the alerts share."""

from aviation.views.forecasts import NOT_LEFT

SAID = (
    *("flight_key", "made_at", "horizon_min", "model", "p10", "p50", "p90", "arr_p10", "arr_p50", "arr_p90"),
    *("p_late", "p_cancelled", "reason_1", "reason_2", "reason_3"),
)
"""The columns of flight_forecasts that people are told."""


def holding(condition: str = "true") -> str:
    """A query of the columns SAID, of the legs whose key and flight_date fit the condition: none of a leg that has left
    or was cancelled since, or is late already by more than was forecast."""
    return f"""
select {", ".join(f"newest.{name}" for name in SAID)}
from (
    select {", ".join(SAID)},
           row_number() over (partition by flight_key order by made_at desc) as place
    from flight_forecasts
    where {condition}
) as newest
inner join (
    select flight_key, standing, dep_delay_min
    from flights_so_far
    where {condition}
) as standing_now on standing_now.flight_key = newest.flight_key
where newest.place = 1
    and standing_now.{NOT_LEFT}
    and not coalesce(standing_now.dep_delay_min > newest.p90, false)"""
