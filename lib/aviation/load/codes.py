"""Columns as whole numbers that sort as their values do: what numpy can compare, for every type that is observed."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]
NULL = np.iinfo(np.int64).min
"""The code of null: lower than that of any value."""


class Coded(NamedTuple):
    """A column's codes, and what makes a column of codes again. Codes of two columns cannot be compared."""

    codes: Codes
    decode: Callable[[Codes], pa.Array]


def coded(column: pa.ChunkedArray) -> Coded:
    """The codes of a column of text (which sorts by its UTF-8 bytes), whole numbers, times, flags or finite floats."""
    values = column.combine_chunks()
    if pa.types.is_string(values.type):
        return _coded_text(values)
    nulls = np.asarray(values.is_null())
    if pa.types.is_floating(values.type):
        bits = np.asarray(values.fill_null(0.0)).view(np.int64)
        return Coded(np.where(nulls, NULL, _flipped(bits)), _decode_floats)
    codes = np.asarray(values.cast(pa.int64()).fill_null(NULL))
    return Coded(codes, lambda chosen: _array(chosen).cast(values.type))


def numbered(column: pa.ChunkedArray) -> Codes:
    """Numbers from 0, the same for the same value, in no order; the column has no nulls."""
    return np.asarray(column.combine_chunks().dictionary_encode().indices).astype(np.int64)


def instants(column: pa.ChunkedArray) -> Codes:
    """Times as microseconds; the column has no nulls."""
    return np.asarray(column.combine_chunks().cast(pa.int64()))


def times(microseconds: Codes, nulls: Mask | None = None) -> pa.Array:
    """`instants` the other way."""
    return pa.array(microseconds, mask=nulls).cast(pa.timestamp("us"))


def changes(values: NDArray[np.generic]) -> Mask:
    """Where a value differs from the one before; so does the first."""
    changed = np.ones(len(values), bool)
    changed[1:] = values[1:] != values[:-1]
    return changed


def _coded_text(values: pa.Array) -> Coded:
    encoded = values.dictionary_encode()
    order = pc.sort_indices(encoded.dictionary)
    # The last is the rank of null, which is given the index -1.
    ranks = np.full(len(order) + 1, NULL)
    ranks[np.asarray(order)] = np.arange(len(order))
    in_order = encoded.dictionary.take(order)
    return Coded(ranks[np.asarray(encoded.indices.fill_null(-1))], lambda chosen: in_order.take(_array(chosen)))


def _array(codes: Codes) -> pa.Array:
    nulls = codes == NULL
    return pa.array(np.where(nulls, 0, codes), mask=nulls)


def _decode_floats(codes: Codes) -> pa.Array:
    return pa.array(_flipped(codes).view(np.float64), mask=codes == NULL)


def _flipped(bits: Codes) -> Codes:
    """The bits of floats as numbers that sort as the floats, and back: more bits are less in a negative float."""
    return bits ^ ((bits >> 63) & np.iinfo(np.int64).max)
