"""One run of the load: what is new in raw, into the tables, batch by batch.

The order of a batch's writes is observations and reference tables, derived tables, quarantine, `loads` last. A batch
without its row in `loads` never happened: its objects are still new, and every write can be done again without a trace.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.columns import EVENTS, FLIGHTS, HISTORY, LOADS, OBSERVATIONS, QUARANTINE, REFERENCES, Table
from aviation.errors import RefusedShareError
from aviation.load import account, history, merge, past
from aviation.load import batch as batches
from aviation.load.account import Row
from aviation.load.backlog import Deadline, counted_by_entity, in_batches, not_loaded, to_read_again, where
from aviation.load.batch import Tally
from aviation.load.derive import derive, zone_tables
from aviation.load.fold import fold
from aviation.load.objects import ListObjects, RawObject, bucket_lister
from aviation.load.record import recorded
from aviation.load.settings import Settings
from aviation.load.tables import ensure_tables, schema
from aviation.load.upkeep import tidy
from aviation.report import Report, progress

# Up to this many refused lines never fail a load: one bad line that comes alone says nothing about the API.
FEW = 10


class Load:
    """The wiring of one run: `spark` and `settings`, how raw is listed, what is called after each write, a clock."""

    def __init__(
        self,
        spark: SparkSession,
        settings: Settings,
        list_objects: ListObjects,
        wrote: Callable[[str], None],
        clock: Callable[[], float],
    ):
        self.spark = spark
        self.settings = settings
        self.list_objects = list_objects
        self.wrote = wrote
        self.batch_began = _now()
        self.deadline = Deadline(settings.timeout_minutes, clock)

    def run(self) -> Report:
        """Load what is new, batch by batch, then tidy up where `upkeep` is set and nothing is left.

        An error says which batch it stopped at; the batches before it are loaded.
        """
        ensure_tables(self.spark, self.settings.namespace, f"{self.settings.published_uri}/{self.settings.database}")
        backlog = in_batches(self.objects(), self.settings.batch_megabytes) or [[]]
        rows: list[Row] = []
        for number, objects in enumerate(backlog, start=1):
            if not self.deadline.leaves_time():
                break
            try:
                rows.append(self.load(number, [item.key for item in objects], backlog[number:]))
            except Exception as error:
                error.add_note(where(number, backlog))
                raise
            self.deadline.batch_ended()
            if len(backlog) > 1:
                progress(f"load: {account.line(rows[-1], len(backlog))}")
        left = sum(map(len, backlog[len(rows) :]))
        report = account.report(rows, objects_left=left, timeout_minutes=self.settings.timeout_minutes)
        if self.settings.upkeep and not left:
            report["upkeep"] = tidy(self.spark, self.settings.namespace)
        return report

    def load(self, number: int, keys: list[str], later: list[list[RawObject]]) -> Row:
        """Load the objects, batch `number` of the run, and return its row in `loads`; the batches `later` come after.

        RefusedShareError, before the first write, where too many of their lines are refused.
        """
        if not keys:
            return self.note(number, keys, later, Tally(), added=0)
        batch = batches.read_objects(self.spark, self.settings.raw_uri, keys).persist()
        try:
            counted = batches.tally(batch)
            if not self.settings.requeue:  # what it reads was refused before
                self.check_refused_share(counted)
            added = self.write_flights(batch, counted)
            self.write_references(batch, counted)
            self.derive_flights(counted)
            self.write_quarantine(batch, counted, keys)
        finally:
            batch.unpersist()
        return self.note(number, keys, later, counted, added)

    def objects(self) -> list[RawObject]:
        """What the run has to read, in order: what no finished batch has loaded; of a requeue, the objects with lines
        in quarantine."""
        settings = self.settings
        look_back = None if settings.reconcile or settings.requeue else settings.look_back_hours
        loads = past.rows(self.read(LOADS), settings.entities, self.batch_began, look_back)
        self.past = past.of(loads)
        if not settings.requeue:
            return not_loaded(self.past, settings.entities, self.list_objects, look_back)
        held = self.read(QUARANTINE).where(F.col("entity").isin(*settings.entities))
        keys = {row.key for row in held.selectExpr("explode(map_keys(lines_by_object)) as key").distinct().collect()}
        return to_read_again(keys, loads, settings.entities, self.list_objects)

    def check_refused_share(self, counted: Tally) -> None:
        """Refuse the batch where more than `max_refused_share` of its lines are, and more than a few."""
        limit = self.settings.max_refused_share
        if counted.lines["refusal"] > FEW and counted.refused_share > limit:
            rules = ", ".join(f"{rule} {lines}" for rule, lines in counted.refused_by.most_common(3))
            raise RefusedShareError(
                f"{counted.lines['refusal']} of {counted.lines_read} lines are refused ({rules}), more than the share "
                f"of {limit:g} allowed; nothing of them was written: look at the raw objects, or load once with a "
                "higher max_refused_share"
            )

    def write_flights(self, batch: DataFrame, counted: Tally) -> int:
        """Append the observations that are not known yet; return how many there were."""
        if not counted.dates:
            return 0
        known = self.read(OBSERVATIONS).where(F.col("flight_date").isin(*counted.dates))
        fresh = merge.not_yet_in(batches.observations(batch), known)
        # Counted first: an append of nothing would still be a new snapshot of the table. Not kept in memory in between:
        # the count needs the keys alone, and what is kept is cut into as many parts as Spark has shuffle partitions.
        if added := fresh.count():
            fresh.writeTo(self.name(OBSERVATIONS)).append()
            self.wrote(OBSERVATIONS.name)
        return added

    def write_references(self, batch: DataFrame, counted: Tally) -> None:
        """Bring up to date the reference tables that the batch has records of."""
        for entity in counted.references:
            table = REFERENCES[entity]
            [key] = table.key
            self.overwrite(table, merge.latest_references(self.read(table), batches.references(batch, entity), key))

    def derive_flights(self, counted: Tally) -> None:
        """Derive the batch's flight dates again, even where no observation was added: the run before may have been
        killed between the two."""
        if not counted.dates:
            return
        touched = F.col("flight_date").isin(*counted.dates)
        states = fold(self.read(OBSERVATIONS).where(touched))
        self.overwrite(HISTORY, derive(history.versions(states), *zone_tables(self.spark)), touched)
        # The other two follow from the history as it was written: read again, not worked out again. Kept in memory
        # instead, the plan runs in as many tasks as there are shuffle partitions, however small it is (Spark's default
        # of 200 took a minute for 28,500 observations); a plan that is written fits its tasks to the data.
        derived = self.read(HISTORY).where(touched)
        self.overwrite(FLIGHTS, history.latest(derived), touched)
        self.overwrite(EVENTS, history.events(derived), touched)

    def write_quarantine(self, batch: DataFrame, counted: Tally, keys: list[str]) -> None:
        """Keep the refused lines; lines that a requeue has loaded leave the quarantine."""
        if not counted.lines["refusal"] and not self.settings.requeue:
            return
        read_again = keys if self.settings.requeue else []
        self.overwrite(QUARANTINE, merge.quarantined(self.read(QUARANTINE), batches.refusals(batch), read_again))

    def note(self, number: int, keys: list[str], later: list[list[RawObject]], counted: Tally, added: int) -> Row:
        """Write the batch's row in `loads`; only then does the batch count."""
        finished_at = _now()
        # What a requeue reads was loaded before.
        entities, read, left = ((), [], []) if self.settings.requeue else (self.settings.entities, keys, later)
        self.past = self.past.after(read, left, counted.newest_fetched_at, finished_at)
        row: Row = {
            "run_id": self.settings.run_id,
            "batch": number,
            "status": "warning" if keys and not counted.lines_read else "ok",
            "started_at": self.batch_began,
            "finished_at": finished_at,
            "seconds": round((finished_at - self.batch_began).total_seconds(), 3),
            "objects": keys,
            "objects_left": counted_by_entity(entities, later),
            **account.figures(counted, added, finished_at),
            **self.past.columns(),
        }
        rows: Any = [row]  # Spark takes a dict's values by name; its stubs know no dicts
        self.spark.createDataFrame(rows, schema(LOADS)).coalesce(1).writeTo(self.name(LOADS)).append()
        self.wrote(LOADS.name)
        self.batch_began = finished_at
        return row

    def read(self, table: Table) -> DataFrame:
        """The table as it is now."""
        return self.spark.table(self.name(table))

    def overwrite(self, table: Table, rows: DataFrame, where: Column | None = None) -> None:
        """Replace the table's rows, or those that `where` takes in, in one commit."""
        rows.writeTo(self.name(table)).overwrite(F.lit(True) if where is None else where)
        self.wrote(table.name)

    def name(self, table: Table) -> str:
        """The table's full name."""
        return f"{self.settings.namespace}.{table.name}"


def run(
    spark: SparkSession,
    settings: Settings,
    *,
    list_objects: ListObjects | None = None,
    wrote: Callable[[str], None] = lambda table: None,
    clock: Callable[[], float] = time.monotonic,
) -> Report:
    """Load the raw objects that are new into the tables, and return the counts of the run.

    `list_objects` lists raw, from the bucket unless given. `wrote` is called with a table's name after each write.
    `clock` gives seconds. Raises RefusedShareError where too large a share of a batch's lines is refused: nothing of
    that batch was written, those before it are loaded.
    """
    load = Load(spark, settings, list_objects or bucket_lister(settings.raw_bucket), wrote, clock)
    return recorded(settings, load.run) if settings.runs_bucket else load.run()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
