"""Keeps the tables small: what half-hourly loads leave behind is put together and thrown away once a day.

A load appends a file to a partition of `flight_observations` and to `loads`; those are rewritten into few. The other
tables are overwritten by partition or whole, so their files never grow in number. Each commit of either kind keeps what
it replaced as a snapshot, which nobody asks for: time travel is by `known_from`, and so outlives the snapshots.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from pyspark.sql import SparkSession

from aviation.columns import LOADS, OBSERVATIONS, TABLES, Table

# Longer than a query runs that began on the files of a snapshot.
SNAPSHOTS_KEPT = timedelta(days=1)
# A partition with fewer small files is left as it is: rewriting it would save less than it costs.
SMALL_FILES = 5
APPENDED = (OBSERVATIONS, LOADS)


def tidy(
    spark: SparkSession, namespace: str, *, tables: Iterable[Table] = TABLES, older_than: datetime | None = None
) -> dict[str, int]:
    """Rewrite small files and expire the snapshots from before `older_than` (aware; else SNAPSHOTS_KEPT ago);
    `rewritten_files`, and `deleted_files` of any kind.

    Safe at any time, and again after a kill: each step is one commit.
    """
    catalog, _, database = namespace.partition(".")
    before = (older_than or datetime.now(UTC) - SNAPSHOTS_KEPT).astimezone(UTC)
    done = {"rewritten_files": 0, "deleted_files": 0}
    for table in tables:
        name = f"table => '{database}.{table.name}'"
        if table in APPENDED:
            options = f"options => map('min-input-files', '{SMALL_FILES}')"
            [row] = spark.sql(f"CALL {catalog}.system.rewrite_data_files({name}, {options})").collect()
            done["rewritten_files"] += row.rewritten_data_files_count
        expiry = f"older_than => TIMESTAMP '{before:%Y-%m-%d %H:%M:%S.%f}+00:00', retain_last => 1"
        [row] = spark.sql(f"CALL {catalog}.system.expire_snapshots({name}, {expiry})").collect()
        done["deleted_files"] += sum(count for key, count in row.asDict().items() if key.startswith("deleted_"))
    return done
