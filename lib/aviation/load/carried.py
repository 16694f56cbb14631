"""The state that legs carry from load to load, so that a load folds what is new and not the whole date again.

A state is derived, and used only where it fits the history: lost or left behind, it costs a fold of its whole date.
"""

import hashlib
from collections.abc import Set
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aviation.load import slots
from aviation.load.arrow import OBSERVED
from aviation.load.codes import Codes, Mask, changes, instants
from aviation.load.fold import STATES, VERSIONS, Folded, fold, legs

# Raised with each change of what the fold makes of the same observations.
_REVISION = 1
SCHEMA_ID = f"{_REVISION}-{hashlib.sha256(str(STATES).encode()).hexdigest()[:16]}"
"""Names the rules and columns that a state was made by: a state of another name is not to be used."""
_NEVER = np.iinfo(np.int64).min


class Advanced(NamedTuple):
    """What a batch makes of the legs of a bucket.

    Where `late_keys` or `unfit_dates` are not empty, nothing else is in it: `advance` is to be called again with all
    observations of those legs, and of those dates, in `full`.
    """

    versions: pa.Table
    """Of the legs that the batch may have changed. Of a leg in `folded_in_full` all there are; of any other the open
    version of its state, continued or closed, and those after it."""
    states: pa.Table
    """The new states of the same legs."""
    rest: pa.Table
    """The states of all other legs."""
    rest_versions: pa.Table
    """Of the other legs of whole dates, all there are. The history has them already, but for what a load that was
    killed has left to the next load of its batch."""
    late_keys: frozenset[str] = frozenset()
    unfit_dates: frozenset[date] = frozenset()
    folded_in_full: frozenset[str] = frozenset()


def open_of(states: pa.Table) -> pa.Table:
    """The open versions (VERSIONS) that states (STATES) stand for."""
    none = pa.nulls(states.num_rows, VERSIONS.field("known_until").type)
    return states.select(VERSIONS.names[:-1]).append_column(VERSIONS.field("known_until"), none)


def advance(
    rows: pa.Table,
    states: pa.Table,
    open_versions: pa.Table,
    full: pa.Table | None = None,
    whole_dates: Set[date] = frozenset(),
) -> Advanced:
    """Fold a batch into what is carried of a bucket, which has all legs that can share a slot.

    `rows` are all observations of the batch (OBSERVED), those that were loaded before too: a load that was killed may
    have written but a part of what follows from them. `states` are all that were ever written (STATES) of the dates
    that the batch touches, in any order; `open_versions` the rows of `flight_history` of these dates that still hold
    (flight_key, identity, flight_date, known_from, observed_at). `full` has all observations of the legs and dates that
    calls before asked for, and `whole_dates` these dates.
    """
    bucket = _Bucket(rows, states, open_versions, OBSERVED.empty_table() if full is None else full, whole_dates)
    unfit_dates = bucket.unfit_dates()
    late_keys = bucket.late_keys(unfit_dates | whole_dates)
    is_known = pc.is_in(late_keys, value_set=bucket.full["flight_key"].combine_chunks())
    no_versions, no_states = VERSIONS.empty_table(), STATES.empty_table()
    missing = Advanced(
        *(no_versions, no_states, no_states, no_versions),
        frozenset(late_keys.filter(pc.invert(is_known)).to_pylist()),
        unfit_dates - whole_dates,
    )
    return missing if missing.late_keys or missing.unfit_dates else bucket.advanced(late_keys)


class _Bucket:
    """What `advance` is given; the arrays of legs number the legs of all tables alike."""

    def __init__(
        self, rows: pa.Table, states: pa.Table, open_versions: pa.Table, full: pa.Table, whole_dates: Set[date]
    ):
        self.rows, self.states, self.open_versions, self.full = rows, _newest(states), open_versions, full
        self.whole_dates = whole_dates
        self.leg, self.state_leg, self.open_leg, self.full_leg = legs(rows, self.states, open_versions, full)
        self.fits = _fits(self.states, self.state_leg, open_versions, self.open_leg)

    def among(self, leg: Codes) -> Mask:
        """Of each leg, whether it is one of these."""
        size = sum(map(len, (self.leg, self.state_leg, self.open_leg, self.full_leg)))
        found = np.zeros(size, bool)
        found[leg] = True
        return found

    def unfit_dates(self) -> frozenset[date]:
        """The dates with a leg whose state and open version do not fit, or that has but one of the two."""
        has_fit = self.among(self.state_leg[self.fits])
        of_states = self.states["flight_date"].filter(pa.array(~self.fits))
        of_versions = self.open_versions["flight_date"].filter(pa.array(~has_fit[self.open_leg]))
        return frozenset(pc.unique(of_states).to_pylist()) | frozenset(pc.unique(of_versions).to_pylist())

    def late_keys(self, without: Set[date]) -> pa.Array:
        """The legs that their states do not do for, but for those of the dates `without`."""
        is_carried = ~_is_in(self.states["flight_date"], without)
        states, state_leg = self.states.filter(pa.array(is_carried)), self.state_leg[is_carried]
        last = np.full(len(self.among(state_leg)), _NEVER)
        last[state_leg] = instants(states["observed_at"])
        is_late = self.among(self.leg[instants(self.rows["observed_at"]) <= last[self.leg]])
        # A leg learns that its slot is shared with its own next observation: one that it has had already, where another
        # leg turns out to have been in the slot by then. Of a late leg all slots count: the load that moved it there
        # may have been killed before the others were written.
        known = slots.entries_of(states, state_leg)
        known_leg = np.asarray(known["leg"])
        of_late = known.filter(pa.array(is_late[known_leg]))
        moved = slots.earliest(pa.concat_tables([slots.moved(self.seen(), known), of_late]))
        is_late[known_leg[slots.at_or_after(known["slot"], last[known_leg], moved)]] = True
        return pc.unique(states["flight_key"].filter(pa.array(is_late[state_leg])))

    def seen(self) -> pa.Table:
        """The entries (see `slots`) of the batch, and of the late legs."""
        is_late = ~_is_in(self.full["flight_date"], self.whole_dates)
        late = self.full.filter(pa.array(is_late))
        seen = pa.concat_tables([self.rows, late])
        return slots.entries(slots.slots(seen), np.append(self.leg, self.full_leg[is_late]), seen["observed_at"])

    def advanced(self, late_keys: pa.Array) -> Advanced:
        """The fold, where nothing is missing for it."""

        def in_full(table: pa.Table) -> Mask:
            is_late: Mask = np.asarray(pc.is_in(table["flight_key"], value_set=late_keys))
            return is_late | _is_in(table["flight_date"], self.whole_dates)

        rows = [self.rows.filter(pa.array(~in_full(self.rows))), self.full.filter(pa.array(in_full(self.full)))]
        is_carried, is_seen = ~in_full(self.states), self.among(self.leg)[self.state_leg]
        rest = self.states.filter(pa.array(is_carried & ~is_seen))
        folded = fold(pa.concat_tables(rows), self.states.filter(pa.array(is_carried & is_seen)), rest)
        folded = folded._replace(states=self.counted(folded.states, in_full(folded.states)))
        if not self.whole_dates:
            return Advanced(*folded, rest, VERSIONS.empty_table(), folded_in_full=frozenset(late_keys.to_pylist()))
        other, other_version = self.others(folded)
        states = folded.states.filter(pa.array(~other))
        return Advanced(
            versions=folded.versions.filter(pa.array(~other_version)),
            states=states,
            rest=pa.concat_tables([rest, folded.states.filter(pa.array(other))]),
            rest_versions=folded.versions.filter(pa.array(other_version)),
            folded_in_full=frozenset(states["flight_key"].filter(pa.array(in_full(states))).to_pylist()),
        )

    def counted(self, states: pa.Table, is_in_full: Mask) -> pa.Table:
        """The states with their `refolds`: one more than before, where a leg was folded in full."""
        leg, before = legs(states, self.states)
        refolds = np.zeros(len(leg) + len(before), np.int64)
        refolds[before] = np.asarray(self.states["refolds"]) + 1
        counts = np.maximum(refolds[leg] - ~is_in_full, 0)
        return states.set_column(STATES.get_field_index("refolds"), STATES.field("refolds"), pa.array(counts))

    def others(self, folded: Folded) -> tuple[Mask, Mask]:
        """Which states and versions are of legs of whole dates that the batch cannot have changed."""
        of_versions, of_states, rows, old, open_leg = legs(*folded, self.rows, self.states, self.open_versions)
        fits = _fits(folded.states, of_states, self.open_versions, open_leg)
        may_differ = ~fits | np.isin(of_states, rows) | ~np.isin(of_states, old[self.fits])
        entries = slots.entries_of(folded.states, np.arange(len(of_states)))
        owner = np.asarray(entries["leg"])
        is_near = np.asarray(pc.is_in(entries["slot"], value_set=entries["slot"].filter(pa.array(may_differ[owner]))))
        may_differ[owner[is_near]] = True
        is_other = ~may_differ & _is_in(folded.states["flight_date"], self.whole_dates)
        return is_other, np.isin(of_versions, of_states[is_other])


def _newest(states: pa.Table) -> pa.Table:
    """The state of each leg that has seen most: of two of one instant, the one that was folded in full since."""
    [leg] = legs(states)
    newest_first = np.lexsort((np.asarray(states["refolds"]), instants(states["observed_at"]), leg))[::-1]
    return states.take(pa.array(np.sort(newest_first[changes(leg[newest_first])])))


def _fits(states: pa.Table, state_leg: Codes, open_versions: pa.Table, open_leg: Codes) -> Mask:
    """Whether each state stands for the open version of its leg, of which there is one."""
    # What is not found is at -1, the last.
    place = np.full(max(state_leg.max(initial=0), open_leg.max(initial=0)) + 1, -1)
    place[open_leg] = np.arange(len(open_leg))
    fits: Mask = np.bincount(open_leg, minlength=len(place))[state_leg] == 1
    for name in ("known_from", "observed_at"):
        held = np.append(instants(open_versions[name]), _NEVER)[place[state_leg]]
        fits &= held == instants(states[name])
    return fits


def _is_in(dates: pa.ChunkedArray, wanted: Set[date]) -> Mask:
    is_in: Mask = np.asarray(pc.is_in(dates, value_set=pa.array(list(wanted), pa.date32())))
    return is_in
