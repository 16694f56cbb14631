"""The load's rows as Arrow: the columns' types, and tables that travel through Spark as bytes.

Rows travel packed: Spark moves a few large values between its tasks, and compiles no plan as wide as the tables.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.abc import MetaPathFinder

import pyarrow as pa

from aviation.columns import OBSERVATIONS, Column

# UTC, or an airport's local time, as `aviation.columns` has them.
INSTANT = pa.timestamp("us")
# Spark's types, as the declarations name them.
TYPES = {
    "string": pa.string(),
    "timestamp_ntz": INSTANT,
    "date": pa.date32(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "array<string>": pa.list_(pa.string()),
}


def schema(columns: Mapping[str, Column]) -> pa.Schema:
    """The Arrow schema of declared columns."""
    return pa.schema([(name, TYPES[column.type]) for name, column in columns.items()])


OBSERVED = schema(OBSERVATIONS.columns)


def pack(table: pa.Table) -> bytes:
    """The table as bytes."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def unpack(packed: Iterable[bytes | pa.Buffer], schema: pa.Schema) -> pa.Table:
    """The tables in `packed` as one, in one chunk; empty, of `schema`, where there are none."""
    tables = [pa.ipc.open_stream(content).read_all() for content in packed]
    return pa.concat_tables(tables).combine_chunks() if tables else schema.empty_table()


def texts_as(texts: Sequence[str | None], kind: pa.DataType) -> pa.Array:
    """Values of the type from their text, as the readers of `leaves` write it."""
    return pa.array(texts, pa.string()).cast(kind)


def read_texts(rows: Sequence[Mapping[str, str | None]], schema: pa.Schema) -> pa.Table:
    """Rows whose values are text, as a table of `schema`."""
    columns = [texts_as([row[field.name] for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


class _WithoutPandas(MetaPathFinder):
    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)


def without_pandas() -> None:
    """Keep pyarrow in this process from importing pandas, which it does with the first value that it takes or gives,
    if only to know pandas' own: a worker of Spark's would wait most of a second for it."""
    finder = _WithoutPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.scalar(None)  # pyarrow looks for pandas once
    finally:
        sys.meta_path.remove(finder)
