"""New raw objects as one DataFrame of line outcomes, and the typed rows that are in it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.load.fields import OBSERVATION_COLUMNS, REFERENCES
from aviation.load.read import REFUSAL, outcomes
from aviation.load.tables import OBSERVATIONS, REFERENCE_TABLES

SCHEMA = (
    "kind string, entity string, object string, observed_at string, fetched_at string, "
    "warnings array<string>, values array<string>"
)
# So many different warnings are told apart: what comes beyond them is counted under the rule alone.
WARNINGS_NAMED = 100
_FLIGHT_DATE = list(OBSERVATION_COLUMNS).index("flight_date")


def read_objects(spark: SparkSession, root: str, keys: list[str]) -> DataFrame:
    """The outcome of each line (`read.Outcome`) of the objects `keys` under the URI `root` (`s3a://bucket`)."""
    # Spark writes a path back with more or fewer slashes behind its scheme: the key is what follows the root's name.
    name = root.partition(":")[2].strip("/") + "/"

    def parse(row: Row) -> Iterator[tuple]:
        return outcomes(row.path.partition(name)[2], bytes(row.content))

    objects = spark.read.format("binaryFile").load([f"{root}/{key}" for key in keys]).select("path", "content")
    return spark.createDataFrame(objects.rdd.flatMap(parse), SCHEMA, verifySchema=False)


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
    def warnings_named(self) -> dict[str, int]:
        """Warnings by name, the most frequent ones; the rest by rule."""
        named = self.warnings.most_common()
        found = Counter(dict(named[:WARNINGS_NAMED]))
        for name, lines in named[WARNINGS_NAMED:]:
            found[name.partition(":")[0]] += lines
        return dict(sorted(found.items()))

    @property
    def refused_share(self) -> float:
        """Refused lines of all lines, 0 to 1."""
        return self.lines["refusal"] / self.lines_read if self.lines_read else 0.0


def tally(batch: DataFrame) -> Tally:
    """Count the batch."""
    rule = F.when(F.col("kind") == "refusal", F.col("values")[REFUSAL.index("rule")])
    flight_date = F.when(F.col("kind") == "observation", F.col("values")[_FLIGHT_DATE]).cast("date")
    groups = (
        batch.groupBy("kind", "entity", "warnings", rule.alias("rule"), flight_date.alias("flight_date"))
        .agg(
            F.count("*").alias("lines"),
            F.max("observed_at").cast("timestamp_ntz").alias("newest_observed_at"),
            F.max("fetched_at").cast("timestamp_ntz").alias("newest_fetched_at"),
            F.min("fetched_at").cast("timestamp_ntz").alias("oldest_fetched_at"),
        )
        .collect()
    )
    counted = Tally()
    for group in groups:
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
        _keep(max, counted.newest_observed_at, group.entity, group.newest_observed_at)
        _keep(max, counted.newest_fetched_at, group.entity, group.newest_fetched_at)
        oldest = counted.oldest_fetched_at
        counted.oldest_fetched_at = min(oldest or group.oldest_fetched_at, group.oldest_fetched_at)
    fetched_at = F.col("fetched_at").cast("timestamp_ntz")
    read = batch.where("kind <> 'refusal'").agg(F.percentile_approx(fetched_at, [0.05, 0.5]).alias("at")).first()
    counted.p95_fetched_at, counted.median_fetched_at = read["at"] or (None, None)
    return counted


def observations(batch: DataFrame) -> DataFrame:
    """The distinct rows of `flight_observations` in the batch."""
    rows = batch.where("kind = 'observation'").select(_observed_at(), *_values(OBSERVATION_COLUMNS))
    return rows.select(*OBSERVATIONS.columns).dropDuplicates(["flight_key", "observed_at", "content_hash"])


def references(batch: DataFrame, entity: str) -> DataFrame:
    """The rows of the entity's table in the batch, every pull of each."""
    columns = {"content_hash": "string"} | {field.column: field.sql_type for field in REFERENCES[entity]}
    rows = batch.where(f"kind = 'reference' and entity = '{entity}'").select(_observed_at(), *_values(columns))
    return rows.select(*REFERENCE_TABLES[entity].columns)


def refusals(batch: DataFrame) -> DataFrame:
    """The refused lines: entity, object, and the columns of `read.REFUSAL`."""
    return batch.where("kind = 'refusal'").select("entity", "object", *_values(dict.fromkeys(REFUSAL, "string")))


def _observed_at() -> Column:
    return F.col("observed_at").cast("timestamp_ntz").alias("observed_at")


def _values(columns: dict[str, str]) -> Iterator[Column]:
    for index, (name, sql_type) in enumerate(columns.items()):
        yield F.col("values")[index].cast(sql_type).alias(name)


def _keep(choose, newest: dict[str, datetime], entity: str, value: datetime) -> None:
    newest[entity] = choose(newest.get(entity, value), value)
