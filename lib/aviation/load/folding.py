"""The fold as a step of Spark: what is new of a leg meets what is carried of it, bucket by bucket.

A bucket has all legs of its flight dates and airports of departure, and so all that have a slot and number in common.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.columns import HISTORY, LOAD_STATE, OBSERVATIONS
from aviation.load import batch as batches
from aviation.load import carried
from aviation.load.arrow import OBSERVED, without_pandas
from aviation.load.batch import bucketed
from aviation.load.step import FOLDED, OPEN, Day, step
from aviation.load.tables import dates_of_earlier_layout
from aviation.load.writing import Tables

# Up to so many keys Spark itself looks for in the tables' files.
KEYS_PUSHED_DOWN = 200


@dataclass
class Folded:
    """A batch, folded: its `rows` (`step.FOLDED`), and its dates. `whole` dates were folded from all of their
    observations, `late` legs from all of theirs; the others went on from their states."""

    rows: DataFrame
    days: dict[date, Day] = field(default_factory=dict)
    whole: frozenset[date] = frozenset()
    late: frozenset[str] = frozenset()

    def count(self, kinds: Collection[str], days: Iterable[date]) -> int:
        """How many rows are packed in them."""
        return sum(self.days[day].rows.get(kind, 0) for day in days for kind in kinds)


def fold(
    tables: Tables,
    batch: DataFrame,
    dates: Collection[date],
    zones: frozenset[str],
    kept_from: date,
    appended: Callable[[], object],
) -> Folded:
    """Fold the observations of the batch, which are of the flight dates `dates`; the rows are persisted.

    States of dates before `kept_from` are not carried on. `appended` returns once the batch's observations are in
    their table: only then are all others of the legs that must be folded in full read from there. Dates of which the
    history has files of an earlier layout are folded whole, to be written anew.
    """
    seen = batches.packed(batch, batches.LEGS)
    known = seen.unionAll(_states(tables, dates)).unionAll(_open_versions(tables, dates))
    anew = whole = frozenset(dates_of_earlier_layout(tables.spark, tables.namespace, HISTORY) & set(dates))
    late: frozenset[str] = frozenset()
    while True:
        inputs = known
        if whole or late:
            appended()
            inputs = known.unionAll(_in_full(tables, dates, whole, late))
        rows = batches.in_buckets(inputs, tables.parts).mapInArrow(step(zones, kept_from, whole, anew), FOLDED)
        folded = Folded(rows.persist(), whole=whole, late=late)
        more_late, more_whole = _told(folded)
        if more_late <= late and more_whole <= whole:
            return folded
        rows.unpersist()
        late, whole = late | more_late, whole | more_whole


def _told(folded: Folded) -> tuple[frozenset[str], frozenset[date]]:
    """Note what each bucket says of its dates; the legs that are late, and the dates that do not fit."""
    late: set[str] = set()
    unfit: set[date] = set()
    for row in folded.rows.where("kind = 'told'").select("payload").collect():
        told = json.loads(bytes(row.payload))
        late.update(told["late"])
        unfit.update(map(date.fromisoformat, told["unfit"]))
        for text, values in told["days"].items():
            day, of_bucket = date.fromisoformat(text), Day(**values)
            folded.days[day] = folded.days[day].together(of_bucket) if day in folded.days else of_bucket
    return frozenset(late), frozenset(unfit)


def _states(tables: Tables, dates: Collection[date]) -> DataFrame:
    parts = tables.parts

    def unpacked(given: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        without_pandas()
        for batch in given:
            for payload in batch.column("payload"):
                states = pa.ipc.open_stream(payload.as_buffer()).read_all()
                yield from bucketed(states, "states", parts)

    fitting = F.col("flight_date").isin(*dates) & (F.col("schema") == carried.SCHEMA_ID)
    return (
        tables.fixed(LOAD_STATE).where(fitting).select("payload").coalesce(parts).mapInArrow(unpacked, batches.SCHEMA)
    )


def _open_versions(tables: Tables, dates: Collection[date]) -> DataFrame:
    still = F.col("flight_date").isin(*dates) & F.col("known_until").isNull()
    columns = (*OPEN.names, "dep_iata", "dep_icao")
    return _packed(tables, tables.fixed(HISTORY).where(still).select(*columns), "open")


def _in_full(tables: Tables, dates: Collection[date], whole: frozenset[date], late: frozenset[str]) -> DataFrame:
    """All observations of the dates `whole` and of the legs `late`."""
    day, key = F.col("flight_date"), F.col("flight_key")
    wanted = day.isin(*whole)
    if late:
        keys = key.isin(*late) if len(late) <= KEYS_PUSHED_DOWN else F.lit(True)
        wanted = wanted | (day.isin(*(set(dates) - whole)) & keys)
    rows = tables.fixed(OBSERVATIONS).where(wanted).select(*OBSERVED.names)
    parts = tables.parts

    def packed(given: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        without_pandas()
        days, keys = pa.array(whole, pa.date32()), pa.array(late, pa.string())
        for batch in given:
            table = pa.Table.from_batches([batch])
            is_wanted = pc.or_(pc.is_in(table["flight_date"], days), pc.is_in(table["flight_key"], keys))
            yield from bucketed(table.filter(is_wanted).cast(OBSERVED), "full", parts)

    return rows.coalesce(parts).mapInArrow(packed, batches.SCHEMA)


def _packed(tables: Tables, rows: DataFrame, kind: str) -> DataFrame:
    parts = tables.parts

    def packed(given: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        without_pandas()
        for batch in given:
            yield from bucketed(pa.Table.from_batches([batch]), kind, parts)

    return rows.coalesce(parts).mapInArrow(packed, batches.SCHEMA)
