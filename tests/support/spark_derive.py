"""What follows from versions as Spark's SQL says it: what `aviation.load.derive` and `history` are held against."""

from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.columns import EVENTS, FLIGHTS, HISTORY, OBSERVATIONS
from aviation.load.history import WATCHED
from aviation.zones import airport_zones

TIMES = ("scheduled", "estimated", "actual", "estimated_runway", "actual_runway")
STATUS_RULES = (
    ("flight_status_api in ('cancelled', 'diverted', 'incident')", "flight_status_api"),
    ("arr_actual_local is not null", "'landed'"),
    ("dep_actual_local is not null and flight_status_api is distinct from 'landed'", "'active'"),
    ("flight_status_api is null", "'unknown'"),
)
# An offset as `leaves.read_zone` writes it, within the ±18 hours that Java takes.
_OFFSET = "^[+-](0[0-9]|1[0-7]):[0-5][0-9]$|^[+-]18:00$"
SIDES = ("dep", "arr")
LEG = "partition by flight_key, identity, flight_date"
POSITION = [column.name for column in OBSERVATIONS.block("live")]
# No flight leaves an hour before its time: a position older than that is of the flight that the aircraft made before.
# Where the departure has no UTC, its date begins somewhere on earth 14 hours before it does in UTC.
_OLD_POSITION = (
    "live_updated_utc < coalesce(dep_actual_utc, dep_scheduled_utc, "
    "cast(flight_date as timestamp_ntz) - interval 14 hours) - interval 1 hour"
)


def _any_time(condition: str) -> str:
    """Whether the condition, over `zone`, `utc` and `local`, holds for any time of the leg."""
    times = [(f"{side}_timezone", f"{side}_{time}") for side in SIDES for time in ("scheduled", "estimated", "actual")]
    return " or ".join(condition.format(zone=zone, utc=f"{time}_utc", local=f"{time}_local") for zone, time in times)


FLAGS = {
    "arr_before_dep": "arr_scheduled_utc <= dep_scheduled_utc or arr_actual_utc <= dep_actual_utc",
    "arr_zone_from_airport": "arr_zone is null and arr_timezone is not null",
    "arr_zone_missing": "arr_timezone is null",
    "cancelled_with_actual": (
        "flight_status = 'cancelled' and coalesce(dep_actual_local, arr_actual_local) is not null"
    ),
    "codeshare_only": "not has_operating_row",
    "dep_zone_from_airport": "dep_zone is null and dep_timezone is not null",
    "dep_zone_missing": "dep_timezone is null",
    "diverted_with_arrival": "flight_status = 'diverted' and arr_actual_local is not null",
    "live_of_earlier_flight": "live_is_old",
    "local_time_repeated": _any_time(
        "{local} in (convert_timezone('UTC', {zone}, {utc} + interval 1 hour), "
        "convert_timezone('UTC', {zone}, {utc} + interval 30 minutes))"
    ),
    "local_time_skipped": _any_time("convert_timezone('UTC', {zone}, {utc}) <> {local}"),
    "slot_and_number_shared": "slot_and_number_shared",
    "status_corrected": "flight_status is distinct from flight_status_api",
}


def derive(versions: DataFrame, airports: DataFrame, zones: DataFrame) -> DataFrame:
    """The rows of `flight_history` from versions (see `history.versions`).

    `zones` has the zone names that the JVM knows, as `zone`: a single other one would abort the whole job, so a row
    with another falls back to its airport's zone, else to no UTC. `airports` has one row an airport code, IATA or
    ICAO: `code`, `zone`, the zone a known one.
    """
    kept = [name for name in versions.columns if name not in ("dep_timezone", "arr_timezone")]
    flags = ", ".join(f"if({condition}, '{name}', null)" for name, condition in sorted(FLAGS.items()))
    rows = versions
    for side in SIDES:
        airport = airports.selectExpr("code as airport_code", f"zone as {side}_airport_zone")
        known = zones.selectExpr(f"zone as {side}_known_zone")
        rows = rows.join(F.broadcast(airport), F.expr(f"airport_code = coalesce({side}_iata, {side}_icao)"), "left")
        rows = rows.drop("airport_code").join(
            F.broadcast(known), F.expr(f"{side}_known_zone = {side}_timezone"), "left"
        )
    return (
        rows.selectExpr(*kept, *(f"{side}_airport_zone" for side in SIDES), *(_zone(side) for side in SIDES))
        .selectExpr(
            "*",
            *(f"coalesce({side}_zone, {side}_airport_zone) as {side}_timezone" for side in SIDES),
            f"case {_STATUS} else flight_status_api end as flight_status",
        )
        .selectExpr("*", *(_utc(side, time) for side in SIDES for time in TIMES))
        .selectExpr(
            "*",
            f"{_minutes('dep')} as dep_delay_min",
            f"if(flight_status = 'diverted', null, {_minutes('arr')}) as arr_delay_min",
            *(_forecast(side) for side in SIDES),
            f"coalesce({_OLD_POSITION}, false) as live_is_old",
        )
        .selectExpr("*", f"array_compact(array({flags})) as flags")
        .selectExpr(*(_left_out_if_old(name) if name in POSITION else name for name in HISTORY.columns))
    )


def zone_tables(spark: SparkSession) -> tuple[DataFrame, DataFrame]:
    """What `derive` wants to know of zones: those of the airports (`code`, `zone`), and all (`zone`)."""
    # Python's list of zones may be newer than the JVM's, and one that the JVM lacks would abort the job.
    jvm: Any = spark.sparkContext._jvm
    known = set(jvm.java.time.ZoneId.getAvailableZoneIds())
    by_airport = [(code, zone) for code, zone in airport_zones().items() if zone in known]
    airports = spark.createDataFrame(by_airport, "code string, zone string")
    return airports, spark.createDataFrame([(zone,) for zone in known], "zone string")


_STATUS = " ".join(f"when {condition} then {status}" for condition, status in STATUS_RULES)


def _zone(side: str) -> str:
    """The row's own zone, where it is a known one or an offset."""
    return f"if({side}_timezone rlike '{_OFFSET}', {side}_timezone, {side}_known_zone) as {side}_zone"


def _utc(side: str, time: str) -> str:
    return f"convert_timezone({side}_timezone, 'UTC', {side}_{time}_local) as {side}_{time}_utc"


def _minutes(side: str) -> str:
    return f"cast(timestampdiff(MINUTE, {side}_scheduled_utc, {side}_actual_utc) as int)"


def _left_out_if_old(name: str) -> str:
    return f"if(live_is_old, null, {name}) as {name}"


def _forecast(side: str) -> str:
    """The delay that the API gives while there is no actual time; a cancelled flight has none to come."""
    holds = f"{side}_actual_local is null and flight_status <> 'cancelled'"
    return f"if({holds}, {side}_delay_api_min, null) as {side}_delay_forecast_min"


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
