"""How rows get into the tables: each write is one commit, and none that goes by what another writer has changed since
it was read."""

import itertools
import time
from collections.abc import Callable, Collection
from datetime import date
from typing import Any, TypeVar

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.columns import Table
from aviation.errors import AviationError
from aviation.load.commits import ConflictError, Writer
from aviation.load.conditions import ALL, Condition
from aviation.retry import backoff

# Rows that one task writes in a second or two; fewer than that in one file rather than in one a task.
ROWS_A_TASK = 100_000
# How often a write is tried that others come in between of.
TRIES = 6
Done = TypeVar("Done")
_numbers = itertools.count()


class Tables:
    """The tables of one database; `wrote` is called with a table's name after each commit."""

    def __init__(self, spark: SparkSession, namespace: str, wrote: Callable[[str], None] = lambda table: None):
        self.spark = spark
        self.namespace = namespace
        self.wrote = wrote
        self.writer = Writer(spark)
        self.parts = max(2, spark.sparkContext.defaultParallelism)

    def name(self, table: Table) -> str:
        """The table's full name."""
        return f"{self.namespace}.{table.name}"

    def read(self, table: Table) -> DataFrame:
        """The table as it is now."""
        return self.spark.table(self.name(table))

    def refresh(self, table: Table) -> None:
        """See what other processes have written to the table."""
        self.spark.sql(f"refresh table {self.name(table)}")

    def snapshot(self, table: Table) -> int | None:
        """The table's newest snapshot that this process knows; None while nothing was ever written to it."""
        current = self.loaded(table).currentSnapshot()
        return current.snapshotId() if current else None

    def fixed(self, table: Table, snapshot: int | None) -> DataFrame | None:
        """The table as of a snapshot, whatever is written to it later; None for None.

        Spark reads again what is kept of a table that it writes to: a kept DataFrame would change under our hands.
        """
        if snapshot is None:
            return None
        return self.spark.read.option("snapshot-id", snapshot).table(self.name(table))

    def loaded(self, table: Table) -> Any:
        """The table as Iceberg's own library knows it."""
        jvm: Any = self.spark._jvm
        session: Any = self.spark._jsparkSession
        return jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(session, self.name(table))

    def tasks(self, rows: int) -> int:
        """In how many tasks so many rows are written."""
        return min(self.parts, 1 + rows // ROWS_A_TASK)

    def append(self, table: Table, rows: DataFrame) -> None:
        """Add the rows, whatever others have added."""
        with self.writer.marked():
            rows.writeTo(self.name(table)).append()
        self.wrote(table.name)

    def put(
        self, table: Table, rows: DataFrame, since: int | None, clashing: Condition, replaced: Condition | None = None
    ) -> int:
        """Add the rows, in place of those that `replaced` takes in (whole files, by their partitions); how many were
        added. None, with none to replace, is no commit.

        ConflictError, and nothing is written, if another writer has added or deleted rows that `clashing` takes in
        since the snapshot `since`.
        """
        added = self.writer.commit(self.loaded(table), self.name(table), rows, replaced, clashing, since)
        if added or replaced is not None:
            self.wrote(table.name)
        return added

    def rewrite(self, table: Table, made: Callable[[DataFrame], DataFrame]) -> None:
        """Put what `made` makes of the table's rows in their place."""

        def write() -> None:
            since = self.snapshot(table)
            known = self.fixed(table, since) or self.read(table)
            self.put(table, made(known), since, clashing=ALL, replaced=ALL)

        self.undisturbed([table], write)

    def undisturbed(self, tables: Collection[Table], write: Callable[[], Done]) -> Done:
        """What `write` returns once no other writer came in between. After each ConflictError it is called again, and
        finds the tables as they are by then. AviationError where that does not end."""
        for attempt in range(TRIES):
            try:
                return write()
            except ConflictError as error:
                conflict = error
            time.sleep(backoff(attempt))
            for table in tables:
                self.refresh(table)
        names = ", ".join(table.name for table in tables)
        raise AviationError(
            f"another load wrote to {names} in each of {TRIES} tries: run this load again once that one has ended "
            f"({conflict})"
        ) from conflict

    def is_alone(self, table: Table, since: int | None) -> bool:
        """Whether nobody else has changed a row of the table since that snapshot (None: ever)."""
        return self.writer.is_alone(self.loaded(table), since)

    def clear(self, table: Table) -> None:
        """Take all rows out of the table."""
        with self.writer.marked():
            self.spark.sql(f"delete from {self.name(table)}")
        self.wrote(table.name)

    def merge(
        self,
        table: Table,
        key: list[str],
        rows: DataFrame,
        gone: DataFrame | None,
        since: int | None,
        days: Collection[date],
        closed_in: Collection[date] = (),
    ) -> None:
        """Put the rows in place of those with the same `key`, and take out those with a key in `gone`; all of them of
        the flight dates `days`, and of `closed_in` of closed versions. Old rows are marked as deleted: no file is
        written again.

        ConflictError, and nothing is written, if another writer has changed the table since the snapshot `since`.
        """
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
            with self.writer.marked():
                # Iceberg refuses what came in while a merge ran. It takes the table as it was seen last: right here.
                if not self.is_alone(table, since):
                    raise ConflictError(f"{table.name} has changed since it was read")
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
