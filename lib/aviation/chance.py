"""What a forecast's quantiles and probabilities say of a leg: how likely a delay is, and what is to be expected.

A leg's delay is taken to lie evenly between its p10, p50 and p90: a tenth of its probability below p10, four tenths on
either side of p50, a tenth above p90; the slopes of the inner parts go on outside until nothing is left. Above 0.9 and
below 0.1 a probability is thus a guess.
"""

from collections.abc import Sequence

from aviation.severity import WEIGHTS

SHARES = (1.0, 0.9, 0.5, 0.1, 0.0)
MEAN = (0.3, 0.4, 0.3)
"""What p10, p50 and p90 weigh in a mean. Source: Hurst, Brown and Swanson, "Swanson's 30-40-30 rule", AAPG Bulletin 84
(2000), 1883-1891."""


def at_least(minutes: float, quantiles: Sequence[float], p_cancelled: float) -> float:
    """The probability of a delay of `minutes` or more, or of none because the leg is cancelled; `quantiles` are the
    p10, p50 and p90 of its delay in minutes. More minutes are never more probable."""
    return p_cancelled + (1 - p_cancelled) * _if_it_leaves(minutes, sorted(quantiles))


def _if_it_leaves(minutes: float, quantiles: Sequence[float]) -> float:
    p10, p50, p90 = quantiles
    edges = (p10 - (p50 - p10) / 4, p10, p50, p90, p90 + (p90 - p50) / 4)
    if minutes <= edges[0]:
        return SHARES[0]
    for place in range(1, len(edges)):
        start, end = edges[place - 1 : place + 1]
        if minutes <= end:  # and above the start, so that the two differ
            return SHARES[place] + (SHARES[place - 1] - SHARES[place]) * (end - minutes) / (end - start)
    return SHARES[-1]


def mean_late(quantiles: Sequence[float]) -> float:
    """The minutes late that are to be expected of a leg that leaves; early ones count as none."""
    return sum(share * max(0.0, minutes) for share, minutes in zip(MEAN, quantiles, strict=True))


def weight(late: float, p_cancelled: float) -> float:
    """What a forecast weighs beside what is known: as `aviation.severity.weight`, of a leg that is `late` minutes late
    if it leaves."""
    return (1 - p_cancelled) * late + p_cancelled * WEIGHTS["cancelled"]
