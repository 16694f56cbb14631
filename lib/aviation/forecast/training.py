"""Training: legs as they were known at moments before their departure, and LightGBM. Needs the group `train`."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np

from aviation.errors import AviationError
from aviation.forecast import calibration, levels, scores
from aviation.forecast.features import Features, features, newest_poll
from aviation.forecast.known import NEVER, Known, Mask, Numbers, Reals
from aviation.forecast.levels import Levels
from aviation.forecast.model import AHEAD, LATE, QUANTILES, SIDES, Model, not_yet, spans
from aviation.forecast.trees import Trees

SCORED = (60, 180)
OTHERS = (-60, -30, 0, 30, 90, 120, 240, 360, 540)
"""Minutes before the departure at which each leg is looked at: at both of the first, and at one of the others."""
CALIBRATED_ON = 21
"""The newest days, on which the trees are not trained but what they say is calibrated."""
SETTINGS: dict[str, Any] = {
    "num_leaves": 31,
    "learning_rate": 0.08,
    "min_child_samples": 100,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.5,
    "bagging_freq": 1,
    "max_bin": 63,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
ROUNDS = 150


class Sample(NamedTuple):
    """Legs at moments: their features, and what became of them: minutes late (NaN where it never left, or never
    arrived where it was to), cancelled, and late (it left LATE minutes late or later, or never). `day` is their
    flight_date."""

    features: Features
    day: Numbers
    dep: Reals
    arr: Reals
    cancelled: Mask
    late: Mask

    def where(self, chosen: Mask) -> "Sample":
        """The rows that are chosen."""
        one, names, values, codes = self.features
        of = Features(one[chosen], names, values[chosen], {name: each[chosen] for name, each in codes.items()})
        return Sample(
            of, self.day[chosen], self.dep[chosen], self.arr[chosen], self.cancelled[chosen], self.late[chosen]
        )


def sample(known: Known, leg: Numbers, ahead: Numbers) -> Sample:
    """Legs (numbers of `known`) as they were known so many minutes before their scheduled departure, by the newest poll
    that was over by then. Left out are legs that have not ended, and those that features leave out."""
    last = np.append(np.flatnonzero(known.leg[1:] != known.leg[:-1]), len(known.leg) - 1)
    # A leg that left nobody knows when is neither late nor on time.
    has_ended = known.is_cancelled | (known.left < NEVER) & ((known.landed < NEVER) | known.is_diverted)
    leg, ahead = (each[has_ended[last][leg]] for each in (leg, ahead))
    at = newest_poll(known.dep[last][leg] - ahead, np.unique(known.since))
    of = features(known, leg, at)
    row = last[known.leg[of.version]]
    cancelled = known.is_cancelled[row]
    dep = np.where((known.left[row] < NEVER) & ~cancelled, known.dep_delay[row], np.nan).astype(np.float64)
    has_arrived = (known.landed[row] < NEVER) & ~known.is_diverted[row] & ~cancelled
    arr = np.where(has_arrived, known.arr_delay[row], np.nan).astype(np.float64)
    return Sample(of, known.day[row], dep, arr, cancelled, ~(dep < LATE))


def moments(known: Known) -> tuple[Numbers, Numbers]:
    """The legs and minutes ahead to train on: each leg at SCORED, and at one of OTHERS, drawn by a seed."""
    legs = np.arange(len(known.keys))
    drawn = np.random.default_rng(1).choice(OTHERS, len(legs))
    ahead = [*(np.full(len(legs), minutes) for minutes in SCORED), drawn]
    return np.tile(legs, len(ahead)), np.concatenate(ahead)


def train(of: Sample, about: dict[str, Any], settings: dict[str, Any] | None = None, threads: int = 2) -> Model:
    """A model of legs that have ended; `about` goes into its card. AviationError where there are too few."""
    newest = of.day.max(initial=0)
    is_new = of.day > newest - CALIBRATED_ON
    old, new = of.where(~is_new), of.where(is_new)
    if min(len(np.unique(each.features.version)) for each in (old, new)) < calibration.FEWEST:
        raise AviationError(not_yet(len(np.unique(of.features.version))))
    chosen = SETTINGS | {"num_threads": threads} | (settings or {})
    of_codes = _levels(old)
    trees = dict(_trees(old, of_codes, chosen))
    offsets = _offsets(Model(trees, of_codes, {}, {}), new)
    card = about | {
        "trained_from": _iso(of.day.min()),
        "trained_until": _iso(newest),
        "calibrated_from": _iso(newest - CALIBRATED_ON + 1),
        "rows": len(of.day),
        "settings": chosen | {"rounds": chosen.get("rounds", ROUNDS)},
        "features": list(levels.names(of.features)),
    }
    model = Model(trees, of_codes, offsets, card)
    return Model(trees, of_codes, offsets, card | {"scores": _scores(model, new)})


def _levels(of: Sample) -> Levels:
    """From legs as they were seen well before their departure: later only those are seen that have not left."""
    seen = of.where(of.features.values[:, of.features.names.index("minutes_ahead")] >= min(SCORED))
    return Levels.of(seen.features, seen.dep, seen.cancelled, seen.late)


def _trees(of: Sample, of_codes: Levels, settings: dict[str, Any]) -> Iterator[tuple[str, Trees]]:
    import lightgbm  # here: only who trains has it

    values = of_codes.matrix(of.features).astype(np.float32)
    names = levels.names(of.features)
    rounds = settings.get("rounds", ROUNDS)
    given = {name: value for name, value in settings.items() if name != "rounds"}

    def grown(rows: Mask, target: Reals | Mask, **objective: Any) -> Trees:
        data = lightgbm.Dataset(values[rows], target[rows].astype(np.float64), feature_name=list(names), params=given)
        return Trees.of(lightgbm.train(given | objective, data, rounds).dump_model())

    for side, target in (("dep", of.dep), ("arr", of.arr)):
        for level, name in zip(calibration.LEVELS, QUANTILES, strict=True):
            yield f"{side}_{name}", grown(~np.isnan(target), target, objective="quantile", alpha=level)
    yield "late", grown(~of.cancelled, of.late, objective="binary")
    # Many cancelled legs have no aircraft in the data: whether there is one must not tell.
    values[:, [name.startswith("aircraft_") for name in names]] = np.nan
    yield "cancelled", grown(np.ones_like(of.cancelled), of.cancelled, objective="binary")


def _offsets(model: Model, new: Sample) -> dict[str, Reals]:
    raw, span = model.raw(new.features), spans(new.features)

    def by_span(counted: Mask) -> list[Mask]:
        """The `counted` rows of each span; for one with too few of them, all."""
        rows = [counted & (span == each) for each in range(len(AHEAD) + 1)]
        return [each if each.sum() >= calibration.FEWEST else counted for each in rows]

    offsets = {}
    for side, outcome in zip(SIDES, (new.dep, new.arr), strict=True):
        quantiles, has_outcome = getattr(raw, side), ~np.isnan(outcome)
        offsets[side] = np.array([calibration.offsets(quantiles[rows], outcome[rows]) for rows in by_span(has_outcome)])
    late = raw.p_late_if_left
    offsets["late"] = np.array([calibration.log_odds(late[rows], new.late[rows]) for rows in by_span(~new.cancelled)])
    return offsets


def _scores(model: Model, new: Sample) -> dict[str, float]:
    """On the newest days, which calibrated the model, but did not train the trees."""
    said, has_left = model.forecasts(new.features), ~np.isnan(new.dep)
    return {
        "mean_absolute_min": round(scores.mean_absolute(said.dep[has_left, 1], new.dep[has_left]), 2),
        "pinball_min": round(scores.pinball(said.dep[has_left], new.dep[has_left]), 3),
        "coverage": round(scores.coverage(said.dep[has_left], new.dep[has_left]), 3),
        "auc_late": round(scores.auc(said.p_late, new.late), 3),
        "brier_late": round(scores.brier(said.p_late, new.late), 4),
    }


def _iso(day: np.int64) -> str:
    return (date(1970, 1, 1) + timedelta(days=int(day))).isoformat()
