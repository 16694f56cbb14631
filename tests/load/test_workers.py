"""Spark's Python workers on a laptop: what they share, and what they do without."""

import os
import sys

import pyarrow as pa


def said(spark, say) -> list[str]:
    """What a function says in Spark's workers, once in each of two tasks."""

    def run(batches):
        yield from (pa.RecordBatch.from_pydict({"said": [str(say())]}) for _ in batches)

    return [row.said for row in spark.range(2, numPartitions=2).mapInArrow(run, "said string").collect()]


def test_a_worker_has_the_load_when_it_is_forked_and_no_pandas_when_it_makes_arrays(spark):
    assert said(spark, lambda: "aviation.load.step" in sys.modules) == ["True", "True"]
    assert said(spark, lambda: "pandas" in sys.modules) == ["False", "False"]


def test_a_worker_that_needs_pandas_imports_it(spark):
    frames = spark.range(2, numPartitions=1).mapInPandas(lambda them: (frame * 2 for frame in them), "id bigint")
    assert [row.id for row in frames.collect()] == [0, 2]
    assert spark.range(2).toPandas()["id"].tolist() == [0, 1]


def test_workers_of_sql_and_of_rdds_are_forked_from_one_process(spark):
    of_rdds = spark.sparkContext.parallelize([0, 1], 2).map(lambda _: str(os.getppid())).collect()
    assert len({*of_rdds, *said(spark, os.getppid)}) == 1
