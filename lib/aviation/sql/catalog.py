"""What the Glue database has: the Iceberg tables, and the views over them."""

from dataclasses import dataclass, field

from aviation import aws
from aviation.places import place
from aviation.views.glue import sql_of


@dataclass(frozen=True)
class Catalog:
    """A Glue database's contents, every name in lower case, as the catalog has them.

    `tables` gives the metadata location (s3://...) of each Iceberg table, `views` the SQL of each view in Athena's
    dialect, `columns` the names of the columns of both, in order.
    """

    database: str = "aviation"
    tables: dict[str, str] = field(default_factory=dict)
    views: dict[str, str] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)


def read() -> Catalog:
    """The database of the stack in use."""
    database = place("Database")
    catalog = Catalog(database)
    for page in aws.client("glue").get_paginator("get_tables").paginate(DatabaseName=database):
        for table in page["TableList"]:
            name = table["Name"]
            catalog.columns[name] = _columns(table)
            if location := table.get("Parameters", {}).get("metadata_location"):
                catalog.tables[name] = location
            elif text := sql_of(table):
                catalog.views[name] = text
    return catalog


def _columns(table: dict) -> list[str]:
    # Iceberg leaves the columns that a table once had in the catalog, marked.
    return [
        column["Name"]
        for column in table.get("StorageDescriptor", {}).get("Columns", [])
        if column.get("Parameters", {}).get("iceberg.field.current") != "false"
    ]
