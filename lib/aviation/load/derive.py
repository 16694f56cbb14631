"""What follows from a folded state: UTC, delays, the reconciled status, flags. Computed here, never merged."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.load.tables import HISTORY

TIMES = ("scheduled", "estimated", "actual", "estimated_runway", "actual_runway")
# The API's status lags behind its own times: a flight said to be scheduled can have left, even landed. The first rule
# that fits says what the status is; where none fits, it is what the API says.
STATUS_RULES = (
    ("flight_status_api in ('cancelled', 'diverted', 'incident')", "flight_status_api"),
    ("arr_actual_local is not null", "'landed'"),
    ("dep_actual_local is not null and flight_status_api is distinct from 'landed'", "'active'"),
    ("flight_status_api is null", "'unknown'"),
)
# An offset as `leaves.read_zone` writes it, within the ±18 hours that Java takes.
_OFFSET = "^[+-](0[0-9]|1[0-7]):[0-5][0-9]$|^[+-]18:00$"
# A condition over the derived columns for each flag that can be set.
FLAGS = {
    "arr_before_dep": "arr_scheduled_utc <= dep_scheduled_utc or arr_actual_utc <= dep_actual_utc",
    "arr_zone_from_airport": "arr_zone is null and arr_timezone is not null",
    "arr_zone_missing": "arr_timezone is null",
    "cancelled_with_actual": "flight_status = 'cancelled' and coalesce(dep_actual_local, arr_actual_local) is not null",
    "codeshare_only": "not has_operating_row",
    "dep_zone_from_airport": "dep_zone is null and dep_timezone is not null",
    "dep_zone_missing": "dep_timezone is null",
    "diverted_with_arrival": "flight_status = 'diverted' and arr_actual_local is not null",
    # `live` can belong to the aircraft's flight before; none leaves 3 hours before its schedule.
    "live_before_departure": "live_updated_utc < dep_scheduled_utc - interval 3 hours",
    "status_corrected": "flight_status is distinct from flight_status_api",
}


def derive(versions: DataFrame, airports: DataFrame, zones: DataFrame) -> DataFrame:
    """The rows of `flight_history` from versions (see `history.versions`).

    `zones` has the zone names that the JVM knows, as `zone`: a single other one would abort the whole job, so a row
    with another falls back to its airport's zone, else to no UTC. `airports` has one row an airport code, IATA or
    ICAO: `code`, `zone`, the zone a known one.
    """
    sides = ("dep", "arr")
    kept = [name for name in versions.columns if name not in ("dep_timezone", "arr_timezone")]
    flags = ", ".join(f"if({condition}, '{name}', null)" for name, condition in sorted(FLAGS.items()))
    rows = versions
    for side in sides:
        airport = airports.selectExpr("code as airport_code", f"zone as {side}_airport_zone")
        known = zones.selectExpr(f"zone as {side}_known_zone")
        rows = rows.join(F.broadcast(airport), F.expr(f"airport_code = coalesce({side}_iata, {side}_icao)"), "left")
        rows = rows.drop("airport_code").join(
            F.broadcast(known), F.expr(f"{side}_known_zone = {side}_timezone"), "left"
        )
    return (
        rows.selectExpr(*kept, *(f"{side}_airport_zone" for side in sides), *(_zone(side) for side in sides))
        .selectExpr(
            "*",
            *(f"coalesce({side}_zone, {side}_airport_zone) as {side}_timezone" for side in sides),
            f"case {_STATUS} else flight_status_api end as flight_status",
        )
        .selectExpr("*", *(_utc(side, time) for side in sides for time in TIMES))
        .selectExpr(
            "*",
            f"{_minutes('dep')} as dep_delay_min",
            f"if(flight_status = 'diverted', null, {_minutes('arr')}) as arr_delay_min",
            *(_forecast(side) for side in sides),
        )
        .selectExpr("*", f"array_compact(array({flags})) as flags")
        .select(*HISTORY.columns)
    )


_STATUS = " ".join(f"when {condition} then {status}" for condition, status in STATUS_RULES)


def _zone(side: str) -> str:
    """The row's own zone, where it is a known one or an offset."""
    return f"if({side}_timezone rlike '{_OFFSET}', {side}_timezone, {side}_known_zone) as {side}_zone"


def _utc(side: str, time: str) -> str:
    return f"convert_timezone({side}_timezone, 'UTC', {side}_{time}_local) as {side}_{time}_utc"


def _minutes(side: str) -> str:
    return f"cast(timestampdiff(MINUTE, {side}_scheduled_utc, {side}_actual_utc) as int)"


def _forecast(side: str) -> str:
    """The delay that the API gives while there is no actual time; a cancelled flight has none to come."""
    holds = f"{side}_actual_local is null and flight_status <> 'cancelled'"
    return f"if({holds}, {side}_delay_api_min, null) as {side}_delay_forecast_min"
