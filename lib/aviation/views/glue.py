"""Athena's views in the Glue catalog: a table of type VIRTUAL_VIEW whose text is a comment around base64 JSON.

AWS documents no such call; the form is that of Trino's Hive connector, which Athena reads: class HiveViewCodec
(`/* Presto View: <base64 of a ConnectorViewDefinition> */`), as Athena's own CREATE VIEW leaves it.
"""

import base64
import json

from aviation.views.declaration import HIVE_TYPES, View

_PREFIX, _SUFFIX = "/* Presto View: ", " */"


def put(glue, database: str, inputs: list[dict]) -> list[str]:
    """Create each of the views (each a TableInput), or update it where it differs; the names of those that changed."""
    pages = glue.get_paginator("get_tables").paginate(DatabaseName=database)
    there = {table["Name"]: table for page in pages for table in page["TableList"]}
    changed = []
    for wanted in inputs:
        found = there.get(wanted["Name"])
        if found and _essence(found) == _essence(wanted):
            continue
        (glue.update_table if found else glue.create_table)(DatabaseName=database, TableInput=wanted)
        changed.append(wanted["Name"])
    return changed


def table_input(view: View, text: str, database: str) -> dict:
    """The TableInput of Glue's CreateTable and UpdateTable for the view with the SQL `text`."""
    definition = {
        "originalSql": text,
        "catalog": "awsdatacatalog",
        # What unqualified names in the SQL are looked up in.
        "schema": database,
        "columns": [{"name": name, "type": kind} for name, (kind, _) in view.columns.items()],
    }
    return {
        "Name": view.name,
        "Description": view.question,
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        # Athena refuses a view that has none of the two.
        "PartitionKeys": [],
        "StorageDescriptor": {
            "Columns": [
                {"Name": name, "Type": HIVE_TYPES.get(kind, kind), "Comment": meaning}
                for name, (kind, meaning) in view.columns.items()
            ],
            "SerdeInfo": {},
        },
        "ViewOriginalText": _PREFIX + base64.b64encode(json.dumps(definition).encode()).decode() + _SUFFIX,
        "ViewExpandedText": "/* Presto View */",
    }


def sql_of(table: dict) -> str | None:
    """The SQL of a table of the Glue catalog that is one of Athena's views; None where it is none."""
    text = table.get("ViewOriginalText") or ""
    if table.get("TableType") != "VIRTUAL_VIEW" or not text.startswith(_PREFIX):
        return None
    return json.loads(base64.b64decode(text.removeprefix(_PREFIX).removesuffix(_SUFFIX)))["originalSql"]


def _essence(table: dict) -> tuple:
    """What of a view is compared: the catalog adds fields of its own."""
    columns = table.get("StorageDescriptor", {}).get("Columns", [])
    return (
        table.get("TableType"),
        table.get("Description"),
        table.get("Parameters", {}).get("presto_view"),
        table.get("ViewOriginalText"),
        [(column["Name"], column["Type"], column.get("Comment")) for column in columns],
    )
