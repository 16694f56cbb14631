"""How good forecasts were: the measures, each of plain arrays."""

import numpy as np

from aviation.forecast.calibration import LEVELS
from aviation.forecast.known import Mask, Reals


def mean_absolute(forecast: Reals, outcome: Reals) -> float:
    """Mean absolute error, in the unit of both."""
    return float(np.abs(outcome - forecast).mean())


def pinball(quantiles: Reals, outcome: Reals) -> float:
    """The pinball loss of quantiles (rows by LEVELS), the mean over levels and rows: less is better."""
    above = outcome[:, None] - quantiles
    levels = np.array(LEVELS)
    return float(np.maximum(levels * above, (levels - 1) * above).mean())


def coverage(quantiles: Reals, outcome: Reals) -> float:
    """The share of outcomes from the first quantile to the last, both included."""
    return float(((outcome >= quantiles[:, 0]) & (outcome <= quantiles[:, -1])).mean())


def brier(probability: Reals, happened: Mask) -> float:
    """The Brier score: the mean squared difference of probability and outcome."""
    return float(((probability - happened) ** 2).mean())


def skill(score: float, of_baseline: float) -> float:
    """The share of the baseline's loss that is gone: 0 is no better, 1 is perfect."""
    return 1 - score / of_baseline


def auc(probability: Reals, happened: Mask) -> float:
    """The area under the ROC curve: how often a leg to which it happened had the higher probability (a tie is half)."""
    _, place, number = np.unique(probability, return_inverse=True, return_counts=True)
    rank = (np.cumsum(number) - (number - 1) / 2)[place]
    yes = int(happened.sum())
    return float((rank[happened].sum() - yes * (yes + 1) / 2) / (yes * (len(happened) - yes)))
