"""New raw objects as one DataFrame of line outcomes, and the typed rows that are in it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.columns import OBSERVATIONS, QUARANTINE, REFERENCES, Table
from aviation.load.read import REFUSAL_COLUMNS, Outcome, outcomes


def _texts(names: Iterable[str]) -> str:
    return f"struct<{', '.join(f'{name}: string' for name in names)}>"


# What a line holds of its table's columns, all of it text; null are the structs of the tables that it is not for.
_OF_TABLE = {
    table.name: _texts(name for name in table.columns if name != "observed_at")
    for table in (OBSERVATIONS, *REFERENCES.values())
} | {QUARANTINE.name: _texts(REFUSAL_COLUMNS)}
SCHEMA = ", ".join(
    (
        "kind string, entity string, object string, observed_at string, fetched_at string, warnings array<string>",
        *(f"{table} {columns}" for table, columns in _OF_TABLE.items()),
    )
)
# At most this many warnings are kept by name; the rest are counted by rule.
WARNINGS_NAMED = 100


def read_objects(spark: SparkSession, root: str, keys: list[str]) -> DataFrame:
    """The lines (`line_row`) of the objects `keys` under the URI `root` (`s3a://bucket`)."""
    # Spark writes a path back with more or fewer slashes behind its scheme: the key is what follows the root's name.
    name = root.partition(":")[2].strip("/") + "/"

    def parse(row: Row) -> Iterator[dict[str, Any]]:
        return map(line_row, outcomes(row.path.partition(name)[2], bytes(row.content)))

    objects = spark.read.format("binaryFile").load([f"{root}/{key}" for key in keys]).select("path", "content")
    lines: Any = objects.rdd.flatMap(parse)  # Spark takes a dict's values by name; its stubs know no dicts
    return spark.createDataFrame(lines, SCHEMA, verifySchema=False)


def line_row(outcome: Outcome) -> dict[str, Any]:
    """The outcome of a line as a row of SCHEMA: what it holds of its table's columns stands under the table's name."""
    return {
        "kind": outcome.kind,
        "entity": outcome.entity,
        "object": outcome.object,
        "observed_at": outcome.observed_at,
        "fetched_at": outcome.fetched_at,
        "warnings": outcome.warnings,
        outcome.table: outcome.values,
    }


@dataclass
class Tally:
    """What a batch holds, counted before anything is written. Times are UTC without zone."""

    lines: Counter[str] = field(default_factory=Counter)
    references: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    refused_by: Counter[str] = field(default_factory=Counter)
    dates: set[date] = field(default_factory=set)
    newest_observed_at: dict[str, datetime] = field(default_factory=dict)
    newest_fetched_at: dict[str, datetime] = field(default_factory=dict)
    oldest_fetched_at: datetime | None = None
    # Half of the lines, and 95 % of them, were fetched at or after these.
    median_fetched_at: datetime | None = None
    p95_fetched_at: datetime | None = None

    @property
    def lines_read(self) -> int:
        """All lines, refused ones too; the cut end of an object is a line."""
        return self.lines.total()

    @property
    def refused_share(self) -> float:
        """Refused lines of all lines, 0 to 1."""
        return self.lines["refusal"] / self.lines_read if self.lines_read else 0.0


def most_frequent(warnings: Counter[str]) -> dict[str, int]:
    """Warnings by name, the most frequent ones; the rest by rule."""
    by_name = warnings.most_common()
    kept = Counter(dict(by_name[:WARNINGS_NAMED]))
    for name, lines in by_name[WARNINGS_NAMED:]:
        kept[name.partition(":")[0]] += lines
    return dict(sorted(kept.items()))


def tally(batch: DataFrame) -> Tally:
    """Count the batch."""
    counted = Tally()
    for group in _groups(batch):
        counted.lines[group.kind] += group.lines
        if group.kind == "refusal":
            counted.refused_by[group.rule] += group.lines
            continue
        if group.kind == "reference":
            counted.references[group.entity] += group.lines
        for warning in group.warnings:
            counted.warnings[warning] += group.lines
        if group.flight_date:
            counted.dates.add(group.flight_date)
        _keep_newest(counted.newest_observed_at, group.entity, group.newest_observed_at)
        _keep_newest(counted.newest_fetched_at, group.entity, group.newest_fetched_at)
        oldest = counted.oldest_fetched_at
        counted.oldest_fetched_at = min(oldest or group.oldest_fetched_at, group.oldest_fetched_at)
    fetched_at = F.col("fetched_at").cast("timestamp_ntz")
    loaded = batch.where("kind <> 'refusal'")
    [quantiles] = loaded.agg(F.percentile_approx(fetched_at, [0.05, 0.5]).alias("fetched_at")).collect()
    counted.p95_fetched_at, counted.median_fetched_at = quantiles.fetched_at or (None, None)
    return counted


def observations(batch: DataFrame) -> DataFrame:
    """The distinct rows of `flight_observations` in the batch."""
    return _rows(batch, OBSERVATIONS).dropDuplicates(list(OBSERVATIONS.key))


def references(batch: DataFrame, entity: str) -> DataFrame:
    """The rows of the entity's table in the batch, every pull of each."""
    return _rows(batch, REFERENCES[entity])


def refusals(batch: DataFrame) -> DataFrame:
    """The refused lines: `entity`, `object`, and `read.REFUSAL_COLUMNS`."""
    return batch.where("kind = 'refusal'").select("entity", "object", f"{QUARANTINE.name}.*")


def _groups(batch: DataFrame) -> list[Row]:
    """How many lines there are of each kind, entity, warnings, rule and flight date, and their extreme times."""
    return (
        batch.groupBy(
            "kind",
            "entity",
            "warnings",
            F.col(f"{QUARANTINE.name}.rule").alias("rule"),
            F.col(f"{OBSERVATIONS.name}.flight_date").cast("date").alias("flight_date"),
        )
        .agg(
            F.count("*").alias("lines"),
            F.max("observed_at").cast("timestamp_ntz").alias("newest_observed_at"),
            F.max("fetched_at").cast("timestamp_ntz").alias("newest_fetched_at"),
            F.min("fetched_at").cast("timestamp_ntz").alias("oldest_fetched_at"),
        )
        .collect()
    )


def _rows(batch: DataFrame, table: Table) -> DataFrame:
    """The lines that are for the table, as its columns."""
    values = {name: name if name == "observed_at" else f"{table.name}.{name}" for name in table.columns}
    return batch.where(F.col(table.name).isNotNull()).select(
        *(F.col(values[name]).cast(column.type).alias(name) for name, column in table.columns.items())
    )


def _keep_newest(newest: dict[str, datetime], entity: str, value: datetime) -> None:
    newest[entity] = max(newest.get(entity, value), value)
