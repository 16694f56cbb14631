"""Raw lines as the rows of `flight_observations` in them."""

from pyspark.sql import DataFrame, SparkSession

from aviation.columns import OBSERVATIONS
from aviation.load.blocks import parse
from aviation.load.tables import schema


def observed(spark: SparkSession, lines: list[bytes]) -> DataFrame:
    """The observations in the lines, all of which hold one, without repeats."""
    [parsed] = parse([("flights/2023/09/14/01/object", b"".join(lines))])
    assert len(parsed.observations) == len(lines)
    return spark.createDataFrame(parsed.observations.to_pylist(), schema(OBSERVATIONS)).distinct()
