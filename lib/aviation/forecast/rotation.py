"""The legs that an aircraft flies before another, as far as they are known, and the lateness that they hand on."""

from itertools import pairwise

import numpy as np

from aviation.forecast.known import NEVER, Known, Numbers, Reals
from aviation.forecast.newest import Newest

LONGEST = 20 * 60
"""An aircraft's leg that was to leave longer before, in minutes, says nothing of this one."""
HOPS = 4
"""So many legs before a leg are looked at."""


def chain(known: Known, version: Numbers, at: Numbers) -> list[Numbers]:
    """The version of the leg that the aircraft of each `version` was to fly last before it, as known at each instant;
    of the leg before that one; and so on, HOPS arrays. -1 where no aircraft or no such leg is known."""
    tail = np.unique(known.tail, return_inverse=True)[1].astype(np.int64)
    flown = Newest(known, (known.tail != "") & ~known.is_cancelled, tail, known.dep)
    legs = []
    for _ in range(HOPS):
        is_one = (version >= 0) & (known.tail[version] != "")
        asked, found = version[is_one], np.full(len(version), -1)
        found[is_one] = flown.before(tail[asked], known.dep[asked], at[is_one], LONGEST)
        legs.append(version := found)
    return legs


def features(known: Known, version: Numbers, at: Numbers) -> dict[str, Reals]:
    """Of the aircraft's leg before, in minutes: how late it is (at least: what is known, and what the legs before it
    hand on), what is left of the time between after a flight back, by how much it is later than that, how long before
    this departure it was to leave, and the time from its scheduled arrival to this departure. NaN where no such leg is
    known."""
    legs = chain(known, version, at)
    late = np.full(len(version), -NEVER)
    # From the far end of the chain on. The first leg has none before it that is known.
    for row, earlier in reversed([*pairwise(legs), (legs[-1], np.full(len(version), -1))]):
        handed_on = np.where(earlier >= 0, late - _slack(known, row, earlier), 0)
        late = _late(known, row, at, handed_on)
    row = legs[0]
    slack = _slack(known, version, row)
    values = {
        "aircraft_late": late,
        "aircraft_slack": slack,
        "aircraft_push": late - slack,
        "aircraft_left_ago": known.dep[version] - known.dep[row],
        "aircraft_gap": known.dep[version] - known.arr[row],
    }
    return {name: np.where(row >= 0, each, np.nan).astype(np.float64) for name, each in values.items()}


def _late(known: Known, row: Numbers, at: Numbers, handed_on: Numbers) -> Numbers:
    """How late each leg is: at its arrival, else at its departure, else at least as late as it is overdue, and as what
    the leg before hands on."""
    late = np.where(
        known.left[row] < NEVER, known.dep_delay[row], np.maximum(np.maximum(0, at - known.dep[row]), handed_on)
    )
    return np.where(known.landed[row] < NEVER, known.arr_delay[row], late)


def _slack(known: Known, row: Numbers, earlier: Numbers) -> Numbers:
    """What is left of the time from the earlier leg's arrival to the next departure after a flight back of the same
    length, where it ended elsewhere: who polls some airports' departures does not see that flight."""
    back = np.where(known.dest[earlier] == known.origin[row], 0, known.arr[earlier] - known.dep[earlier])
    return known.dep[row] - known.arr[earlier] - back
