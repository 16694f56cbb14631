"""Spark for a load."""

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

from pyspark.sql import SparkSession

# What a load imports, itself or through Spark.
IMPORTED = ("pandas", "aviation.load.job")


def start_spark() -> SparkSession:
    """The session, with the settings of the job or of spark-defaults.conf.

    Java takes two seconds to start; meanwhile this process imports what it needs next, which takes one.
    """
    with ThreadPoolExecutor(1) as threads:
        imported = [threads.submit(import_module, name) for name in IMPORTED]
        spark = SparkSession.builder.appName("aviation_data_load").getOrCreate()
    for module in imported:
        module.result()
    return spark
