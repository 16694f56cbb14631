"""A year of half-hourly loads, as what they do to the tables' files, with the daily upkeep that runs on AWS.

    .venv/bin/python benchmarks/upkeep.py [--days 365]

Each load commits a small file to two flight dates of `flight_observations` and of `flights`, there with a file of
deletions beside it, and adds a row to `loads`; the rows are few, for files are what is counted. Prints by month the
most files in one partition, the files, those of deletions, manifests, snapshots, size of data and of metadata; and,
beside it, 10 days without upkeep.
"""

import argparse
import itertools
import os
import shutil
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from aviation import home
from aviation.columns import FLIGHTS, LOADS, OBSERVATIONS, Table
from aviation.load import upkeep
from aviation.load.tables import create_statement
from aviation.local import spark as local_spark

LOADS_A_DAY = 48
NAMESPACE = "glue_catalog.aviation"
SIMULATED = (OBSERVATIONS, FLIGHTS, LOADS)
COLUMNS = "{:>5} {:<20} {:>7} {:>10} {:>10} {:>10} {:>10} {:>9} {:>9}"
HEADINGS = ("day", "table", "a part", "files", "deletions", "manifests", "snapshots", "data MB", "meta MB")
# The columns of a file of deletions, with the numbers that the format gives them.
DELETIONS = pa.schema(
    [
        pa.field("file_path", pa.string(), nullable=False, metadata={"PARQUET:field_id": "2147483546"}),
        pa.field("pos", pa.int64(), nullable=False, metadata={"PARQUET:field_id": "2147483545"}),
    ]
)


class Tables:
    """The tables in a warehouse of their own, written through Iceberg's own API: a commit costs milliseconds."""

    def __init__(self, spark: SparkSession, folder: Path):
        self.spark, self.folder = spark, folder
        self.numbers = itertools.count()
        spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {NAMESPACE}")
        self.handles, self.samples = {}, {}
        for table in SIMULATED:
            spark.sql(f"DROP TABLE IF EXISTS {NAMESPACE}.{table.name} PURGE")
            spark.sql(create_statement(table, NAMESPACE, f"file:{folder}"))
            self.samples[table.name] = self._sample(table)
            jvm = spark._jvm.org.apache.iceberg.spark.Spark3Util
            self.handles[table.name] = jvm.loadIcebergTable(spark._jsparkSession, f"{NAMESPACE}.{table.name}")
        self.deletions = folder / "samples/deletions.parquet"
        pq.write_table(pa.table({"file_path": ["none"], "pos": [0]}, schema=DELETIONS), self.deletions)

    def _sample(self, table: Table) -> Path:
        """A data file of one row, to be copied: its partition is what the commit says."""
        folder = self.folder / "samples" / table.name
        values = ", ".join(f"cast(null as {column.type}) as `{name}`" for name, column in table.columns.items())
        self.spark.sql(f"select {values}").coalesce(1).write.mode("overwrite").parquet(f"file:{folder}")
        return next(folder.glob("*.parquet"))

    def file(self, table: Table, day: date, *, deletes: bool = False):
        """A new file of the table, of a row or of one that is deleted, in the partition of `day`."""
        sample = self.deletions if deletes else self.samples[table.name]
        path = self.folder / table.name / "data" / f"{next(self.numbers)}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(sample, path)
        java, spec = self.spark._jvm.org.apache.iceberg, self.handles[table.name].spec()
        if deletes:
            made = java.FileMetadata.deleteFileBuilder(spec).ofPositionDeletes()
        else:
            made = java.DataFiles.builder(spec)
        month = 12 * (day.year - 1970) + day.month - 1
        partition = f"finished_at_month={month}" if table is LOADS else f"flight_date={day}"
        made = made.withPath(f"file:{path}").withFileSizeInBytes(sample.stat().st_size).withRecordCount(1)
        return made.withFormat("parquet").withPartitionPath(partition).build()

    def load(self, day: date) -> None:
        """What one load of the flights of `day` and of the day after commits."""
        touched = (day, day + timedelta(days=1))
        observed = self.handles[OBSERVATIONS.name].newAppend()
        changed = self.handles[FLIGHTS.name].newRowDelta()
        for one in touched:
            observed = observed.appendFile(self.file(OBSERVATIONS, one))
            changed = changed.addRows(self.file(FLIGHTS, one)).addDeletes(self.file(FLIGHTS, one, deletes=True))
        observed.commit()
        changed.commit()
        self.handles[LOADS.name].newAppend().appendFile(self.file(LOADS, day)).commit()

    def tidy(self, older_than: datetime) -> None:
        """The upkeep; afterwards the handles see what it committed."""
        for table in SIMULATED:
            self.spark.catalog.refreshTable(f"{NAMESPACE}.{table.name}")
        upkeep.tidy(self.spark, NAMESPACE, tables=SIMULATED, older_than=older_than)
        for handle in self.handles.values():
            handle.refresh()

    def show(self, day: int) -> None:
        """A line a table."""
        for table in SIMULATED:
            name = f"{NAMESPACE}.{table.name}"
            self.spark.catalog.refreshTable(name)
            [most] = self.spark.sql(f"select max(file_count) from {name}.partitions").first()
            counted = ("files", "delete_files", "manifests", "snapshots")
            numbers = [self.spark.table(f"{name}.{what}").count() for what in counted]
            sizes = [_megabytes(self.folder / table.name / part) for part in ("data", "metadata")]
            print(COLUMNS.format(day, table.name, most, *numbers, *(f"{size:.1f}" for size in sizes)))


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def simulate(spark: SparkSession, folder: Path, days: int, *, tidied: bool) -> None:
    """Print what `days` of loads leave, month by month and at the end."""
    print(f"\n{'with' if tidied else 'without'} daily upkeep")
    print(COLUMNS.format(*HEADINGS))
    tables = Tables(spark, folder)
    yesterday = datetime.now(UTC)
    for day in range(1, days + 1):
        began = datetime.now(UTC)
        for _ in range(LOADS_A_DAY):
            tables.load(date(2013, 1, 1) + timedelta(days=day - 1))
        if tidied:
            tables.tidy(yesterday)
        yesterday = began
        if day % 30 == 0 or day == days:
            tables.show(day)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=365)
    days = parser.parse_args().days
    with tempfile.TemporaryDirectory(prefix="aviation-upkeep-") as name:
        folder = Path(name)
        conf = {
            "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
            "spark.sql.catalog.glue_catalog": "org.apache.iceberg.spark.SparkCatalog",
            "spark.sql.catalog.glue_catalog.type": "hadoop",
            "spark.sql.catalog.glue_catalog.warehouse": f"file:{folder}/warehouse",
        }
        # Not in the folder that goes: when Java ends, it writes its archive of classes beside these settings.
        settings = home.home() / "spark-benchmarks"
        local_spark.write_conf(settings, "http://127.0.0.1:9", conf)
        os.environ.update(local_spark.environment(settings))
        spark = SparkSession.builder.appName("upkeep").getOrCreate()
        simulate(spark, folder / "warehouse/aviation", days, tidied=True)
        simulate(spark, folder / "warehouse/aviation", min(days, 10), tidied=False)
        spark.stop()


if __name__ == "__main__":
    main()
