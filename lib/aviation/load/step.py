"""One bucket's fold: from what is new and what is carried to the rows that are written, packed by kind and date.

Kinds: `history` and `events` are rows of the legs that the batch is about; `again` and `events_again` those of legs
that were folded in full in a date that was not. `states` are carried on to the next load. `rest`, `events_rest` and
`states_rest` are what the dates hold besides, for dates that are dense enough to be written anew. `told` says what
there is, as JSON.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from aviation.load import history
from aviation.load.arrow import OBSERVED, pack, unpack, without_pandas
from aviation.load.carried import Advanced, advance, open_of
from aviation.load.derive import derive
from aviation.load.fold import KEY, STATES, VERSIONS

FOLDED = "kind string, day date, rows int, payload binary"
_FOLDED = pa.schema([("kind", pa.string()), ("day", pa.date32()), ("rows", pa.int32()), ("payload", pa.binary())])
OPEN = pa.schema([VERSIONS.field(name) for name in (*KEY, "known_from", "observed_at")])
INPUTS = {"observations": OBSERVED, "states": STATES, "open": OPEN, "full": OBSERVED}
# A bucket's date is dense where the batch is about one leg in so many: then all of its open versions are written anew.
# Of another only the legs that the batch is about are written, and their old rows marked as deleted.
ONE_IN = 4
# So few legs cost no more to write than the files that would say which of them are deleted.
FEW = 100
# States of sparse dates are only added: with more than so many a leg the date is written anew.
STATES_A_LEG = 2


class Day(NamedTuple):
    """A flight date in one bucket or more: whether it has open versions from before, whether it is dense in each, and
    how many rows of each kind there are."""

    known: bool
    dense: bool
    rows: dict[str, int]

    def together(self, other: "Day") -> "Day":
        """The date in this bucket and in another."""
        rows = {kind: self.rows.get(kind, 0) + other.rows.get(kind, 0) for kind in {*self.rows, *other.rows}}
        return Day(self.known or other.known, self.dense and other.dense, rows)


def step(
    zones: frozenset[str], kept_from: date, whole: frozenset[date], anew: frozenset[date]
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """The function that folds a bucket of packed INPUTS into rows of FOLDED: see `carried.advance` for `whole`.

    `zones` are the known ones (see `derive`). States of dates before `kept_from` are not carried on. The dates `anew`
    are to be written anew, however few of their legs the batch is about.
    """

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        without_pandas()
        packed: dict[str, list[pa.Buffer]] = defaultdict(list)
        for batch in batches:
            for kind, payload in zip(batch.column("kind").to_pylist(), batch.column("payload"), strict=True):
                packed[kind].append(payload.as_buffer())
        if not packed:
            return
        rows, states, open_versions, full = (unpack(packed.pop(kind, []), INPUTS[kind]) for kind in INPUTS)
        done = advance(rows, states, open_versions, full, whole)
        told: dict[str, Any] = {"late": sorted(done.late_keys), "unfit": sorted(map(str, done.unfit_dates)), "days": {}}
        if not (done.late_keys or done.unfit_dates):
            days = _days(done, states, open_versions, anew)
            for kind, table in _tables(done, days, zones, kept_from, whole):
                for day, part in _by_day(table):
                    days[day].rows[kind] = part.num_rows
                    yield _row(kind, day, part.num_rows, pack(part))
            told["days"] = {str(day): found._asdict() for day, found in days.items()}
        yield _row("told", None, 0, json.dumps(told).encode())

    return run


def _row(kind: str, day: date | None, rows: int, payload: bytes) -> pa.RecordBatch:
    values = ([kind], [day], [rows], [payload])
    return pa.record_batch(
        [pa.array(value, field.type) for value, field in zip(values, _FOLDED, strict=True)], schema=_FOLDED
    )


def _days(done: Advanced, states: pa.Table, open_versions: pa.Table, anew: frozenset[date]) -> dict[date, Day]:
    selected, rest, carried, known = (_legs(table) for table in (done.states, done.rest, states, open_versions))
    days = {}
    for day in selected.keys() | rest.keys():
        legs = selected[day] + rest[day]
        dense = selected[day] * ONE_IN >= legs or legs <= FEW or carried[day] > STATES_A_LEG * legs
        days[day] = Day(bool(known[day]), dense or day in anew, {})
    return days


def _legs(table: pa.Table) -> Counter[date]:
    counted = pc.value_counts(table["flight_date"]).to_pylist()
    return Counter({entry["values"]: entry["counts"] for entry in counted})


def _tables(
    done: Advanced, days: dict[date, Day], zones: frozenset[str], kept_from: date, whole: frozenset[date]
) -> Iterator[tuple[str, pa.Table]]:
    """What the bucket's rows of each kind are."""
    dense = [day for day, found in days.items() if found.dense]
    derived = derive(done.versions, zones)
    late = pc.is_in(derived["flight_key"], pa.array(done.folded_in_full, pa.string()))
    again = pc.and_(late, pc.invert(_is_of(derived, whole)))
    for kind, events, table in (
        ("history", "events", derived.filter(pc.invert(again))),
        ("again", "events_again", derived.filter(again)),
    ):
        yield kind, table
        yield events, history.events(table)
    yield "states", _kept(done.states, kept_from)
    yield "states_rest", _kept(done.rest.filter(_is_of(done.rest, {*dense, *whole})), kept_from)
    carried_on = done.rest.filter(_is_of(done.rest, set(dense) - whole))
    rest = done.rest_versions.filter(_is_of(done.rest_versions, set(dense) & whole))
    rest = derive(rest, zones)
    yield "rest", pa.concat_tables([derive(open_of(carried_on), zones), rest])
    yield "events_rest", history.events(rest)


def _is_of(table: pa.Table, days: Iterable[date]) -> pa.ChunkedArray:
    return pc.is_in(table["flight_date"], pa.array(list(days), pa.date32()))


def _kept(states: pa.Table, kept_from: date) -> pa.Table:
    return states.filter(pc.greater_equal(states["flight_date"], pa.scalar(kept_from, pa.date32())))


def _by_day(table: pa.Table) -> Iterator[tuple[date, pa.Table]]:
    for day in pc.unique(table["flight_date"]).to_pylist():
        yield day, table.filter(pc.equal(table["flight_date"], pa.scalar(day, pa.date32())))
