"""Versions to the table of today and to the events between them."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aviation.columns import EVENTS, FLIGHTS
from aviation.load import arrow
from aviation.load.fold import KEY

# The columns whose changes are events. Positions and codeshares change too often, or matter too little.
WATCHED = (
    "flight_status",
    *(f"{side}_{what}_utc" for side in ("dep", "arr") for what in ("scheduled", "estimated", "actual")),
    *(f"{side}_{what}" for side in ("dep", "arr") for what in ("delay_min", "delay_forecast_min", "terminal", "gate")),
    "arr_baggage",
    "aircraft_registration",
    "aircraft_icao24",
)


def latest(history: pa.Table) -> pa.Table:
    """The rows of `flights`: the version of each leg that still holds."""
    return history.filter(pc.is_null(history["known_until"])).select(list(FLIGHTS.columns))


def events(history: pa.Table) -> pa.Table:
    """The rows of `flight_events`: one for each watched field that differs between neighbouring versions in `history`.

    The first version of a leg there has no event, even where the leg had others before.
    """
    before, after = _neighbours(history)
    changes = []
    for name in WATCHED:
        field = history[name].combine_chunks()
        was, became = field.take(before), field.take(after)
        differs = pc.coalesce(pc.not_equal(was, became), pc.not_equal(pc.is_null(was), pc.is_null(became)))
        rows = history.select(["flight_key", "flight_date", "known_from"]).take(after.filter(differs))
        values = (pa.repeat(name, len(rows)), _text(was.filter(differs)), _text(became.filter(differs)))
        changes.append(pa.table([*rows.columns, *values], [*rows.column_names, "field", "from_value", "to_value"]))
    return _with_ids(pa.concat_tables(changes))


def _neighbours(history: pa.Table) -> tuple[pa.Array, pa.Array]:
    """The rows of versions that follow one another within a leg: of the one before, and of the one after."""
    leg = [np.asarray(history[name].combine_chunks().dictionary_encode().indices) for name in KEY]
    order = np.lexsort((np.asarray(history["known_from"].cast(pa.int64())), *leg))
    same_leg = np.logical_and.reduce([part[order][1:] == part[order][:-1] for part in leg])
    return pa.array(order[:-1][same_leg]), pa.array(order[1:][same_leg])


def _with_ids(changes: pa.Table) -> pa.Table:
    """The changes as rows of `flight_events`."""
    named = pc.binary_join_element_wise(changes["flight_key"], changes["field"], _text(changes["known_from"]), "|")
    ids = pa.array([hashlib.sha256(name).hexdigest() for name in named.cast(pa.binary()).to_pylist()], pa.string())
    return changes.append_column("event_id", ids).select(list(EVENTS.columns)).cast(arrow.schema(EVENTS.columns))


def _text(values: pa.Array) -> pa.Array:
    """The values as Spark writes them: times without zeros at the end of their fraction, and a plus before a year of
    five digits."""
    text = values.cast(pa.string())
    if not pa.types.is_timestamp(values.type):
        return text
    return pc.replace_substring_regex(pc.replace_substring_regex(text, r"\.?0+$", ""), r"^(\d{5})", r"+\1")
