"""Keeps the tables small: what half-hourly loads leave behind is put together and thrown away once a day.

A load writes a file or a few to each partition that it touches, and marks rows of others as deleted in files of their
own, which every reader has to open. Of each partition that has many small files, or any of the latter, the data is
rewritten into few, without the rows that are deleted. Tables without partitions are overwritten whole, so their files
never grow in number. Each commit of any kind keeps what it replaced as a snapshot, which nobody asks for: time travel
is by `known_from`, and so outlives the snapshots.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from pyspark.sql import SparkSession

from aviation.columns import MADE, Table

# Longer than a query runs that began on the files of a snapshot.
SNAPSHOTS_KEPT = timedelta(days=1)
# A partition with fewer small files is left as it is: rewriting it would save less than it costs.
SMALL_FILES = 5
REWRITE = {
    "min-input-files": str(SMALL_FILES),
    "delete-file-threshold": "1",
    "remove-dangling-deletes": "true",
    # Else what is rewritten counts as old as the newest deletions, which then seem to be still to be carried out.
    "use-starting-sequence-number": "false",
    # So many bytes are rewritten by one task after the other, and committed as they are done: what is done stays where
    # the rest fails. A table from before its partition fields is rewritten once, as a whole.
    "max-file-group-size-bytes": str(1 << 30),
    "partial-progress.enabled": "true",
}


def tidy(
    spark: SparkSession, namespace: str, *, tables: Iterable[Table] = MADE, older_than: datetime | None = None
) -> dict[str, int]:
    """Rewrite small files and rows marked as deleted, and expire the snapshots from before `older_than` (aware; else
    SNAPSHOTS_KEPT ago); `rewritten_files`, and `deleted_files` of any kind.

    Safe at any time, and again after a kill: each step is a commit that changes no row.
    """
    before = (older_than or datetime.now(UTC) - SNAPSHOTS_KEPT).astimezone(UTC)
    expiry = f"older_than => TIMESTAMP '{before:%Y-%m-%d %H:%M:%S.%f}+00:00', retain_last => 1"
    done = {"rewritten_files": 0, "deleted_files": 0}
    for table in tables:
        if table.partition:
            row = _call(spark, namespace, table, "rewrite_data_files", _options(REWRITE))
            done["rewritten_files"] += row["rewritten_data_files_count"]
        row = _call(spark, namespace, table, "expire_snapshots", expiry)
        done["deleted_files"] += sum(count for key, count in row.items() if key.startswith("deleted_"))
    return done


def _call(spark: SparkSession, namespace: str, table: Table, procedure: str, arguments: str) -> dict[str, int]:
    """What one of Iceberg's procedures says that it did."""
    catalog, _, database = namespace.partition(".")
    call = f"CALL {catalog}.system.{procedure}(table => '{database}.{table.name}', {arguments})"
    [row] = spark.sql(call).collect()
    return row.asDict()


def _options(options: dict[str, str]) -> str:
    listed = ", ".join(f"'{name}', '{value}'" for name, value in options.items())
    return f"options => map({listed})"
