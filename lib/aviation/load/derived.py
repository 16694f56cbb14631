"""A folded batch into the tables of flights.

The order makes every kill good again. `flight_history` comes first: until the states of its legs are written they do
not fit it, and a date with a leg whose state does not fit is folded from all of its observations, into every table.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import reduce
from operator import or_
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.columns import EVENTS, FLIGHTS, HISTORY, LOAD_STATE, Table
from aviation.load import history
from aviation.load.arrow import without_pandas
from aviation.load.batch import PORTION
from aviation.load.carried import SCHEMA_ID
from aviation.load.commits import ConflictError
from aviation.load.conditions import Condition, before, both, either, is_null, of_days
from aviation.load.folding import Folded
from aviation.load.tables import schema
from aviation.load.writing import Tables

# `identity` too: nothing keeps a leg of either kind from having the other's key.
LEG = ["flight_key", "identity"]
VERSION = [*LEG, "known_from"]


class Part(NamedTuple):
    """Packed rows by kind and date, and what is taken of them."""

    kinds: Collection[str]
    days: Collection[date]
    taken: Callable[[pa.Table], pa.Table] = lambda rows: rows


class Derived:
    """Writes what was folded to the tables, each flight date in the way that costs least.

    Of `whole` dates all rows are replaced. Of `current` ones the open versions are, and closed ones added. Of `sparse`
    ones only the legs that the batch is about are. In dates of `again` are legs that were folded in full, so that rows
    of theirs can have ceased to be.
    """

    def __init__(self, tables: Tables, folded: Folded, kept_from: date):
        self.tables, self.folded, self.kept_from = tables, folded, kept_from
        days = folded.days
        self.whole = {day for day, found in days.items() if not found.known or (day in folded.whole and found.dense)}
        self.current = {day for day, found in days.items() if found.dense} - self.whole
        self.sparse = days.keys() - self.whole - self.current
        self.again = {day for day in days.keys() - self.whole if folded.count(["again"], [day])}
        self.sparse_again = self.sparse & folded.whole
        self.anew = self.whole | self.current

    def write(self) -> None:
        """Write what follows from the batch; each table is one commit or two.

        ConflictError if another writer has written to one of the dates since they were read: what is written by then is
        mended by a fold of them whole.
        """
        self.write_history()
        rest = [self.write_flights, self.write_events, self.write_states]
        # Of a date that was folded whole, other legs' rows can be old too: once their states fit, nothing tells.
        last = [rest.pop()] if self.folded.whole else []
        with ThreadPoolExecutor() as threads:
            writes = [threads.submit(write) for write in rest]
        for done in writes:
            done.result()
        for write in last:
            write()
        # Whoever writes to any of these tables writes to this one first: a row of theirs can go by our history, and a
        # later one of ours by an older one.
        if not self.tables.is_alone(HISTORY, self.folded.since[HISTORY.name]):
            raise ConflictError("another load has written to flight_history")

    def write_history(self) -> None:
        """The versions; open ones are in partitions of their own."""
        if self.anew:
            replaced = [of_days(self.whole)] if self.whole else []
            replaced += [both(of_days(self.current), is_null("known_until"))] if self.current else []
            late = Part(["again"], self.current, _open)
            self.put(HISTORY, replaced, Part(["history", "rest"], self.anew), late)
        if days := self.sparse | self.again:
            closed = Part(["again"], self.current, _closed)
            rows = self.rows(HISTORY, Part(["history", "again"], self.sparse), closed)
            # An open version can begin where a closed one did that has ceased to be.
            written = _of(self.current) & F.col("known_until").isNull()
            gone = self.gone(HISTORY, VERSION, rows, ~written)
            since = self.folded.since[HISTORY.name]
            self.tables.merge(HISTORY, VERSION, rows, gone, since, days, self.current & days)

    def write_flights(self) -> None:
        """The open versions, as the rows of `flights`."""
        if self.anew:
            rows = Part(["history", "rest", "again"], self.anew, history.latest)
            self.put(FLIGHTS, [of_days(self.anew)], rows)
        if self.sparse:
            merged = self.rows(FLIGHTS, Part(["history", "again"], self.sparse, history.latest))
            self.tables.merge(FLIGHTS, LEG, merged, None, self.folded.since[FLIGHTS.name], self.sparse)

    def write_events(self) -> None:
        """The changes: those of legs that went on from their states are new; others may replace some."""
        new = Part(["events"], self.folded.days.keys() - self.sparse_again)
        self.put(EVENTS, [of_days(self.whole)] if self.whole else [], new, Part(["events_rest"], self.whole))
        if again := self.again | self.sparse_again:
            rows = self.rows(EVENTS, Part(["events_again"], self.again), Part(["events"], self.sparse_again))
            gone = self.gone(EVENTS, ["event_id"], rows)
            self.tables.merge(EVENTS, ["event_id"], rows, gone, self.folded.since[EVENTS.name], again)

    def write_states(self) -> None:
        """What later loads go on from."""
        replaced = self.anew | self.folded.whole
        rows = self.packed(Part(["states"], self.folded.days), Part(["states_rest"], replaced)).coalesce(1)
        made = rows.select(
            F.col("day").alias("flight_date"), F.lit(SCHEMA_ID).alias("schema"), F.col("rows").alias("legs"), "payload"
        )
        old = [before(self.kept_from), *([of_days(replaced)] if replaced else [])]
        self.commit(LOAD_STATE, made, old)

    def gone(self, table: Table, key: list[str], put: DataFrame, within: Column | None = None) -> DataFrame | None:
        """The keys of rows that the table holds of the legs folded in full, in dates of which not all rows are
        replaced, and that are not among `put`; those that `within` takes in."""
        days = self.again | self.sparse_again
        if not days:
            return None
        held = self.tables.read(table).where(_of(days) if within is None else _of(days) & within)
        again = self.rows(HISTORY, Part(["again"], self.again), Part(["history"], self.sparse_again))
        legs = again.select("flight_key").distinct()
        return held.join(legs, "flight_key", "left_semi").select(*key).join(put, key, "left_anti")

    def put(self, table: Table, replaced: list[Condition], *parts: Part) -> None:
        """Write the rows in place of those that any of `replaced` takes in."""
        if replaced or self.count(*parts):
            self.commit(table, self.rows(table, *parts), replaced)

    def commit(self, table: Table, rows: DataFrame, replaced: list[Condition]) -> None:
        """Write the rows in place of those that any of `replaced` takes in."""
        since, clashing = self.folded.since[table.name], of_days(self.folded.days)
        self.tables.put(table, rows, since, clashing, either(*replaced) if replaced else None)

    def count(self, *parts: Part) -> int:
        """How many rows are packed in the parts."""
        return sum(self.folded.count(part.kinds, part.days) for part in parts)

    def packed(self, *parts: Part) -> DataFrame:
        """The packed rows of the parts."""
        return self.folded.rows.where(
            reduce(or_, (F.col("kind").isin(*part.kinds) & F.col("day").isin(*part.days) for part in parts))
        )

    def rows(self, table: Table, *parts: Part) -> DataFrame:
        """The packed rows of the parts as rows of the table."""

        def unpacked(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            without_pandas()
            for batch in batches:
                for kind, day, payload in zip(*batch.select(["kind", "day", "payload"]), strict=True):
                    [taken] = (part.taken for part in parts if kind.as_py() in part.kinds and day.as_py() in part.days)
                    yield from taken(pa.ipc.open_stream(payload.as_buffer()).read_all()).to_batches(PORTION)

        # Few rows in one task, and so in one file and with one worker.
        together = self.packed(*parts).coalesce(self.tables.tasks(self.count(*parts)))
        return together.select("kind", "day", "payload").mapInArrow(unpacked, schema(table))


def _of(days: Collection[date]) -> Column:
    return F.col("flight_date").isin(*days)


def _open(rows: pa.Table) -> pa.Table:
    return rows.filter(pc.is_null(rows["known_until"]))


def _closed(rows: pa.Table) -> pa.Table:
    return rows.filter(pc.is_valid(rows["known_until"]))
