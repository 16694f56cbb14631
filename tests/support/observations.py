"""Observations at random, of few values and few instants, so that what is rare in real ones is common."""

from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa

from aviation.load.arrow import OBSERVED

START = datetime(2013, 7, 10, 12)
DATES = [date(2013, 7, day) for day in (9, 10, 11)]
# In UTF-16 the third of the texts sorts before the second.
VALUES = {
    pa.string(): ["A", "\uffee", "\U0001d11e"],
    pa.int32(): [-3, 0, 12],
    pa.float64(): [-1.5, -0.25, 0.0, 2.5],
    pa.bool_(): [False, True],
    pa.timestamp("us"): [START, START + timedelta(hours=1), START + timedelta(microseconds=1)],
}
# What makes a slot, beside the scheduled departure.
OF_SLOTS = {"dep_iata": ["JFK"], "dep_icao": ["KJFK"], "arr_iata": ["LAX", "SFO"], "arr_icao": ["KLAX"]}
OF_SLOTS |= {"flight_number": ["1", "2"]}


def some_observations(rng: np.random.Generator, legs: int, *, most: int = 6, instants: int = 5) -> pa.Table:
    """Rows of `flight_observations` of up to `legs` legs on DATES, at most `most` rows each, at a few instants.

    Many rows say nothing new. Some legs have no operating row, some keys both identities, and some legs a slot in
    common; instants are shared by rows, legs and slots.
    """
    leg = np.repeat(np.arange(legs), rng.integers(1, most + 1, legs))
    rows = len(leg)
    # Each row says what the leg's first row says, or something of its own; so with its slot.
    first = np.searchsorted(leg, leg)
    said_by = np.where(rng.random(rows) < 0.4, first, np.arange(rows))
    slot_of = np.where(rng.random(rows) < 0.8, first, np.arange(rows))
    scheduled = [START + timedelta(minutes=minute) for minute in range(legs // 5)]
    of_slots = OF_SLOTS | {"dep_scheduled_local": scheduled}
    columns = {}
    for field in OBSERVED:
        values = of_slots.get(field.name) or VALUES.get(field.type, [])
        is_null = rng.random(rows) < (0.1 if field.name in of_slots else 0.5)
        given = _drawn(rng, values, rows, is_null, field.type)
        columns[field.name] = given.take(pa.array(slot_of if field.name in of_slots else said_by))
    operating = (rng.random(rows) < 0.5) & (leg % 3 > 0)
    day = leg % len(DATES)
    columns["flight_key"] = pa.array([f"{DATES[at]}|JFK|{number}" for at, number in zip(day, leg, strict=True)])
    is_slot = (leg % 5 == 0) & (rng.random(rows) < 0.5)
    columns["identity"] = pa.array(np.where(is_slot, "slot", "number").tolist())
    columns["flight_date"] = pa.array(DATES).take(pa.array(day))
    at = [START + timedelta(minutes=30 * number) for number in range(instants)]
    columns["observed_at"] = _drawn(rng, at, rows, np.zeros(rows, bool), pa.timestamp("us"))
    columns["content_hash"] = pa.array([f"{number:032x}" for number in rng.permutation(rows)])
    columns["is_operating"] = pa.array(operating)
    partners = ["KL1", "AF2", "ÅA3", "ZZ4"]
    columns["codeshare"] = _drawn(rng, partners, rows, operating | (rng.random(rows) < 0.2), pa.string())
    return rearranged(rng, pa.table(columns, schema=OBSERVED), again=0)


def rearranged(rng: np.random.Generator, rows: pa.Table, *, again: int) -> pa.Table:
    """The rows in another order, `again` of them twice."""
    chosen = np.append(np.arange(rows.num_rows), rng.integers(0, rows.num_rows, again))
    return rows.take(pa.array(rng.permutation(chosen)))


def _drawn(rng: np.random.Generator, values: list, rows: int, is_null: np.ndarray, kind: pa.DataType) -> pa.Array:
    chosen = rng.integers(0, max(len(values), 1), rows)
    return pa.array(values, kind).take(pa.array(chosen, mask=is_null | (not values)))
