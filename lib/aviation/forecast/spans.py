"""Sums over what holds at an instant: the one way in which features count other legs.

A span adds its amounts to its group from one instant until another. The sum at an instant is that of all spans which
have begun by then, less that of those which have ended: two look-ups in running totals, whatever the number of spans.
Amounts are whole numbers, so a sum does not depend on what else there is.
"""

import numpy as np

from aviation.forecast.known import Mask, Numbers

MINUTES = np.int64(2**26)
"""Later than every minute until the year 2097: leaves room for 2**37 groups."""


class Spans:
    """Spans of groups (numbers from 0) with one or more amounts (a column each); `begin` ≤ t < `end`."""

    def __init__(self, group: Numbers, begin: Numbers, end: Numbers, *amounts: Numbers | Mask):
        is_one = begin < end
        group, begin, end = group[is_one], begin[is_one], end[is_one]
        values = [np.asarray(each, np.int64)[is_one] for each in amounts]
        self._begun, self._ended = _Totals(group, begin, values), _Totals(group, end, values)

    def at(self, group: Numbers, at: Numbers) -> list[Numbers]:
        """The sum of each amount in each group at each instant."""
        begun, ended = self._begun.until(group, at), self._ended.until(group, at)
        return [more - less for more, less in zip(begun, ended, strict=True)]


class _Totals:
    def __init__(self, group: Numbers, at: Numbers, values: list[Numbers]):
        place = group * MINUTES + np.minimum(at, MINUTES - 1)
        order = np.argsort(place, kind="stable")
        self._place = place[order]
        self._totals = [np.append(0, np.cumsum(each[order])) for each in values]

    def until(self, group: Numbers, at: Numbers) -> list[Numbers]:
        end = np.searchsorted(self._place, group * MINUTES + at, "right")
        begin = np.searchsorted(self._place, group * MINUTES)
        return [total[end] - total[begin] for total in self._totals]
