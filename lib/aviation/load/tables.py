"""The Iceberg tables in Spark: the statements that make them as `aviation.columns` declares them."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

from pyspark.sql import SparkSession

from aviation.columns import MADE, Column, Table

# A task writes the flight dates that it holds as they come: small loads run in one task, so a date is one file, and no
# load pays a shuffle only to write. A row that changes is marked as deleted and written anew: the file that it was in
# stays. Old metadata files go with the commit that replaces them. Whoever reads a table opens all of its manifests, and
# each commit adds one: ten are put into one (Iceberg waits for a hundred).
FORMAT = {"format-version": "2"}
PROPERTIES = {
    "write.parquet.compression-codec": "zstd",
    "write.target-file-size-bytes": str(128 << 20),
    "write.distribution-mode": "none",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "50",
    "write.delete.mode": "merge-on-read",
    "write.update.mode": "merge-on-read",
    "write.merge.mode": "merge-on-read",
    "commit.manifest.min-count-to-merge": "10",
}
# How many tables are looked at at once: on AWS each is a call of Glue and a file on S3.
SIDE_BY_SIDE = 5


def create_statement(table: Table, namespace: str, location: str) -> str:
    """The DDL that makes the table in `namespace` (`catalog.database`), its files under the URI `location`."""
    columns = ", ".join(_declared(column) for column in table.columns.values())
    partitions = f" PARTITIONED BY ({', '.join(table.partition)})" if table.partition else ""
    properties = _listed(FORMAT | PROPERTIES)
    return (
        f"CREATE TABLE IF NOT EXISTS {namespace}.`{table.name}` ({columns}) USING iceberg{partitions} "
        f"COMMENT {literal(table.meaning)} LOCATION '{location}/{table.name}' TBLPROPERTIES ({properties})"
    )


def schema(table: Table) -> str:
    """The table's columns and types, as Spark takes the schema of a DataFrame."""
    return ", ".join(f"`{column.name}` {column.type}" for column in table.columns.values())


def literal(text: str) -> str:
    """The text as a string of Spark's SQL."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def ensure_tables(spark: SparkSession, namespace: str, location: str) -> None:
    """Make the tables that are missing, and have this session read anew those that exist.

    A table from before a column, a partition field or a property was declared gets it. Its files stay as they are.
    """
    catalog, _, database = namespace.partition(".")
    iceberg = _iceberg(spark)
    known = iceberg.spark.Spark3Util.loadIcebergCatalog(spark._jsparkSession, catalog)
    within = iceberg.catalog.TableIdentifier.parse(f"{database}.any").namespace()
    existing = {found.name(): found for found in known.listTables(within)}

    def ensure(table: Table) -> None:
        if table.name not in existing:
            spark.sql(create_statement(table, namespace, location))
            return
        # Another process may have written to it; Iceberg's catalog keeps a table for 30 s.
        known.invalidateTable(existing[table.name])
        found = known.loadTable(existing[table.name])
        fields = json.loads(iceberg.SchemaParser.toJson(found.schema()))["fields"]
        partition = json.loads(iceberg.PartitionSpecParser.toJson(found.spec()))["fields"]
        held = {key: found.properties().get(key) for key in PROPERTIES}
        for change in _changes(table, fields, partition, held):
            spark.sql(f"ALTER TABLE {namespace}.`{table.name}` {change}")

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        list(pool.map(ensure, MADE))


def dates_of_earlier_layout(spark: SparkSession, namespace: str, table: Table) -> set[date]:
    """The flight dates of which the table has files from before its last partition field was added.

    Such a file can hold rows of several of today's partitions: Iceberg refuses to overwrite some of them alone.
    """
    name = f"{namespace}.{table.name}"
    found = _iceberg(spark).spark.Spark3Util.loadIcebergTable(spark._jsparkSession, name)
    if found.specs().size() == 1:
        return set()
    earlier = f"spec_id <> {found.spec().specId()}"
    files = spark.sql(f"SELECT DISTINCT partition.flight_date AS day FROM {name}.data_files WHERE {earlier}")
    return {row.day for row in files.collect()}


def _changes(
    table: Table, fields: list[dict[str, Any]], partition: list[dict[str, Any]], properties: dict[str, str | None]
) -> Iterator[str]:
    """What is to be done to a table that has these fields and partition fields (as Iceberg's JSON), and properties."""
    names = {field["id"]: field["name"] for field in fields}
    if missing := [column for column in table.columns.values() if column.name not in names.values()]:
        yield f"ADD COLUMNS ({', '.join(map(_declared, missing))})"
    parted_by = {_partition_field(names[field["source-id"]], field["transform"]) for field in partition}
    yield from (f"ADD PARTITION FIELD {field}" for field in table.partition if field not in parted_by)
    if unset := {key: value for key, value in PROPERTIES.items() if properties[key] != value}:
        yield f"SET TBLPROPERTIES ({_listed(unset)})"


def _iceberg(spark: SparkSession) -> Any:
    """Iceberg's own Java API."""
    jvm: Any = spark.sparkContext._jvm
    return jvm.org.apache.iceberg


def _partition_field(column: str, transform: str) -> str:
    """The field as Spark's SQL writes it: Iceberg's `year` of a column is its `years(column)`."""
    return column if transform == "identity" else f"{transform}s({column})"


def _listed(properties: dict[str, str]) -> str:
    return ", ".join(f"'{name}' = '{value}'" for name, value in properties.items())


def _declared(column: Column) -> str:
    return f"`{column.name}` {column.type} COMMENT {literal(column.meaning)}"
