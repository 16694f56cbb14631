"""Versions of legs as the fold makes them: of lines as they came, and as a schema."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
from pyspark.sql import SparkSession

from aviation.columns import HISTORY, OBSERVATIONS
from aviation.load import arrow, batch
from aviation.load.fold import KEY, STATE, fold
from aviation.load.history import versions
from aviation.load.read import Outcome
from support.frames import to_arrow

_TYPES = {column.name: arrow.TYPES[column.type] for column in (HISTORY.columns | OBSERVATIONS.columns).values()}
_NAMES = (*KEY, *STATE, "first_seen_at", "observed_at", "known_from", "known_until")
VERSIONS = pa.schema([(name, _TYPES.get(name, pa.bool_())) for name in _NAMES])


def versions_of(spark: SparkSession, parsed: Iterable[Outcome], folder: Path) -> pa.Table:
    """The versions of the legs that were observed."""
    observations = batch.observations(spark.createDataFrame(map(batch.line_row, parsed), batch.SCHEMA))
    return to_arrow(versions(fold(observations)), VERSIONS, folder)
