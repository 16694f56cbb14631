"""The Iceberg tables in Spark: the statements that make them as `aviation.columns` declares them."""

from pyspark.sql import SparkSession

from aviation.columns import TABLES, Column, Table

# A task writes the flight dates that it holds as they come: small loads run in one task, so a date is one file, and no
# load pays a shuffle only to write. Old metadata files go with the commit that replaces them.
PROPERTIES = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    "write.target-file-size-bytes": str(128 << 20),
    "write.distribution-mode": "none",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "50",
}


def create_statement(table: Table, namespace: str, location: str) -> str:
    """The DDL that makes the table in `namespace` (`catalog.database`), its files under the URI `location`."""
    columns = ", ".join(_declared(column) for column in table.columns.values())
    partitions = f" PARTITIONED BY ({table.partition})" if table.partition else ""
    properties = ", ".join(f"'{name}' = '{value}'" for name, value in PROPERTIES.items())
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
    """Make the tables and columns that are missing, and have this session read anew those that exist."""
    existing = {row.tableName for row in spark.sql(f"SHOW TABLES IN {namespace}").collect()}
    for table in TABLES:
        name = f"{namespace}.`{table.name}`"
        if table.name not in existing:
            spark.sql(create_statement(table, namespace, location))
            continue
        # Another process may have written to it; Iceberg's catalog keeps a table for 30 s.
        spark.catalog.refreshTable(name)
        columns = set(spark.table(name).columns)
        if missing := [column for column in table.columns.values() if column.name not in columns]:
            spark.sql(f"ALTER TABLE {name} ADD COLUMNS ({', '.join(map(_declared, missing))})")


def _declared(column: Column) -> str:
    return f"`{column.name}` {column.type} COMMENT {literal(column.meaning)}"
