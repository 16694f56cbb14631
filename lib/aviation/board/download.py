"""An answer as a file: CSV, or Parquet with the type of each column.

What a table says stays as it is: a text that a spreadsheet would take for a formula (`=1+1`) is that text in the file
too. Import such a file as text, or take Parquet.
"""

import csv
import io
import json
import types
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pyarrow as pa
import pyarrow.parquet as pq
from fastapi import Query
from fastapi.responses import Response
from pydantic import BaseModel

Form = Literal["json", "csv", "parquet"]
MEDIA = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
_MEANING = (
    "json, or the rows as a file: csv, or parquet with a type for each column. A text stays as it is, also where a "
    "spreadsheet would take it for a formula."
)
FormOf = Annotated[Form, Query(alias="format", description=_MEANING)]
_FILE = {"schema": {"type": "string", "format": "binary"}}
FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind.partition(";")[0]: _FILE for kind in MEDIA.values()}},
}
"""For `responses` of an address that gives files too."""
# As far as the models of the board use them.
KINDS = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_(), date: pa.date32()}


def rows(found: Sequence[BaseModel], kind: type[BaseModel], form: Form, name: str) -> Response:
    """The models, all of type `kind`, as a file called `name`, a row each."""
    schema = pa.schema([(field, _type(about.annotation)) for field, about in kind.model_fields.items()])
    return file(pa.Table.from_pylist([model.model_dump() for model in found], schema), form, name)


def file(table: pa.Table, form: Form, name: str) -> Response:
    """The table as a file called `name`, without its ending."""
    body = _parquet(table) if form == "parquet" else _csv(table)
    safe = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_" for letter in name)
    return Response(
        body, media_type=MEDIA[form], headers={"Content-Disposition": f'attachment; filename="{safe}.{form}"'}
    )


def plain(value: Any) -> Any:
    """A value of a table as JSON has it: times in ISO 8601, decimals as text, bytes as hexadecimal digits, what is no
    number as null."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return str(value)


def text(value: Any) -> str:
    """A value of a table as a cell of CSV: empty for null; lists and structures as JSON."""
    found = plain(value)
    if isinstance(found, list | dict):
        return json.dumps(found, ensure_ascii=False)
    if isinstance(found, bool):
        return str(found).lower()
    return "" if found is None else str(found)


def _csv(table: pa.Table) -> bytes:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(table.column_names)
    columns = [column.to_pylist() for column in table.columns]
    writer.writerows([text(value) for value in row] for row in zip(*columns, strict=True))
    return written.getvalue().encode(errors="replace")


def _parquet(table: pa.Table) -> bytes:
    # Two kinds that Parquet lacks are text.
    for place, field in enumerate(table.schema):
        if pa.types.is_interval(field.type) or pa.types.is_null(field.type):
            values = [None if value is None else str(value) for value in table.column(place).to_pylist()]
            table = table.set_column(place, field.name, pa.array(values, pa.string()))
    written = io.BytesIO()
    pq.write_table(table, written)
    return written.getvalue()


def _type(annotation: Any) -> pa.DataType:
    """The type of a model's field; its values are null where the field may be None."""
    origin, parts = get_origin(annotation), [part for part in get_args(annotation) if part is not type(None)]
    if origin in (Union, types.UnionType) and len(parts) == 1:
        return _type(parts[0])
    if origin is Literal:
        return pa.string()
    if origin in (list, tuple):
        return pa.list_(_type(parts[0]))
    if annotation is datetime:
        return pa.timestamp("us")
    if is_dataclass(annotation):
        return pa.struct([(field.name, _type(field.type)) for field in fields(annotation)])
    return KINDS[annotation]
