"""A load of a few made-up records, for what it leaves behind in its JVM: loaded classes and compiled code."""

from functools import partial

from pyspark.sql import SparkSession

from aviation.forecast.model import load
from aviation.load import job
from aviation.load.objects import RawObject
from aviation.load.settings import Settings
from aviation.local.forecast import SHIPPED
from aviation.poll.envelope import Origin, lines
from aviation.replay import DEFAULT_DAY, answers, default_clock

NAME = "exercise"
KEY = f"flights/2013/07/11/12/{NAME}"


def raw_object() -> bytes:
    """The content of the object KEY of the raw bucket."""
    clock = default_clock(DEFAULT_DAY)
    page = answers.page("flights", {}, days=answers.Days(DEFAULT_DAY), clock=clock, max_limit=answers.DEFAULT_LIMIT)
    return b"".join(lines(Origin("flights", clock, clock, NAME, "replay"), page["data"]))


def exercise(spark: SparkSession, catalog: str, raw_uri: str, published_uri: str) -> None:
    """Load the `raw_object`, which stands under `raw_uri`, into the database NAME of the Iceberg catalog."""
    settings = Settings(
        stack=NAME,
        raw_bucket="",
        raw_uri=raw_uri,
        published_uri=published_uri,
        database=NAME,
        catalog=catalog,
        entities=("flights",),
        look_back_hours=48,
        max_refused_share=0,
        batch_megabytes=256,
        reconcile=True,
        requeue=False,
        upkeep=False,
        delay_cost_per_minute=0,
        passengers_per_flight=0,
        timeout_minutes=25,
        run_id=NAME,
    )
    spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {settings.namespace}")
    job.run(spark, settings, list_objects=lambda entity, start_after: [RawObject(KEY, 1)], model=partial(load, SHIPPED))
