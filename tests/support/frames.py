"""Arrow tables as DataFrames and back, by way of files: values of any year survive, which rows in Python would not."""

import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession


def to_spark(spark: SparkSession, table: pa.Table, folder: Path) -> DataFrame:
    """The table as a DataFrame, kept below `folder`."""
    path = tempfile.mkdtemp(dir=folder)
    pq.write_table(table, f"{path}/table.parquet")
    return spark.read.parquet(path)


def to_arrow(frame: DataFrame, schema: pa.Schema, folder: Path) -> pa.Table:
    """The frame's rows as a table of `schema`."""
    path = tempfile.mkdtemp(dir=folder)
    frame.write.mode("overwrite").parquet(path)
    return pq.read_table(path).cast(schema)
