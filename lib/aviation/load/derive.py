"""What follows from a folded state: UTC, delays, the reconciled status, flags. Computed here, never merged.

Conditions have SQL's logic: what compares with a null is null, and a null is not true.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import SparkSession

from aviation.columns import HISTORY, OBSERVATIONS
from aviation.load import arrow
from aviation.load.clocks import is_known, to_utc
from aviation.zones import airport_zones

SIDES = ("dep", "arr")
# The first three are looked at for hours that the clocks skipped or repeated.
TIMES = ("scheduled", "estimated", "actual", "estimated_runway", "actual_runway")
POSITION = [column.name for column in OBSERVATIONS.block("live")]
_MINUTE = 60_000_000  # in microseconds

# The columns of versions by name, all of one length.
Columns = dict[str, pa.Array]
Condition = Callable[[Columns], pa.Array]


class StatusRule(NamedTuple):
    """A condition over a version's columns, and in words; the status where it holds (None: the API's own), and why."""

    condition: Condition
    words: str
    status: str | None
    because: str


class Flag(NamedTuple):
    """A condition over the derived columns, and what it says of a leg."""

    condition: Condition
    meaning: str


# The API's status lags behind its own times: a flight said to be scheduled can have left, even landed. The first rule
# that fits says what the status is; otherwise the API's own value is kept, even an unknown one.
STATUS_RULES = (
    StatusRule(
        lambda of: pc.is_in(of["flight_status_api"], pa.array(["cancelled", "diverted", "incident"])),
        "`flight_status_api` is cancelled, diverted or incident",
        None,
        "what the API says of how a flight ended is believed, whatever its times say",
    ),
    StatusRule(
        lambda of: pc.is_valid(of["arr_actual_local"]),
        "`arr_actual_local` is not null",
        "landed",
        "it has an actual arrival",
    ),
    StatusRule(
        lambda of: pc.and_(pc.is_valid(of["dep_actual_local"]), _is_not(of["flight_status_api"], "landed")),
        "`dep_actual_local` is not null, and `flight_status_api` is not landed",
        "active",
        "it has left, and is not said to have landed",
    ),
    StatusRule(
        lambda of: pc.is_null(of["flight_status_api"]),
        "`flight_status_api` is null",
        "unknown",
        "nothing is known of it",
    ),
)
FLAGS = {
    "arr_before_dep": Flag(
        lambda of: pc.or_kleene(
            pc.less_equal(of["arr_scheduled_utc"], of["dep_scheduled_utc"]),
            pc.less_equal(of["arr_actual_utc"], of["dep_actual_utc"]),
        ),
        "in UTC it arrives before it departs, or as it departs, by the scheduled or the actual times: a time or a zone "
        "is wrong",
    ),
    "arr_zone_from_airport": Flag(
        lambda of: pc.and_(pc.is_null(of["arr_zone"]), pc.is_valid(of["arr_timezone"])),
        "the API gave no known zone for the arrival: the zone is the airport's in the shipped table",
    ),
    "arr_zone_missing": Flag(
        lambda of: pc.is_null(of["arr_timezone"]), "the arrival's zone is not known: its UTC times are null"
    ),
    "cancelled_with_actual": Flag(
        lambda of: pc.and_(
            pc.equal(of["flight_status"], "cancelled"),
            pc.or_(pc.is_valid(of["dep_actual_local"]), pc.is_valid(of["arr_actual_local"])),
        ),
        "cancelled, though an actual time was seen: the API has withdrawn it, or the flight came back",
    ),
    "codeshare_only": Flag(lambda of: pc.invert(of["has_operating_row"]), "only seen under its partners' numbers"),
    "dep_zone_from_airport": Flag(
        lambda of: pc.and_(pc.is_null(of["dep_zone"]), pc.is_valid(of["dep_timezone"])),
        "the API gave no known zone for the departure: the zone is the airport's in the shipped table",
    ),
    "dep_zone_missing": Flag(
        lambda of: pc.is_null(of["dep_timezone"]), "the departure's zone is not known: its UTC times are null"
    ),
    "diverted_with_arrival": Flag(
        lambda of: pc.and_(pc.equal(of["flight_status"], "diverted"), pc.is_valid(of["arr_actual_local"])),
        "diverted, though an actual arrival was seen: it may be at another airport, so the delay is null",
    ),
    "live_of_earlier_flight": Flag(
        lambda of: of["live_is_old"],
        "the position was taken more than an hour before the departure: it is from the aircraft's flight before, and "
        "left out",
    ),
    "local_time_repeated": Flag(
        lambda of: of["local_time_repeated"],
        "a scheduled, estimated or actual local time occurred twice, because the clocks went back: the first is taken",
    ),
    "local_time_skipped": Flag(
        lambda of: of["local_time_skipped"],
        "a scheduled, estimated or actual local time never existed, because the clocks went forward: it is moved on by "
        "what was skipped",
    ),
    "slot_and_number_shared": Flag(
        lambda of: of["slot_and_number_shared"],
        "another leg has its airports, schedule and number, under another airline or none: they may be one",
    ),
    "status_corrected": Flag(
        lambda of: _is_not(of["flight_status"], of["flight_status_api"]),
        "`flight_status` is not `flight_status_api`, the API's own",
    ),
}


def derive(versions: pa.Table, known_zones: frozenset[str]) -> pa.Table:
    """The rows of `flight_history` from versions (KEY, STATE, and the instants between which each held), in order.

    A zone that is neither an offset nor one of `known_zones` (`jvm_zones`), or that Python has no clock of, falls back
    to its airport's zone, else to no UTC.
    """
    of: Columns = {name: versions[name].combine_chunks() for name in versions.column_names}
    for side in SIDES:
        of[f"{side}_zone"] = _known(of[f"{side}_timezone"], known_zones)
        airports = _airport_zone(pc.coalesce(of[f"{side}_iata"], of[f"{side}_icao"]))
        of[f"{side}_timezone"] = pc.coalesce(of[f"{side}_zone"], _known(airports, known_zones))
    of["flight_status"] = _status(of)
    of |= _instants(of)
    for side in SIDES:
        of |= _delays(of, side)
    of["arr_delay_min"] = _null_where(pc.equal(of["flight_status"], "diverted"), of["arr_delay_min"])
    of["live_is_old"] = pc.fill_null(_old_position(of), False)
    of |= {name: _null_where(of["live_is_old"], of[name]) for name in POSITION}
    of["flags"] = _flags(of)
    return pa.table({name: of[name] for name in HISTORY.columns}, schema=arrow.schema(HISTORY.columns))


def jvm_zones(spark: SparkSession) -> frozenset[str]:
    """The zone names that Spark's JVM knows."""
    jvm: Any = spark.sparkContext._jvm
    names: str = jvm.java.time.ZoneId.getAvailableZoneIds().toString()  # one call, not one a name
    return frozenset(names.strip("[]").split(", "))


def _known(zones: pa.Array, known_zones: frozenset[str]) -> pa.Array:
    """The zones, null where they are not known."""
    encoded = zones.dictionary_encode()
    known = [zone if is_known(zone, known_zones) else None for zone in encoded.dictionary.to_pylist()]
    return pc.take(pa.array(known, pa.string()), encoded.indices)


def _airport_zone(codes: pa.Array) -> pa.Array:
    encoded = codes.dictionary_encode()
    zones = pa.array(map(airport_zones().get, encoded.dictionary.to_pylist()), pa.string())
    return pc.take(zones, encoded.indices)


def _status(of: Columns) -> pa.Array:
    conditions = pc.make_struct(*(rule.condition(of) for rule in STATUS_RULES))
    own = of["flight_status_api"]
    return pc.case_when(conditions, *(own if rule.status is None else rule.status for rule in STATUS_RULES), own)


def _instants(of: Columns) -> Columns:
    """The times in UTC, and whether the clocks skipped or repeated one of the leg's."""
    names = [f"{side}_{time}" for side in SIDES for time in TIMES]
    zones = [of[f"{side}_timezone"] for side in SIDES for _ in TIMES]
    found = to_utc(pa.concat_arrays(zones), pa.concat_arrays([of[f"{name}_local"] for name in names]))
    rows = len(zones[0])

    def any_time(odd: pa.Array) -> pa.Array:
        by_time = np.asarray(odd.fill_null(False)).reshape(len(SIDES), len(TIMES), rows)
        return pa.array(by_time[:, :3].any(axis=(0, 1)))

    return {f"{name}_utc": found.utc.slice(place * rows, rows) for place, name in enumerate(names)} | {
        "local_time_repeated": any_time(found.repeated),
        "local_time_skipped": any_time(found.skipped),
    }


def _delays(of: Columns, side: str) -> Columns:
    """The side's delay in whole minutes, and the delay that the API gives while there is no actual time; a cancelled
    flight has none to come."""
    late = pc.subtract(of[f"{side}_actual_utc"], of[f"{side}_scheduled_utc"]).cast(pa.int64())
    is_over = pc.or_(pc.is_valid(of[f"{side}_actual_local"]), pc.equal(of["flight_status"], "cancelled"))
    return {
        # Times that are millennia apart wrap around, as Spark's integers do.
        f"{side}_delay_min": pc.divide(late, _MINUTE).cast(pa.int32(), safe=False),
        f"{side}_delay_forecast_min": _null_where(is_over, of[f"{side}_delay_api_min"]),
    }


def _old_position(of: Columns) -> pa.Array:
    # No flight leaves an hour before its time: a position older than that is of the flight that the aircraft made
    # before. Where the departure has no UTC, its date begins somewhere on earth 14 hours before it does in UTC.
    earliest = pc.subtract(of["flight_date"].cast(pa.timestamp("us")), timedelta(hours=14))
    departure = pc.coalesce(of["dep_actual_utc"], of["dep_scheduled_utc"], earliest)
    return pc.less(of["live_updated_utc"], pc.subtract(departure, timedelta(hours=1)))


def _flags(of: Columns) -> pa.Array:
    """The names of the flags whose condition holds, as one list a row."""
    names = sorted(FLAGS)
    holds = np.column_stack([np.asarray(pc.fill_null(FLAGS[name].condition(of), False)) for name in names])
    ends = np.concatenate([[0], holds.sum(axis=1).cumsum()])
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pa.array(names).take(pa.array(holds.nonzero()[1])))


def _is_not(one: pa.Array, other: Any) -> pa.Array:
    """Whether the two differ; a null differs from every value. At most one of the two is null."""
    return pc.fill_null(pc.not_equal(one, other), True)


def _null_where(condition: pa.Array, values: pa.Array) -> pa.Array:
    return pc.if_else(condition, pa.scalar(None, values.type), values)
