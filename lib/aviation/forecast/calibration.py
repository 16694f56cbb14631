"""Calibration: quantiles and probabilities moved so that they hold on legs that the model was not trained on.

Quantiles are moved by split conformal calibration, a probability by one amount of its log-odds.

Conformalized quantile regression, each side by itself: Romano, Patterson and Candès, "Conformalized Quantile
Regression", 2019, https://arxiv.org/abs/1905.03222, section 3 and (for the sides apart) theorem 2.
"""

import numpy as np

from aviation.forecast.known import Mask, Numbers, Reals

LEVELS = (0.1, 0.5, 0.9)
MOST_MOVED = 20.0
"""Log-odds beyond which a probability is 0 or 1."""
DAYS = 21
"""How many days of outcomes before a day its calibration looks at."""
FEWEST = 500
"""Legs with an outcome, below which nothing can be said."""


def offsets(quantiles: Reals, outcome: Reals) -> Reals:
    """By how much to move each of the quantiles (rows by LEVELS), from what happened: of the outcome less the quantile,
    the same level of its distribution, with the correction for a finite number of rows."""
    number = len(outcome)
    ranks = [np.floor((number + 1) * LEVELS[0]), (number + 1) * LEVELS[1], np.ceil((number + 1) * LEVELS[2])]
    places = [int(min(max(rank, 1), number)) - 1 for rank in ranks]
    return np.array([np.partition(outcome - of, place)[place] for of, place in zip(quantiles.T, places, strict=True)])


def moved(quantiles: Reals, by: Reals) -> Reals:
    """The quantiles, moved, and in order."""
    return np.sort(quantiles + by, axis=1)


def log_odds(probability: Reals, happened: Mask) -> float:
    """By how much to move the log-odds of each probability, so that they are right on average; 0 where there is
    nothing to learn from: all happened, or none."""
    if not happened.any() or happened.all():
        return 0.0
    least, most = -MOST_MOVED, MOST_MOVED
    for _ in range(50):  # more by, more on average: halved until nothing is left
        by = (least + most) / 2
        least, most = (by, most) if moved_odds(probability, by).mean() < happened.mean() else (least, by)
    return (least + most) / 2


def moved_odds(probability: Reals, by: float | Reals) -> Reals:
    """The probabilities with their log-odds moved."""
    moved: Reals = probability / (probability + (1 - probability) * np.exp(-by))
    return moved


def waited(quantiles: Reals, at_least: Reals) -> Reals:
    """The quantiles (rows by LEVELS) of what has waited so many minutes already (-inf: not due yet): none is less.
    Where half should be gone by then, what is left of the wait is taken to be as long as ever: exponential, with the
    mean that leads from p50 to p90."""
    middle, most = quantiles[:, 1], quantiles[:, -1]
    mean = (most - middle) / np.log((1 - LEVELS[1]) / (1 - LEVELS[-1]))
    longer = at_least[:, None] + mean[:, None] * -np.log1p(-np.array(LEVELS))
    return np.where((at_least >= middle)[:, None], longer, np.maximum(quantiles, at_least[:, None]))


def rolling(quantiles: Reals, outcome: Reals, day: Numbers, asked: Mask, days: int = DAYS) -> Reals:
    """The quantiles, those of each `asked` row moved by what happened on the `days` before its day, its own and the day
    before it left out: by its poll, a leg of the day before may still be in the air. Days are numbers; NaN outcomes
    (cancelled, diverted) teach nothing. A day with fewer than FEWEST such legs before it keeps the model's own."""
    result = quantiles.copy()
    has_outcome = ~np.isnan(outcome)
    for each in np.unique(day[asked]):
        past, rows = has_outcome & _before(day, each, days), asked & (day == each)
        if past.sum() >= FEWEST:
            result[rows] = moved(quantiles[rows], offsets(quantiles[past], outcome[past]))
    return result


def rolling_odds(probability: Reals, happened: Mask, counted: Mask, day: Numbers, asked: Mask) -> Reals:
    """The same of probabilities, from those of the `counted` rows of the DAYS before."""
    result = probability.copy()
    for each in np.unique(day[asked]):
        past, rows = counted & _before(day, each, DAYS), asked & (day == each)
        if past.sum() >= FEWEST:
            result[rows] = moved_odds(probability[rows], log_odds(probability[past], happened[past]))
    return result


def _before(day: Numbers, asked: np.int64, days: int) -> Mask:
    return (day >= asked - 1 - days) & (day < asked - 1)
