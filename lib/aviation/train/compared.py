"""Whether a new model is better than the one in use: the one rule, on legs that neither was trained on."""

from typing import NamedTuple

import numpy as np

from aviation.forecast import calibration, scores
from aviation.forecast.model import Forecasts, Model
from aviation.forecast.training import Sample


class Scores(NamedTuple):
    """Of departures of legs that left: the pinball loss (minutes) and the share within p10 to p90. Of all legs: the
    Brier score of being late, or cancelled. `legs` are those that left."""

    pinball: float
    coverage: float
    brier: float
    legs: int


def scored(said: Forecasts, of: Sample) -> Scores:
    """How good forecasts of these legs were."""
    has_left = ~np.isnan(of.dep)
    dep, outcome = said.dep[has_left], of.dep[has_left]
    return Scores(
        scores.pinball(dep, outcome), scores.coverage(dep, outcome), scores.brier(said.p_late, of.late), len(outcome)
    )


def is_better(new: Scores, old: Scores) -> bool:
    """The rule: the new model's pinball loss and Brier score, each as a share of the old one's, are below 1 on
    average. Both weigh alike, and neither has a unit that the other lacks."""
    return new.pinball / old.pinball + new.brier / old.brier < 2


def unseen(of: Sample, first_day: int, current: Model) -> Sample:
    """The legs from `first_day` on (days since 1970) that the model in use was not trained on either."""
    until = np.datetime64(current.card["trained_until"], "D").astype(np.int64)
    return of.where(of.day >= max(first_day, int(until) + 1))


def is_enough(of: Sample) -> bool:
    """Whether so many legs left that scores say something."""
    return bool((~np.isnan(of.dep)).sum() >= calibration.FEWEST)
