"""One run of the load: what is new in raw, into the tables.

The order of writes is observations and reference tables, derived tables, quarantine, `loads` last. A run without its
row in `loads` never happened: its objects are still new, and every write can be done again without a trace.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.columns import EVENTS, FLIGHTS, HISTORY, LOADS, OBSERVATIONS, QUARANTINE, REFERENCES, Table
from aviation.errors import RefusedShareError
from aviation.load import batch as batches
from aviation.load import history, merge
from aviation.load.batch import Tally
from aviation.load.derive import derive, zone_tables
from aviation.load.fold import fold
from aviation.load.objects import ListKeys, bucket_lister, new_keys
from aviation.load.record import recorded
from aviation.load.settings import Settings
from aviation.load.tables import ensure_tables, schema
from aviation.load.upkeep import tidy
from aviation.report import Report

# Up to this many refused lines never fail a load: one bad line that comes alone says nothing about the API.
FEW = 10


class Load:
    """The wiring of one run: `spark` and `settings`, how raw is listed, and what is called after each write."""

    def __init__(self, spark: SparkSession, settings: Settings, list_keys: ListKeys, wrote: Callable[[str], None]):
        self.spark = spark
        self.settings = settings
        self.list_keys = list_keys
        self.wrote = wrote
        self.started_at = _now()

    def run(self) -> Report:
        """Load what is new, then tidy up where `upkeep` is set; RefusedShareError where too much of it is refused."""
        ensure_tables(self.spark, self.settings.namespace, f"{self.settings.published_uri}/{self.settings.database}")
        report = self.load(self.keys())
        if self.settings.upkeep:
            report["upkeep"] = tidy(self.spark, self.settings.namespace)
        return report

    def load(self, keys: list[str]) -> Report:
        """Load the objects. RefusedShareError, before the first write, where too many of their lines are refused."""
        if not keys:
            return self.note(keys, Tally(), added=0)
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
        return self.note(keys, counted, added)

    def keys(self) -> list[str]:
        """The raw objects that no finished run has loaded; of a requeue, those with lines in quarantine."""
        if self.settings.requeue:
            held = self.read(QUARANTINE).where(F.col("entity").isin(*self.settings.entities))
            return sorted(
                row.key for row in held.selectExpr("explode(map_keys(lines_by_object)) as key").distinct().collect()
            )
        rows = self.read(LOADS).select("objects").collect()
        loaded = {key for row in rows for key in row.objects}
        look_back = None if self.settings.reconcile else self.settings.look_back_hours
        return [key for entity in self.settings.entities for key in new_keys(entity, loaded, self.list_keys, look_back)]

    def check_refused_share(self, counted: Tally) -> None:
        """Refuse the batch where more than `max_refused_share` of its lines are, and more than a few."""
        limit = self.settings.max_refused_share
        if counted.lines["refusal"] > FEW and counted.refused_share > limit:
            rules = ", ".join(f"{rule} {lines}" for rule, lines in counted.refused_by.most_common(3))
            raise RefusedShareError(
                f"{counted.lines['refusal']} of {counted.lines_read} lines are refused ({rules}), more than the share "
                f"of {limit:g} allowed; nothing was written: look at the raw objects, or raise max_refused_share"
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

    def note(self, keys: list[str], counted: Tally, added: int) -> Report:
        """Write the run's row in `loads`; only then does the run count."""
        finished_at = _now()
        newest = max(counted.newest_fetched_at.values(), default=None)
        row: dict[str, Any] = {
            "run_id": self.settings.run_id,
            "status": "warning" if keys and not counted.lines_read else "ok",
            "started_at": self.started_at,
            "finished_at": finished_at,
            "seconds": round((finished_at - self.started_at).total_seconds(), 3),
            "objects": keys,
            "lines_read": counted.lines_read,
            "observations_added": added,
            "references": counted.lines["reference"],
            "repeats": counted.lines["observation"] - added,
            "quarantined": counted.lines["refusal"],
            "warnings": counted.warnings.total(),
            "warnings_by_rule": counted.warnings_named,
            "flight_dates": sorted(counted.dates),
            "newest_observed_at": counted.newest_observed_at,
            "newest_fetched_at": counted.newest_fetched_at,
            "seconds_to_queryable_min": _seconds(newest, finished_at),
            "seconds_to_queryable_p50": _seconds(counted.median_fetched_at, finished_at),
            "seconds_to_queryable_p95": _seconds(counted.p95_fetched_at, finished_at),
            "seconds_to_queryable_max": _seconds(counted.oldest_fetched_at, finished_at),
        }
        rows: Any = [row]  # Spark takes a dict's values by name; its stubs know no dicts
        self.spark.createDataFrame(rows, schema(LOADS)).coalesce(1).writeTo(self.name(LOADS)).append()
        self.wrote(LOADS.name)
        return _report(row)

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
    list_keys: ListKeys | None = None,
    wrote: Callable[[str], None] = lambda table: None,
) -> Report:
    """Load the raw objects that are new into the tables, and return the counts of the run.

    `list_keys` lists the raw keys, from the bucket unless given. `wrote` is called with a table's name after each
    write. Raises RefusedShareError, with nothing written, where too large a share of the lines is refused.
    """
    load = Load(spark, settings, list_keys or bucket_lister(settings.raw_bucket), wrote)
    return recorded(settings, load.run) if settings.runs_bucket else load.run()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _seconds(since: datetime | None, until: datetime) -> float | None:
    return (until - since).total_seconds() if since else None


def _report(row: dict[str, Any]) -> Report:
    """The row as JSON values; of the objects, of which there can be thousands, their number."""
    return Report(
        {name: _json_value(value) for name, value in row.items() if name != "objects"}
        | {"objects": len(row["objects"])}
    )


def _json_value(value: object) -> object:
    if isinstance(value, dict):
        return {name: _json_value(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_json_value(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value  # a datetime is a date, too
