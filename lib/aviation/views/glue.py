"""Athena's views in the Glue catalog: a table of type VIRTUAL_VIEW whose text is a comment around base64 JSON.

AWS documents no such call; the form is that of Trino's Hive connector, which Athena reads: class HiveViewCodec
(`/* Presto View: <base64 of a ConnectorViewDefinition> */`), as Athena's own CREATE VIEW leaves it.
"""

import base64
import contextlib
import json
from typing import Any

from aviation.views.declaration import HIVE_TYPES, View

_PREFIX, _SUFFIX = "/* Presto View: ", " */"


def put(glue: Any, database: str, inputs: list[dict[str, Any]]) -> list[str]:
    """Create each of the views (each a TableInput), or update it where it differs; the names of those that changed.

    `glue` is a boto3 client.
    """
    pages = glue.get_paginator("get_tables").paginate(DatabaseName=database)
    existing = {table["Name"]: table for page in pages for table in page["TableList"]}
    changed = []
    for wanted in inputs:
        current = existing.get(wanted["Name"])
        if current and _essence(current) == _essence(wanted):
            continue
        _put(glue, DatabaseName=database, TableInput=wanted, is_new=not current)
        changed.append(wanted["Name"])
    return changed


def _put(glue: Any, *, is_new: bool, **view: Any) -> None:
    """Create or update it; update it too where another load has created it by now, or the answer to a try was lost."""
    if is_new:
        with contextlib.suppress(glue.exceptions.AlreadyExistsException):
            glue.create_table(**view)
            return
    glue.update_table(**view)


def table_input(view: View, text: str, database: str) -> dict[str, Any]:
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


def sql_of(table: dict[str, Any]) -> str | None:
    """The SQL of a table of the Glue catalog that is one of Athena's views; None where it is none."""
    text = table.get("ViewOriginalText") or ""
    if table.get("TableType") != "VIRTUAL_VIEW" or not text.startswith(_PREFIX):
        return None
    definition = json.loads(base64.b64decode(text.removeprefix(_PREFIX).removesuffix(_SUFFIX)))
    return str(definition["originalSql"])


def _essence(table: dict[str, Any]) -> tuple[object, ...]:
    """What of a view is compared: the catalog adds fields of its own."""
    columns = table.get("StorageDescriptor", {}).get("Columns", [])
    return (
        table.get("TableType"),
        table.get("Description"),
        table.get("Parameters", {}).get("presto_view"),
        table.get("ViewOriginalText"),
        [(column["Name"], column["Type"], column.get("Comment")) for column in columns],
    )
