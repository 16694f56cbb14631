"""Flight lines to rows of `flight_observations`, a column at a time: each distinct value is read once.

The rules are those of one record (`observation`, `identity`, `leaves`). What they refuse or warn of does not fit here,
and neither does whatever could be read in two ways: such lines are left to `read.outcome`, which says what they are.
"""

import json
from collections.abc import Callable
from functools import lru_cache
from string import capwords
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from aviation.columns import OBSERVATIONS, Kind, Leaf
from aviation.load.arrow import INSTANT, OBSERVED, texts_as
from aviation.load.identity import NO_AIRLINE, OWN
from aviation.load.leaves import READERS, read_word
from aviation.load.observation import flight_date, hashed
from aviation.load.read import FUTURE
from aviation.load.rules import Refused
from aviation.load.vocabulary import AIRLINE_KEYS, FLIGHT_KEYS, STATUSES

Reader = Callable[[Any], str | None]
_TEXT = pa.string()
_IN_JSON: dict[Kind, pa.DataType] = {"int": pa.int64(), "number": pa.float64(), "flag": pa.bool_()}
# The columns that the content hash covers, in its order.
_HASHED = OBSERVED.names[OBSERVED.names.index("content_hash") + 1 :]


def _of(block: str) -> dict[str, Leaf]:
    return {column.name: column.leaf for column in OBSERVATIONS.block(block) if column.leaf}


def _struct(block: str, **more: pa.DataType) -> pa.StructType:
    return pa.struct({leaf.key: _IN_JSON.get(leaf.kind, _TEXT) for leaf in _of(block).values()} | more)


_BLOCKS = {name: _struct(name) for name in ("departure", "arrival", "aircraft", "live")}
_BLOCKS["airline"] = pa.struct(dict.fromkeys(sorted(AIRLINE_KEYS), _TEXT))
_BLOCKS["flight"] = pa.struct(dict.fromkeys(sorted(FLIGHT_KEYS), _TEXT) | {"codeshared": _struct("codeshared")})
LINES = pa.schema(
    dict.fromkeys(("entity", "observed_at", "fetched_at", "run_id", "source"), _TEXT)
    | {"record": _struct("", flight_date=_TEXT, **_BLOCKS)}
)
# What one column or block holds, others hold too: most of all, times.
_BY_KIND: dict[Kind, Reader] = {kind: lru_cache(maxsize=1 << 16)(reader) for kind, reader in READERS.items()}


def _read_status(value: str) -> str | None:
    word = read_word(value)
    if word and word not in STATUSES:
        raise ValueError("not a known status")
    return word


_READERS: dict[str, Reader] = {
    column.name: _BY_KIND[column.leaf.kind] for column in OBSERVATIONS.columns.values() if column.leaf
} | {"flight_status_api": _read_status}


class Observed(NamedTuple):
    """Rows of `flight_observations`, when each was fetched (UTC without zone), and which of the lines they are of."""

    rows: pa.Table
    fetched_at: pa.Array
    fits: npt.NDArray[np.bool_]


def read_json(lines: list[bytes]) -> pa.Table | None:
    """The lines as one table of LINES, in one chunk; None where one of them is not valid JSON of that schema."""
    text = b"\n".join(lines) + b"\n"
    # Every line is an object from its first byte to its last: none goes on in the next line, as a newline cannot stand
    # in a text, nor `{` behind `}`, and there are as many rows as lines.
    if not text.startswith(b"{") or text.count(b"}\n{") != len(lines) - 1 or not text.endswith(b"}\n"):
        return None
    try:
        text.decode()  # pyarrow reads bytes that are not UTF-8 as they are
        table = pj.read_json(
            pa.BufferReader(text),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(text) + 1),
            parse_options=pj.ParseOptions(explicit_schema=LINES, unexpected_field_behavior="error"),
        )
    except (UnicodeDecodeError, pa.ArrowInvalid):
        return None
    return table.combine_chunks() if table.num_rows == len(lines) else None


def observed(lines: pa.Table) -> Observed:
    """The observations in lines that `read_json` has read."""
    block = _Block(lines.num_rows)
    record = lines["record"].chunk(0)
    for name in ("run_id", "source"):  # a key that is missing is null, too
        block.must(lines[name].chunk(0).is_valid())
    block.must(pc.equal(lines["entity"].chunk(0), "flights"))
    observed_at, fetched_at = (
        block.needed(block.read(lines[name].chunk(0), _BY_KIND["utc"]).typed(INSTANT))
        for name in ("observed_at", "fetched_at")
    )
    block.must(pc.less_equal(pc.subtract(observed_at, fetched_at), pa.scalar(FUTURE)))

    is_codeshare = _is_codeshare(record, block)
    columns = {name: block.read(leaf, _READERS[name]) for name, leaf in _leaves(record, is_codeshare, block).items()}
    rows = {name: column.typed(OBSERVED.field(name).type) for name, column in columns.items()}
    day = block.needed(block.read(pc.struct_field(record, "flight_date"), flight_date).text())
    rows |= {
        "observed_at": observed_at,
        "flight_date": day.cast(OBSERVED.field("flight_date").type),
        "is_operating": pc.invert(is_codeshare),
        **_identity(day, block.needed(columns["dep_scheduled_local"].text()), rows, block),
    }
    in_json = {"is_operating": pc.if_else(is_codeshare, '"false"', '"true"')}
    in_json |= {name: column.in_json() for name, column in columns.items()}
    rows["content_hash"] = _content_hashes(rows["flight_key"], [in_json[name] for name in _HASHED])
    fits = pa.array(block.fits)
    table = pa.Table.from_arrays([rows[name] for name in OBSERVED.names], schema=OBSERVED)
    return Observed(table.filter(fits), fetched_at.filter(fits), block.fits)


class _Column(NamedTuple):
    """A column's distinct texts, and which of them each line has, if any."""

    texts: list[str | None]
    which: pa.Array

    def typed(self, kind: pa.DataType) -> pa.Array:
        return texts_as(self.texts, kind).take(self.which)

    def text(self) -> pa.Array:
        return self.typed(_TEXT)

    def in_json(self) -> pa.Array:
        # A newline within a text is escaped, so that one stands between them only.
        in_json = json.dumps(self.texts, separators=("\n", ":"))[1:-1].split("\n")
        return pa.array(in_json, _TEXT).take(self.which)


class _Block:
    """Lines that are read together; `fits` says of each whether it may be read here."""

    def __init__(self, lines: int):
        self.fits = np.ones(lines, dtype=bool)

    def must(self, hold: pa.Array) -> None:
        """Lines for which `hold` is false or null do not fit."""
        self.fits &= np.asarray(hold.fill_null(False))

    def needed(self, values: pa.Array) -> pa.Array:
        """The values; a line without one does not fit."""
        self.must(values.is_valid())
        return values

    def read(self, values: pa.Array, reader: Reader) -> _Column:
        """What `reader` makes of each value; a line with one that it does not take does not fit."""
        encoded = values.dictionary_encode()
        texts: list[str | None] = []
        unreadable = []
        for number, value in enumerate(encoded.dictionary.to_pylist()):
            try:
                texts.append(reader(value))
            except (ValueError, OverflowError, Refused):
                texts.append(None)
                unreadable.append(number)
        if unreadable:
            self.fits &= ~np.isin(np.asarray(encoded.indices.fill_null(-1)), unreadable)
        return _Column(texts, encoded.indices)


def _is_codeshare(record: pa.Array, block: _Block) -> pa.Array:
    codeshared = pc.struct_field(record, ["flight", "codeshared"])
    # An empty block is none, and one whose values are all null is one: here the two look the same.
    named = np.logical_or.reduce([np.asarray(values.is_valid()) for values in codeshared.flatten()])
    block.fits &= named | np.asarray(codeshared.is_null())
    return codeshared.is_valid()


def _leaves(record: pa.Array, is_codeshare: pa.Array, lines: _Block) -> dict[str, pa.Array]:
    """The leaf of each line that a column is read from, by column."""
    nothing = pa.scalar(None, _TEXT)
    leaves = {"codeshare": pc.if_else(is_codeshare, pc.struct_field(record, ["flight", "iata"]), nothing)}
    for name, leaf in _of("codeshared").items():
        theirs = pc.struct_field(record, ["flight", "codeshared", leaf.key])
        own = pc.struct_field(record, list(OWN[leaf.key]))
        if name == "airline_name":
            theirs = lines.read(theirs, capwords).text()
            own = pc.if_else(pc.equal(own, NO_AIRLINE), nothing, own)
        leaves[name] = pc.if_else(is_codeshare, theirs, own)
    for block in ("", "departure", "arrival", "aircraft", "live"):
        for name, leaf in _of(block).items():
            leaves[name] = pc.struct_field(record, [block, leaf.key] if block else leaf.key)
    return leaves


def _identity(day: pa.Array, scheduled: pa.Array, rows: dict[str, pa.Array], block: _Block) -> dict[str, pa.Array]:
    """`identity.flight_key` of each line: its columns `flight_key` and `identity`."""
    departure, arrival = (
        block.needed(pc.coalesce(rows[f"{side}_iata"], rows[f"{side}_icao"])) for side in ("dep", "arr")
    )
    airline = pc.coalesce(rows["airline_icao"], rows["airline_iata"])
    by_number = pc.binary_join_element_wise(day, departure, airline, rows["flight_number"], "|")
    by_slot = pc.binary_join_element_wise(day, departure, arrival, scheduled, "|")
    return {
        "flight_key": pc.coalesce(by_number, by_slot),
        "identity": pc.if_else(by_number.is_valid(), "number", "slot"),
    }


def _content_hashes(keys: pa.Array, in_json: list[pa.Array]) -> pa.Array:
    """`observation.content_hash` of each line's key and values, which are JSON already."""
    encoded = keys.dictionary_encode()
    key = _Column(encoded.dictionary.to_pylist(), encoded.indices).in_json()
    joined = pc.binary_join_element_wise(key, *in_json, ",", null_handling="replace", null_replacement="null")
    return pa.array([hashed(b"[%b]" % text) for text in joined.cast(pa.binary()).to_pylist()], _TEXT)
