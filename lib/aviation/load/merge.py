"""The tables that are merged with what they hold already, so that a batch can be merged twice without a trace."""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.columns import OBSERVATIONS, QUARANTINE


def not_yet_in(observations: DataFrame, known: DataFrame) -> DataFrame:
    """The observations that `known`, also rows of `flight_observations`, does not hold."""
    key = list(OBSERVATIONS.key)
    return observations.join(known.select(*key), key, "left_anti").select(*observations.columns)


def days_with_doubles(observations: DataFrame) -> list[date]:
    """The flight dates of which an observation is there more than once."""
    doubled = observations.groupBy("flight_date", *OBSERVATIONS.key).count().where("count > 1")
    return [row.flight_date for row in doubled.select("flight_date").distinct().collect()]


def once_each(observations: DataFrame) -> DataFrame:
    """The observations, each once."""
    return observations.dropDuplicates(list(OBSERVATIONS.key))


def latest_references(known: DataFrame, new: DataFrame, key: str) -> DataFrame:
    """The newest pull of each `key` in the rows of a reference table and new ones. Of two at one instant, the one with
    the greater hash: any fixed choice would do, as long as the result does not depend on the order of loading."""
    others = [name for name in known.columns if name not in ("observed_at", "content_hash", key)]
    newest = F.max(F.struct("observed_at", "content_hash", *others)).alias("newest")
    return known.unionByName(new).groupBy(key).agg(newest).select(key, "newest.*").select(*known.columns)


def quarantined(known: DataFrame, refusals: DataFrame, read_again: list[str]) -> DataFrame:
    """The rows of `quarantine` after the refusals of a batch (see `batch.refusals`).

    Earlier refusals of the objects in `read_again` are dropped: lines that are still refused are among `refusals`.

    `lines_by_object` is what makes it idempotent: an object never changes, so it counts the same however often it is
    read, and times and numbers follow from it.
    """
    line = ["quarantine_id", "entity", "rule", "object"]
    text = [F.min("reason").alias("reason"), F.min("raw_text").alias("raw_text")]
    before = known.select(
        "quarantine_id", "entity", "rule", "reason", "raw_text", F.explode("lines_by_object").alias("object", "lines")
    ).where(~F.col("object").isin(*read_again))
    now = refusals.groupBy(*line).agg(F.count("*").alias("lines"), *text)
    by_object = before.unionByName(now).groupBy(*line).agg(F.max("lines").alias("lines"), *text)
    entries = F.sort_array(F.collect_list(F.struct("object", "lines")))
    hour = F.expr(r"to_timestamp_ntz(regexp_extract(object, '\\d{4}/\\d{2}/\\d{2}/\\d{2}', 0), 'yyyy/MM/dd/HH')")
    return (
        by_object.withColumn("hour", hour)
        .groupBy("quarantine_id", "entity", "rule")
        .agg(
            *text,
            F.map_from_entries(entries).alias("lines_by_object"),
            F.min("object").alias("object"),
            F.min("hour").alias("first_seen_at"),
            F.max("hour").alias("last_seen_at"),
            F.sum("lines").alias("times_seen"),
        )
        .select(*QUARANTINE.columns)
    )
