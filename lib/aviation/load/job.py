"""One run of the load: what is new in raw, into the tables, batch by batch.

The order of a batch's writes is observations and reference tables, derived tables, quarantine, forecasts, `loads` last;
those that do not build on each other go side by side. A batch without its row in `loads` never happened: its objects
are still new, and every write can be done again without a trace.
"""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.columns import LOAD_STATE, LOADS, OBSERVATIONS, QUARANTINE, REFERENCES
from aviation.errors import RefusedShareError
from aviation.forecast import store
from aviation.forecast.model import Model
from aviation.load import account, appending, forecasting, merge, past
from aviation.load import batch as batches
from aviation.load.account import Row
from aviation.load.backlog import Deadline, counted_by_entity, in_batches, not_loaded, to_read_again, where
from aviation.load.derive import jvm_zones
from aviation.load.derived import Derived
from aviation.load.folding import DERIVED, fold
from aviation.load.objects import ListObjects, RawObject, bucket_lister
from aviation.load.record import recorded
from aviation.load.settings import Settings
from aviation.load.tables import ensure_tables, schema
from aviation.load.tally import Tally
from aviation.load.upkeep import tidy
from aviation.load.writing import Tables
from aviation.report import Report, progress

# Up to this many refused lines never fail a load: one bad line that comes alone says nothing about the API.
FEW = 10


class Load:
    """The wiring of one run: `spark` and `settings`, how raw is listed, how the model that forecasts is read, what is
    called after each write, a clock."""

    def __init__(
        self,
        spark: SparkSession,
        settings: Settings,
        list_objects: ListObjects,
        model: Callable[[], Model | None],
        wrote: Callable[[str], None],
        clock: Callable[[], float],
    ):
        self.spark = spark
        self.settings = settings
        self.list_objects = list_objects
        self.model = cache(model)
        self.tables = Tables(spark, settings.namespace, wrote)
        self.zones = jvm_zones(spark)
        self.batch_began = _now()
        self.deadline = Deadline(settings.timeout_minutes, clock)

    def run(self) -> Report:
        """Load what is new, batch by batch, then tidy up where `upkeep` is set and nothing is left.

        An error says which batch it stopped at; the batches before it are loaded.
        """
        location = f"{self.settings.published_uri}/{self.settings.database}"
        ensure_tables(self.spark, self.settings.namespace, location)
        backlog = in_batches(self.objects(), self.settings.batch_megabytes) or [[]]
        if self.settings.reconcile or self.settings.requeue:  # who runs one of them wants nothing taken for granted
            self.tables.clear(LOAD_STATE)
        doubles = appending.remove_doubles(self.tables) if self.settings.reconcile else 0
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
        if doubles:
            report["doubles_removed"] = doubles
        if self.settings.upkeep and not left:
            report["upkeep"] = tidy(self.spark, self.settings.namespace)
        return report

    def load(self, number: int, keys: list[str], later: list[list[RawObject]]) -> Row:
        """Load the objects, batch `number` of the run, and return its row in `loads`; the batches `later` come after.

        RefusedShareError, before the first write, where too many of their lines are refused.
        """
        if not keys:
            return self.note(number, keys, later, Tally(), added=0)
        batch = batches.read_objects(self.spark, self.settings.raw_uri, keys, self.tables.parts).persist()
        try:
            counted = batches.tally(batch)
            if not self.settings.requeue:  # what it reads was refused before
                self.check_refused_share(counted)
            added = self.write(batch, counted, keys)
        finally:
            batch.unpersist()
        return self.note(number, keys, later, counted, added)

    def write(self, batch: DataFrame, counted: Tally, keys: list[str]) -> int:
        """Write what the batch holds and what follows from it; return how many observations were new."""
        with ThreadPoolExecutor() as threads:
            appended = threads.submit(appending.append, self.tables, batch, counted)
            referenced = threads.submit(self.write_references, batch, counted)
            self.derive_flights(batch, counted, appended.result)
        referenced.result()
        # Last: a requeue finds what it has to read in the quarantine.
        self.write_quarantine(batch, counted, keys)
        return appended.result()

    def objects(self) -> list[RawObject]:
        """What the run has to read, in order: what no finished batch has loaded; of a requeue, the objects with lines
        in quarantine."""
        settings = self.settings
        look_back = None if settings.reconcile or settings.requeue else settings.look_back_hours
        loads = self.noted(look_back)
        self.past = past.of(loads)
        if not settings.requeue:
            return not_loaded(self.past, settings.entities, self.list_objects, look_back)
        held = self.tables.read(QUARANTINE).where(F.col("entity").isin(*settings.entities))
        keys = {row.key for row in held.selectExpr("explode(map_keys(lines_by_object)) as key").distinct().collect()}
        return to_read_again(keys, loads, settings.entities, self.list_objects)

    def noted(self, look_back_hours: int | None) -> list[Row]:
        """The rows of `loads` by now that a load needs which looks back so far."""
        self.loads_as_of = self.tables.snapshot(LOADS)
        table = self.tables.fixed(LOADS, self.loads_as_of)
        return past.rows(table, self.settings.entities, self.batch_began, look_back_hours) if table else []

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

    def write_references(self, batch: DataFrame, counted: Tally) -> None:
        """Bring up to date the reference tables that the batch has records of."""
        for entity in counted.references:
            table = REFERENCES[entity]
            [key] = table.key
            pulled = batches.references(batch, entity)
            self.tables.rewrite(table, partial(merge.latest_references, new=pulled, key=key))

    def derive_flights(self, batch: DataFrame, counted: Tally, appended: Callable[[], int]) -> None:
        """Fold the legs that the batch has observations of and write what follows, even where no observation was added:
        the run before may have been killed between the two. Nothing is written before `appended` returns."""
        if not counted.dates:
            return
        look_back = timedelta(days=1, hours=self.settings.look_back_hours)
        kept_from = (counted.newest_observed_at["flights"] - look_back).date()
        whole: frozenset[date] = frozenset()

        def derive() -> None:
            nonlocal whole
            folded = fold(self.tables, batch, counted.dates, self.zones, kept_from, appended, whole)
            whole = frozenset(counted.dates)  # where another writer comes in between, nothing is taken as known
            try:
                appended()
                Derived(self.tables, folded, kept_from).write()
            finally:
                folded.rows.unpersist()

        self.tables.undisturbed([OBSERVATIONS, *DERIVED], derive)

    def write_quarantine(self, batch: DataFrame, counted: Tally, keys: list[str]) -> None:
        """Keep the refused lines; lines that a requeue has loaded leave the quarantine."""
        if not counted.lines["refusal"] and not self.settings.requeue:
            return
        read_again = keys if self.settings.requeue else []
        refused = batches.refusals(batch)
        self.tables.rewrite(QUARANTINE, lambda known: merge.quarantined(known, refused, read_again))

    def note(self, number: int, keys: list[str], later: list[list[RawObject]], counted: Tally, added: int) -> Row:
        """Write the forecasts as of the batch, and its row in `loads`; only then does the batch count."""
        forecasts = forecasting.write(self.tables, counted.newest_observed_at.get("flights"), self.model)
        finished_at = _now()
        # What a requeue reads was loaded before.
        entities, read, left = ((), [], []) if self.settings.requeue else (self.settings.entities, keys, later)
        self.past = self.past.after(read, left, counted.newest_fetched_at, finished_at)
        if not self.tables.is_alone(LOADS, self.loads_as_of):
            self.past = self.past.beside(past.of(self.noted(self.settings.look_back_hours)))
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
            **forecasts,
            **self.past.columns(),
        }
        text = json.dumps(account.json_value(row))
        made = self.spark.sql(f"select inline(array(from_json(:row, '{schema(LOADS)}')))", args={"row": text})
        self.tables.undisturbed([LOADS], partial(self.tables.append, LOADS, made))
        self.batch_began = finished_at
        return row


def run(
    spark: SparkSession,
    settings: Settings,
    *,
    list_objects: ListObjects | None = None,
    model: Callable[[], Model | None] | None = None,
    wrote: Callable[[str], None] = lambda table: None,
    clock: Callable[[], float] = time.monotonic,
) -> Report:
    """Load the raw objects that are new into the tables, and return the counts of the run.

    `list_objects` lists raw, and `model` reads the model that forecasts (None where there is none), both from their
    buckets unless given. `wrote` is called with a table's name after each write.
    `clock` gives seconds. Raises RefusedShareError where too large a share of a batch's lines is refused: nothing of
    that batch was written, those before it are loaded.
    """
    list_objects = list_objects or bucket_lister(settings.raw_bucket)
    model = model or partial(store.current, settings.published_bucket)
    load = Load(spark, settings, list_objects, model, wrote, clock)
    return recorded(settings, load.run) if settings.runs_bucket else load.run()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
