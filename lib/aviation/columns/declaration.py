"""What a column and a table are.

Types are Spark's. Times are `timestamp_ntz`, holding UTC, or an airport's local time where the name ends in `_local`:
Spark's own timestamp becomes a `timestamp with time zone`, which Athena's DDL refuses.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "text",
    "code",
    "key_code",
    "flight_number",
    "flight_code",
    "terminal",
    "word",
    "zone",
    "local",
    "utc",
    "date",
    "int",
    "number",
    "flag",
]
# The type of the column that a leaf of each kind is read into.
TYPES: dict[Kind, str] = {
    "text": "string",
    "code": "string",
    "key_code": "string",
    "flight_number": "string",
    "flight_code": "string",
    "terminal": "string",
    "word": "string",
    "zone": "string",
    "local": "timestamp_ntz",
    "utc": "timestamp_ntz",
    "date": "date",
    "int": "int",
    "number": "double",
    "flag": "boolean",
}
# How most meanings of what the API gives end.
NONE = "null if the API gave none"


@dataclass(frozen=True)
class Leaf:
    """The leaf `key` of the block `block` of the API's record (`""` is the record itself); `kind` is how it is read
    (`aviation.load.leaves.READERS`)."""

    block: str
    key: str
    kind: Kind


@dataclass(frozen=True)
class Column:
    """A column: its type in Spark's SQL, and where it comes from; without a leaf the load works it out.

    `meaning` is one sentence of at most 200 characters (the Glue catalog takes 255): what it is, its unit, UTC or
    local, when it is null.
    """

    name: str
    type: str
    meaning: str
    leaf: Leaf | None = None


@dataclass(frozen=True)
class Table:
    """A table: what `one_row` of it is, in words, the columns that are its `key`, and all columns by name, in order.

    `partition` are the fields that its files are parted by, as Spark's SQL writes them: `flight_date`,
    `months(finished_at)`.
    """

    name: str
    one_row: str
    key: tuple[str, ...]
    columns: dict[str, Column]
    partition: tuple[str, ...] = ()

    @property
    def meaning(self) -> str:
        """What one row is, and the key."""
        return f"One row is {self.one_row}. Key: {', '.join(self.key)}."

    def block(self, name: str) -> tuple[Column, ...]:
        """The columns that are read from the block `name` of a record, in order."""
        return tuple(column for column in self.columns.values() if column.leaf and column.leaf.block == name)


def table(name: str, one_row: str, key: tuple[str, ...], *columns: Column, partition: tuple[str, ...] = ()) -> Table:
    """The declaration of a table with these columns."""
    return Table(name, one_row, key, {column.name: column for column in columns}, partition)


def read(name: str, kind: Kind, meaning: str, *, block: str = "", key: str | None = None) -> Column:
    """The declaration of a column that is read from a leaf, whose key is the column's name unless given."""
    return Column(name, TYPES[kind], meaning, Leaf(block, key or name, kind))
