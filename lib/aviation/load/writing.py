"""How rows get into the tables: each write is one commit."""

import itertools
from collections.abc import Callable, Collection
from datetime import date
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.columns import Table

# Rows that one task writes in a second or two; fewer than that in one file rather than in one a task.
ROWS_A_TASK = 100_000
# The property of a commit that says which batch made it.
TOKEN = "aviation.batch"
_numbers = itertools.count()


class Tables:
    """The tables of one database; `wrote` is called with a table's name after each commit."""

    def __init__(self, spark: SparkSession, namespace: str, wrote: Callable[[str], None] = lambda table: None):
        self.spark = spark
        self.namespace = namespace
        self.wrote = wrote
        self.parts = max(2, spark.sparkContext.defaultParallelism)

    def name(self, table: Table) -> str:
        """The table's full name."""
        return f"{self.namespace}.{table.name}"

    def read(self, table: Table) -> DataFrame:
        """The table as it is now."""
        return self.spark.table(self.name(table))

    def fixed(self, table: Table) -> DataFrame | None:
        """The table as it is now, whatever is written to it later; None while nothing was ever written to it.

        Spark reads again what is kept of a table that it writes to: a kept DataFrame would change under our hands.
        """
        snapshot = self.loaded(table).currentSnapshot()
        if not snapshot:
            return None
        return self.spark.read.option("snapshot-id", snapshot.snapshotId()).table(self.name(table))

    def loaded(self, table: Table) -> Any:
        """The table as Iceberg's own library knows it."""
        jvm: Any = self.spark._jvm
        session: Any = self.spark._jsparkSession
        return jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(session, self.name(table))

    def tasks(self, rows: int) -> int:
        """In how many tasks so many rows are written."""
        return min(self.parts, 1 + rows // ROWS_A_TASK)

    def append(self, table: Table, rows: DataFrame, token: str | None = None) -> None:
        """Add the rows. `token` goes into the commit, so that `added` finds it."""
        writer = rows.writeTo(self.name(table)).option("fanout-enabled", "true")
        if token:
            writer = writer.option(f"snapshot-property.{TOKEN}", token)
        writer.append()
        self.wrote(table.name)

    def added(self, table: Table, token: str) -> int:
        """How many rows the commit with the token added to the table."""
        loaded = self.loaded(table)
        snapshot = loaded.currentSnapshot()
        # Another writer may have committed since.
        while snapshot.summary().get(TOKEN) != token:
            snapshot = loaded.snapshot(snapshot.parentId())
        return int(snapshot.summary().get("added-records") or 0)

    def overwrite(self, table: Table, rows: DataFrame, where: Column | None = None) -> None:
        """Replace the table's rows, or those that `where` takes in: whole files, by their partitions."""
        writer = rows.writeTo(self.name(table)).option("fanout-enabled", "true")
        writer.overwrite(F.lit(True) if where is None else where)
        self.wrote(table.name)

    def clear(self, table: Table) -> None:
        """Take all rows out of the table."""
        self.spark.sql(f"delete from {self.name(table)}")
        self.wrote(table.name)

    def merge(
        self,
        table: Table,
        key: list[str],
        rows: DataFrame,
        gone: DataFrame | None,
        days: Collection[date],
        closed_in: Collection[date] = (),
    ) -> None:
        """Put the rows in place of those with the same `key`, and take out those with a key in `gone`; all of them of
        the flight dates `days`, and of `closed_in` of closed versions. Old rows are marked as deleted: no file is
        written again."""
        columns = list(table.columns)
        source = f"merged{next(_numbers)}"
        put = rows.select(*columns, F.lit(False).alias("is_gone"))
        if gone:
            put = put.unionByName(gone.select(*key, F.lit(True).alias("is_gone")), allowMissingColumns=True)
        put.createOrReplaceTempView(source)
        same = " and ".join([_in(days), *(f"t.`{name}` = s.`{name}`" for name in key)])
        if closed_in:
            same += f" and (t.known_until is not null or not {_in(closed_in)})"
        try:
            self.spark.sql(
                f"merge into {self.name(table)} t using {source} s on {same} "
                "when matched and s.is_gone then delete when matched then update set * "
                "when not matched and not s.is_gone then insert *"
            )
        finally:
            self.spark.catalog.dropTempView(source)
        self.wrote(table.name)


def _in(days: Collection[date]) -> str:
    dates = ", ".join(f"date'{day}'" for day in sorted(days))
    return f"t.flight_date in ({dates})"
