"""One run: two models are trained, one without the newest days, which scores on them, and one on all days, which is
kept. What fails leaves the model that was in use."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aviation.errors import AviationError
from aviation.forecast import calibration, store
from aviation.forecast.known import Known
from aviation.forecast.model import Forecasts, Model, not_yet
from aviation.forecast.training import CALIBRATED_ON, Sample, moments, sample, train
from aviation.load.record import recorded
from aviation.places import place
from aviation.report import NOT_YET, TRAIN_JOB, Report, progress
from aviation.train import compared, history
from aviation.train.settings import Settings, TrainParameters

THREADS = os.cpu_count() or 1
"""The same model comes of any number."""
KEPT, LEFT = "kept", "left"
"""How a run can end: the new model is in use, or the old one is left in use; NOT_YET: there is too little data."""


@dataclass(frozen=True)
class Result:
    """The `report`; and of the model that was trained without the newest days, the legs of those days and what it said
    of them. All three are None where there is too little data."""

    report: Report
    model: Model | None = None
    newest: Sample | None = None
    said: Forecasts | None = None


def run(settings: Settings) -> Result:
    """Train from the tables as they are, and keep the new model where the rule says so. On Glue the run leaves its
    record in the runs bucket."""
    if not settings.runs_bucket:
        return _trained(settings.chosen)
    results: list[Result] = []

    def reported() -> Report:
        results.append(_trained(settings.chosen))
        return results[0].report

    recorded(settings, reported, TRAIN_JOB)
    return results[0]


def _trained(chosen: TrainParameters) -> Result:
    bucket = place("PublishedBucket")
    known = Known(history.read(chosen.days))
    if not len(known.keys):
        return _not_yet(not_yet(0), 0)
    of = sample(known, *moments(known))
    if too_few := lacking(of, known, chosen.compared_days):
        return _not_yet(too_few, _legs(of, known))
    about = {"data": f"flight_history of the stack's tables, {chosen.days} days at most"}
    first_day = int(of.day.max()) - chosen.compared_days + 1
    progress(f"training without the newest {chosen.compared_days} days, on {_legs(of, known):,} flights")
    candidate = train(of.where(of.day < first_day), about, threads=THREADS)
    newest = of.where(of.day >= first_day)
    said = candidate.forecasts(newest.features)
    report = Report(status="ok", legs=_legs(of, known), **_card(candidate, compared.scored(said, newest)))
    keeps, reason = verdict(candidate, newest, first_day, _current(bucket))
    if keeps and chosen.replace:
        progress("training on all days")
        model = train(of, about | {"compared": reason}, threads=THREADS)
        with tempfile.TemporaryDirectory() as folder:
            model.write(file := Path(folder, "model.npz"))
            store.keep(file, bucket)
        return Result(Report(**report, outcome=KEPT, reason=reason, model=model.name), candidate, newest, said)
    reason += "; not kept, as 'replace' says" if keeps else ""
    return Result(Report(**report, outcome=LEFT, reason=reason), candidate, newest, said)


def _not_yet(words: str, legs: int) -> Result:
    return Result(Report(status="warning", outcome=NOT_YET, warning=words, legs=legs))


def lacking(of: Sample, known: Known, compared_days: int) -> str:
    """Why there can be no model yet, in words; empty where there can be one."""
    if (legs := _legs(of, known)) < calibration.FEWEST:
        return f"{not_yet(legs)} on days that are over"
    newest, calibrated_on = of.day.max() - compared_days, CALIBRATED_ON
    for when, chosen in {
        f"before the newest {compared_days + calibrated_on} days": of.day <= newest - calibrated_on,
        f"in the {calibrated_on} days before the newest {compared_days}": (
            (of.day > newest - calibrated_on) & (of.day <= newest)
        ),
    }.items():
        if (legs := _legs(of.where(chosen), known)) < calibration.FEWEST:
            return f"no forecast yet: it needs {calibration.FEWEST} flights {when}, and the tables have {legs:,}"
    if not compared.is_enough(of.where(of.day > newest)):
        return f"no forecast yet: it needs {calibration.FEWEST} departures in the newest {compared_days} days"
    return ""


def verdict(candidate: Model, newest: Sample, first_day: int, current: Model | str) -> tuple[bool, str]:
    """Whether the new model is to be kept, and why. `current` is the model in use, or the words why there is none."""
    if isinstance(current, str):
        return True, current
    legs = compared.unseen(newest, first_day, current)
    if not compared.is_enough(legs):
        return False, (
            f"{current.name} stays in use: fewer than {calibration.FEWEST} departures since it was trained, too few to "
            "tell which is better"
        )
    new, old = (compared.scored(each.forecasts(legs.features), legs) for each in (candidate, current))
    figures = f"pinball {new.pinball:.2f} and {old.pinball:.2f} min, Brier {new.brier:.4f} and {old.brier:.4f}"
    is_better = compared.is_better(new, old)
    what = "better than" if is_better else "no better than"
    return is_better, f"{what} {current.name} on {new.legs:,} departures that neither was trained on: {figures}"


def _current(bucket: str) -> Model | str:
    try:
        return store.current(bucket) or "the first model"
    except AviationError as error:
        return f"in place of one that is of no use: {error}"


def _legs(of: Sample, known: Known) -> int:
    return len(np.unique(known.leg[of.features.version]))


def _card(candidate: Model, on_newest: compared.Scores) -> dict[str, Any]:
    """What the report says of the model and of how good it is on the days that it was not trained on."""
    return {
        "trained_from": candidate.card["trained_from"],
        "scored_after": candidate.card["trained_until"],
        "departures_scored": on_newest.legs,
        "pinball_min": round(on_newest.pinball, 3),
        "coverage": round(on_newest.coverage, 3),
        "brier_late": round(on_newest.brier, 4),
    }
