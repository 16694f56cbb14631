"""The fold as a step of Spark: what is new of a leg meets what is carried of it, bucket by bucket.

A bucket has all legs of its flight dates and airports of departure, and so all that have a slot and number in common.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.columns import EVENTS, FLIGHTS, HISTORY, LOAD_STATE, OBSERVATIONS
from aviation.errors import AviationError
from aviation.load import batch as batches
from aviation.load import carried
from aviation.load.arrow import OBSERVED, unpack, without_pandas
from aviation.load.batch import bucketed
from aviation.load.fold import STATES
from aviation.load.step import FOLDED, OPEN, Day, step
from aviation.load.tables import dates_of_earlier_layout
from aviation.load.writing import Tables

# What is written of a folded batch.
DERIVED = (HISTORY, FLIGHTS, EVENTS, LOAD_STATE)
# Up to so many keys Spark itself looks for in the tables' files.
KEYS_PUSHED_DOWN = 200


@dataclass
class Folded:
    """A batch, folded: its `rows` (`step.FOLDED`), and its dates. `whole` dates were folded from all of their
    observations; of the others only late legs were. `since` are the snapshots of DERIVED by then, by name."""

    rows: DataFrame
    since: Mapping[str, int | None]
    days: dict[date, Day] = field(default_factory=dict)
    whole: frozenset[date] = frozenset()

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
    whole: frozenset[date],
) -> Folded:
    """Fold the observations of the batch, which are of the flight dates `dates`; the rows are persisted.

    States of dates before `kept_from` are not carried on. `appended` returns once the batch's observations are in
    their table: only then are all others of the legs that must be folded in full read from there. The dates `whole` are
    folded whole, and so are those of which the history has files of an earlier layout, to be written anew.
    """
    since = {table.name: tables.snapshot(table) for table in DERIVED}
    held = filter(None, (_states(tables, dates, since), _open_versions(tables, dates, since)))
    known = reduce(DataFrame.unionAll, held, batches.packed(batch, batches.LEGS))
    anew = frozenset(dates_of_earlier_layout(tables.spark, tables.namespace, HISTORY) & set(dates))
    whole |= anew
    late: frozenset[str] = frozenset()
    while True:
        inputs = known
        if whole or late:
            appended()
            in_full = _in_full(tables, dates, whole, late)
            inputs = known.unionAll(in_full) if in_full else known
        rows = batches.in_buckets(inputs, tables.parts).mapInArrow(step(zones, kept_from, whole, anew), FOLDED)
        folded = Folded(rows.persist(), since, whole=whole)
        more_late, more_whole = _told(folded)
        if not (more_late or more_whole):
            return folded
        rows.unpersist()
        if more_late <= late and more_whole <= whole:
            asked = ", ".join([*sorted(late), *map(str, sorted(whole))][:3])
            raise AviationError(
                f"the observations of {asked} do not answer what the load asks of them; nothing of the batch counts: "
                "load once with --all, which takes nothing as known"
            )
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


def _states(tables: Tables, dates: Collection[date], since: Mapping[str, int | None]) -> DataFrame | None:
    fitting = F.col("flight_date").isin(*dates) & (F.col("schema") == carried.SCHEMA_ID)

    def unpacked(rows: pa.Table) -> pa.Table:
        return unpack((payload.as_buffer() for payload in rows["payload"]), STATES)

    known = tables.fixed(LOAD_STATE, since[LOAD_STATE.name])
    return _packed(known, fitting, ["payload"], "states", tables.parts, unpacked)


def _open_versions(tables: Tables, dates: Collection[date], since: Mapping[str, int | None]) -> DataFrame | None:
    still = F.col("flight_date").isin(*dates) & F.col("known_until").isNull()
    known = tables.fixed(HISTORY, since[HISTORY.name])
    return _packed(known, still, [*OPEN.names, "dep_iata", "dep_icao"], "open", tables.parts)


def _in_full(tables: Tables, dates: Collection[date], whole: frozenset[date], late: frozenset[str]) -> DataFrame | None:
    """All observations of the dates `whole` and of the legs `late`."""
    day, key = F.col("flight_date"), F.col("flight_key")
    wanted = day.isin(*whole)
    if late:
        keys = key.isin(*late) if len(late) <= KEYS_PUSHED_DOWN else F.lit(True)
        wanted = wanted | (day.isin(*(set(dates) - whole)) & keys)

    def only_wanted(rows: pa.Table) -> pa.Table:
        days, keys = pa.array(whole, pa.date32()), pa.array(late, pa.string())
        wanted = pc.or_(pc.is_in(rows["flight_date"], days), pc.is_in(rows["flight_key"], keys))
        return rows.filter(wanted).cast(OBSERVED)  # a column that Spark has looked for has no nulls any more

    tables.refresh(OBSERVATIONS)  # not older than the history, in which another load's may be told already
    known = tables.fixed(OBSERVATIONS, tables.snapshot(OBSERVATIONS))
    return _packed(known, wanted, OBSERVED.names, "full", tables.parts, only_wanted)


def _packed(
    rows: DataFrame | None,
    where: Column,
    columns: list[str],
    kind: str,
    parts: int,
    made: Callable[[pa.Table], pa.Table] = lambda rows: rows,
) -> DataFrame | None:
    """What `made` makes of a table's rows, packed by bucket; None for a table that nothing was ever written to."""

    def packed(given: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        without_pandas()
        for batch in given:
            yield from bucketed(made(pa.Table.from_batches([batch])), kind, parts)

    # One worker each for a file's rows would cost more than to read the files.
    return rows and rows.where(where).select(*columns).coalesce(parts).mapInArrow(packed, batches.SCHEMA)
