"""The leg that an aircraft flies before another, as far as it is known."""

import numpy as np

from aviation.forecast.known import NEVER, Known, Numbers, Reals

LONGEST = 20 * 60
"""An aircraft's leg that was to leave longer before, in minutes, says nothing of this one."""

NAMES = ("aircraft_late", "aircraft_slack", "aircraft_push", "aircraft_left_ago", "aircraft_gap", "aircraft_legs")


def before(known: Known, version: Numbers, at: Numbers) -> Numbers:
    """The version, at each instant, of the leg that the aircraft of each `version` was to fly last before it; -1 where
    no aircraft or no such leg is known."""
    tails, tail = np.unique(known.tail, return_inverse=True)
    has_tail = tails[tail] != ""
    # The spells in which a leg was known to be flown by an aircraft, by aircraft and scheduled departure.
    rows = np.flatnonzero(has_tail)
    place = tail[rows] * NEVER + known.dep[rows]
    order = np.lexsort((known.since[rows], place))
    rows, place = rows[order], place[order]
    step = np.searchsorted(place, tail[version] * NEVER + known.dep[version], "left") - 1
    found = np.full(len(version), -1)
    open_ = np.flatnonzero(has_tail[version] & (step >= 0))
    while len(open_):
        row = rows[step[open_]]
        is_near = (tail[row] == tail[version[open_]]) & (known.dep[row] > known.dep[version[open_]] - LONGEST)
        held = is_near & (known.since[row] <= at[open_]) & (at[open_] < known.until[row]) & ~known.is_cancelled[row]
        found[open_[held]] = row[held]
        open_ = open_[is_near & ~held]
        step[open_] -= 1
        open_ = open_[step[open_] >= 0]
    return found


def features(known: Known, version: Numbers, at: Numbers) -> dict[str, Reals]:
    """Of the aircraft's leg before, in minutes: how late it is known to be (at least), what is left of the time between
    after a flight back of the same length, by how much it is later than that, how long ago it was to leave, and the
    time from its scheduled arrival to this departure. NaN where no such leg is known."""
    row = before(known, version, at)
    has = row >= 0
    late = np.where(known.left[row] < NEVER, known.dep_delay[row], np.maximum(0, at - known.dep[row]))
    late = np.where(known.landed[row] < NEVER, known.arr_delay[row], late)
    gap = known.dep[version] - known.arr[row]
    slack = gap - (known.arr[row] - known.dep[row])
    values = {
        "aircraft_late": late,
        "aircraft_slack": slack,
        "aircraft_push": late - slack,
        "aircraft_left_ago": known.dep[version] - known.dep[row],
        "aircraft_gap": gap,
    }
    return {name: np.where(has, each, np.nan).astype(np.float64) for name, each in values.items()}
