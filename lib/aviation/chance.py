"""What a forecast's quantiles and probabilities say of a leg: how likely a delay is, and what is to be expected.

A leg's delay, if it leaves, is taken to lie evenly between its p10, p50 and p90: a tenth of its probability below p10,
four tenths on either side of p50, a tenth above p90; the slopes of the inner parts go on outside until nothing is left.
Outside of p10 and p90 a probability is thus a guess. What the forecast says of LATE_MIN minutes itself is one more
point, as far as the others leave it room.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from aviation.severity import WEIGHTS

LATE_MIN = 15
"""The minutes of `p_late`."""
SHARES = (1.0, 0.9, 0.5, 0.1, 0.0)
MEAN = (0.3, 0.4, 0.3)
"""What p10, p50 and p90 weigh in a mean. Source: Hurst, Brown and Swanson, "Swanson's 30-40-30 rule", AAPG Bulletin 84
(2000), 1883-1891."""


class Said(NamedTuple):
    """What a forecast says of a departure: quantiles of its delay in minutes, the probability to leave LATE_MIN minutes
    late or later, or never, and that of being cancelled."""

    p10: float
    p50: float
    p90: float
    p_late: float
    p_cancelled: float


def at_least(minutes: float, said: Said) -> float:
    """The probability to leave `minutes` late or later, or never. More minutes are never more probable."""
    points = _points(said)
    if minutes <= points[0][0]:
        return points[0][1]
    for (start, before), (end, then) in pairwise(points):
        if minutes <= end:  # and above the start, so that the two differ
            return then + (before - then) * (end - minutes) / (end - start)
    return points[-1][1]


def _points(said: Said) -> list[tuple[float, float]]:
    """Minutes, and the probability of as many or more, by minutes."""
    p10, p50, p90 = sorted(said[:3])
    edges = (p10 - (p50 - p10) / 4, p10, p50, p90, p90 + (p90 - p50) / 4)
    points = [
        (edge, said.p_cancelled + (1 - said.p_cancelled) * share) for edge, share in zip(edges, SHARES, strict=True)
    ]
    most = min((chance for minutes, chance in points if minutes <= LATE_MIN), default=1.0)
    least = max((chance for minutes, chance in points if minutes > LATE_MIN), default=said.p_cancelled)
    place = sum(minutes <= LATE_MIN for minutes, _ in points)
    points.insert(place, (LATE_MIN, min(most, max(least, said.p_late))))
    return points


def mean_late(quantiles: Sequence[float]) -> float:
    """The minutes late that are to be expected of a leg that leaves; early ones count as none."""
    return sum(share * max(0.0, minutes) for share, minutes in zip(MEAN, quantiles, strict=True))


def weight(late: float, p_cancelled: float) -> float:
    """What a forecast weighs beside what is known: as `aviation.severity.weight`, of a leg that is `late` minutes late
    if it leaves."""
    return (1 - p_cancelled) * late + p_cancelled * WEIGHTS["cancelled"]
