"""Slots: a date, a route, a scheduled departure and a flight number, which two legs should not have in common."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aviation.load.codes import Codes, Mask, changes, instants, numbered

# One entry is a leg's: a slot that it was observed in, and since when.
ENTRY = pa.schema([("leg", pa.int64()), ("slot", pa.string()), ("since", pa.timestamp("us"))])


def slots(rows: pa.Table) -> pa.Array:
    """The slot of each observation as text; null where it has no flight number."""
    names = [
        rows["flight_date"].cast(pa.string()),
        pc.coalesce(rows["dep_iata"], rows["dep_icao"]),
        pc.coalesce(rows["arr_iata"], rows["arr_icao"]),
        rows["dep_scheduled_local"].cast(pa.string()),
    ]
    named = pc.binary_join_element_wise(*names, "|", null_handling="replace", null_replacement="")
    return pc.binary_join_element_wise(named, rows["flight_number"], "|").combine_chunks()


def entries(slot: pa.Array, legs: Codes, since: pa.Array) -> pa.Table:
    """The entries of observations, one for each leg and slot, from each row's slot, leg and instant."""
    found = pa.Table.from_arrays([pa.array(legs), slot, since], schema=ENTRY)
    return first(found.filter(found["slot"].is_valid()))


def entries_of(states: pa.Table, legs: Codes) -> pa.Table:
    """The entries that states hold (`slots` and `slots_since`); `legs` are the states' legs."""
    parents = pc.list_parent_indices(states["slots"]).combine_chunks()
    columns = [pa.array(legs).take(parents), pc.list_flatten(states["slots"]), pc.list_flatten(states["slots_since"])]
    return pa.Table.from_arrays(columns, schema=ENTRY)


def first(entries: pa.Table) -> pa.Table:
    """One entry for each leg and slot, the earliest."""
    found = entries.group_by(["leg", "slot"], use_threads=False).aggregate([("since", "min")])
    return found.rename_columns({"since_min": "since"}).select(ENTRY.names)


def moved(entries: pa.Table, known: pa.Table) -> pa.Table:
    """The entries that `known` does not have, or has later; both have one entry for each leg and slot."""
    both = entries.join(known, ["leg", "slot"], right_suffix="_known", use_threads=False)
    is_earlier = pc.fill_null(pc.less(both["since"], both["since_known"]), True)
    return both.filter(is_earlier).select(ENTRY.names)


def earliest(entries: pa.Table) -> pa.Table:
    """One entry for each slot, the earliest."""
    found = entries.sort_by([("slot", "ascending"), ("since", "ascending")])
    return found.filter(pa.array(_begins(found["slot"])))


def shared(entries: pa.Table) -> pa.Table:
    """The slots that more than one leg was observed in, and the instant since when they are shared.

    `entries` has one entry for each leg and slot.
    """
    found = entries.sort_by([("slot", "ascending"), ("since", "ascending")])
    is_first = _begins(found["slot"])
    is_second = np.zeros(len(is_first), bool)
    is_second[1:] = is_first[:-1] & ~is_first[1:]
    return found.filter(pa.array(is_second))


def at_or_after(slot: pa.Array, at: Codes, entries: pa.Table) -> Mask:
    """Whether `entries`, one a slot, name the slot, and an instant that `at` is not before."""
    found = pc.index_in(slot, value_set=entries["slot"].combine_chunks())
    # The last is what a slot without an entry is compared with.
    since = np.append(instants(entries["since"]), np.iinfo(np.int64).max)
    is_after: Mask = at >= since[np.asarray(found.fill_null(-1))]
    return is_after


def _begins(slot: pa.ChunkedArray) -> Mask:
    """Where another slot begins, in sorted ones."""
    return changes(numbered(slot))
