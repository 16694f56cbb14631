"""Local times to UTC, by the clocks that Python has of time zones."""

import re
from datetime import timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# An offset as `leaves.read_zone` writes it, within the ±18 hours that a zone can be off.
_OFFSET = re.compile("([+-])(0[0-9]|1[0-7]|18(?=:00)):([0-5][0-9])")
# What clocks that go back repeat: half an hour on Lord Howe Island, an hour elsewhere.
_REPEATED = np.array([timedelta(minutes=30), timedelta(hours=1)], "m8[us]")


class Instants(NamedTuple):
    """What local times are in UTC (timestamps), and whether each occurred twice, or never (booleans)."""

    utc: pa.Array
    repeated: pa.Array
    skipped: pa.Array


@lru_cache(4096)
def clock(zone: str) -> tzinfo:
    """The clock of an IANA name or of an offset. ZoneInfoNotFoundError where Python has none of that name."""
    if offset := _OFFSET.fullmatch(zone):
        sign, hours, minutes = offset.groups()
        east = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(east if sign == "+" else -east)
    return ZoneInfo(zone)


def is_known(zone: str, listed: frozenset[str]) -> bool:
    """Whether the zone is an offset, or a name that is `listed` and that Python has a clock of."""
    if zone not in listed:
        return bool(_OFFSET.fullmatch(zone))
    try:
        clock(zone)
    except ZoneInfoNotFoundError:
        return False
    return True


def to_utc(zones: pa.Array, local: pa.Array) -> Instants:
    """The instants of `local` (timestamps) on the clocks of `zones` (text, all of them known); null where either is.

    A time that the clocks skipped is moved on by what was skipped; of one that they repeated it is the first.
    """
    zones, local = zones.dictionary_encode(), local.dictionary_encode()
    times = local.dictionary.to_numpy()
    pairs = pc.add(pc.multiply(zones.indices.cast(pa.int64()), len(times)), local.indices.cast(pa.int64()))
    # Few are distinct: a day has 1,440 minutes, and most of its flights are in a few dozen zones.
    pairs = pairs.dictionary_encode()
    zone, time = np.divmod(pairs.dictionary.to_numpy(), len(times))
    clocks = [clock(name) for name in zones.dictionary.to_pylist()]
    given = [(clocks[place], moment) for place, moment in zip(zone, times[time].tolist(), strict=True)]
    # The offset before a change of the clocks, and the one after: they differ for times that it skipped or repeated.
    first = np.array([clock.utcoffset(moment) for clock, moment in given], "m8[us]")
    second = np.array([clock.utcoffset(moment.replace(fold=1)) for clock, moment in given], "m8[us]")
    utc = pa.array(times[time] - first, pa.timestamp("us"))
    repeated, skipped = np.isin(first - second, _REPEATED), second > first
    return Instants(*(pc.take(values, pairs.indices) for values in (utc, pa.array(repeated), pa.array(skipped))))
