"""What the Glue database has: the Iceberg tables, and the views over them."""

import difflib
from dataclasses import dataclass, field
from typing import Any

from aviation import aws
from aviation.errors import QueryError
from aviation.places import place
from aviation.views.glue import sql_of

GLUE = "awsdatacatalog"
"""What Athena calls the Glue catalog."""


@dataclass(frozen=True)
class GlueColumn:
    """A column's type, by Glue's (Hive's) name, and its meaning; either is empty where the catalog says nothing."""

    type: str = ""
    meaning: str = ""


@dataclass(frozen=True)
class Catalog:
    """A Glue database's contents, every name in lower case, as the catalog has them.

    `tables` gives the metadata location (s3://...) of each Iceberg table, `views` the SQL of each view in Athena's
    dialect, `columns` the columns of both by name, in order.
    """

    database: str = "aviation"
    tables: dict[str, str] = field(default_factory=dict)
    views: dict[str, str] = field(default_factory=dict)
    columns: dict[str, dict[str, GlueColumn]] = field(default_factory=dict)

    def missing(self, name: str) -> QueryError:
        """The error where there is no such table or view: which name is near it, and which there are."""
        near = difflib.get_close_matches(name.lower(), [*self.tables, *self.views], n=1)
        hint = f" (did you mean '{near[0]}'?)" if near else ""
        kinds = (("tables", self.tables), ("views", self.views))
        known = " and ".join(f"the {kind} {', '.join(sorted(names))}" for kind, names in kinds if names)
        known = known or "none yet: run 'aviation produce flights', then 'aviation load'"
        return QueryError(f"there is no table '{name}' in the database '{self.database}'{hint}: there are {known}")


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


def _columns(table: dict[str, Any]) -> dict[str, GlueColumn]:
    # Iceberg leaves the columns that a table once had in the catalog, marked.
    return {
        column["Name"]: GlueColumn(column.get("Type", ""), column.get("Comment", ""))
        for column in table.get("StorageDescriptor", {}).get("Columns", [])
        if column.get("Parameters", {}).get("iceberg.field.current") != "false"
    }
