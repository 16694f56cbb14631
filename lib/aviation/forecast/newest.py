"""The last thing of a group that was known at an instant: the leg that an aircraft flew before, the last departure."""

import numpy as np

from aviation.forecast.known import NEVER, Known, Mask, Numbers


class Newest:
    """The `counted` versions of `known`, by their group (a number from 0) and an instant `when`."""

    def __init__(self, known: Known, counted: Mask, group: Numbers, when: Numbers):
        rows = np.flatnonzero(counted)
        place = group[rows] * NEVER + when[rows]
        order = np.lexsort((known.since[rows], place))
        self._known, self._rows, self._place = known, rows[order], place[order]

    def before(self, group: Numbers, when: Numbers, at: Numbers, longest: int) -> Numbers:
        """Of the versions of each group that held at `at`, the one with the last instant before `when`, at most
        `longest` minutes before it; -1 where there is none."""
        known, rows, place = self._known, self._rows, self._place
        step = np.searchsorted(place, group * NEVER + when) - 1
        first = group * NEVER + np.maximum(when - longest, 0)
        found = np.full(len(group), -1)
        open_ = np.flatnonzero(step >= 0)
        while len(open_):
            # A version that does not hold then (not yet, no more) is passed over.
            open_ = open_[place[step[open_]] >= first[open_]]
            row = rows[step[open_]]
            held = (known.since[row] <= at[open_]) & (at[open_] < known.until[row])
            found[open_[held]] = row[held]
            open_ = open_[~held]
            step[open_] -= 1
            open_ = open_[step[open_] >= 0]
        return found
