"""Spark for a load."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from threading import Thread

from pyspark import SparkContext
from pyspark.sql import SparkSession

# What a load imports, itself or through Spark.
IMPORTED = ("pandas", "aviation.load.job")


def start_spark() -> SparkSession:
    """The session, with the settings of the job or of spark-defaults.conf.

    Java takes two seconds to start; meanwhile this process imports what it needs next, which takes one. Spark's Python
    workers take another, in which the load can begin.
    """
    with ThreadPoolExecutor(1) as threads:
        imported = [threads.submit(import_module, name) for name in IMPORTED]
        spark = SparkSession.builder.appName("aviation_data_load").getOrCreate()
    for module in imported:
        module.result()
    Thread(target=_start_workers, args=[spark.sparkContext], daemon=True).start()
    return spark


def _start_workers(context: SparkContext) -> None:
    with contextlib.suppress(Exception):  # it only saves time: where they do not start, the load says so
        tasks = context.defaultParallelism
        context.parallelize(range(tasks), tasks).foreachPartition(lambda rows: None)
