"""What a forecast and its baselines are scored by, and the tables of it."""

from typing import NamedTuple

import numpy as np

from aviation.forecast import calibration, scores
from aviation.forecast.calibration import LEVELS
from aviation.forecast.model import Model
from aviation.forecast.training import Sample

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Said(NamedTuple):
    """What is said of each leg: quantiles of the departure delay and of the arrival delay, and how likely it is to be
    late; a baseline says nothing of arrivals."""

    dep: np.ndarray
    late: np.ndarray
    arr: np.ndarray | None = None


def by_group(old: Sample, group_of_old: np.ndarray, group: np.ndarray) -> Said:
    """What was so of the same group's legs: the quantiles, and the share that was late."""
    has_left = ~np.isnan(old.dep)
    dep = np.tile(np.quantile(old.dep[has_left], LEVELS), (len(group), 1))
    late = np.full(len(group), old.late.mean())
    for each in np.unique(group):
        same = group_of_old == each
        if (same & has_left).sum() >= 20:
            dep[group == each] = np.quantile(old.dep[same & has_left], LEVELS)
            late[group == each] = old.late[same].mean()
    return Said(dep, late)


def baselines(old: Sample, asked: Sample) -> dict[str, Said]:
    """No forecast (0 minutes, and the share of all), climatology by carrier and origin, and the origin's last hour: how
    late its departures were on average, as far as known, in tenths of the training legs. All fitted on `old`."""
    no = Said(np.zeros((len(asked.day), len(LEVELS))), np.full(len(asked.day), old.late.mean()))

    def both(of: Sample) -> np.ndarray:
        return np.char.add(of.features.codes["airline"], of.features.codes["origin"])

    def last_hour(of: Sample) -> np.ndarray:
        return of.features.values[:, of.features.names.index("origin_late_60")]

    edges = np.nanquantile(last_hour(old), np.linspace(0.1, 0.9, 9))
    tenths = (np.where(np.isnan(last_hour(of)), -1, np.searchsorted(edges, last_hour(of))) for of in (old, asked))
    return {
        "no forecast": no,
        "climatology by carrier and origin": by_group(old, both(old), both(asked)),
        "the origin's last hour": by_group(old, *tenths),
    }


def model_says(model: Model, of: Sample, asked: np.ndarray) -> tuple[Said, Said]:
    """Of the `asked` rows of `of`, which also has the days before them: calibrated by what had happened, and as the
    trees say it."""
    raw = model.raw(of.features)
    dep = calibration.rolling(raw.dep, of.dep, of.day, asked)
    arr = calibration.rolling(raw.arr, of.arr, of.day, asked)
    late = raw.with_late(calibration.rolling_odds(raw.p_late_if_left, of.late, ~of.cancelled, of.day, asked)).p_late
    return (
        Said(dep[asked], late[asked], arr[asked]),
        Said(raw.dep[asked], raw.p_late[asked], raw.arr[asked]),
    )


def measured(said: Said, of: Sample, climatology: Said) -> dict[str, float]:
    """The measures of what is said of legs: of delays on those that left, of being late on all."""
    left = ~np.isnan(of.dep)
    loss, usual = (scores.pinball(each.dep[left], of.dep[left]) for each in (said, climatology))
    found = {
        "legs": len(of.day),
        "left": int(left.sum()),
        "mae": scores.mean_absolute(said.dep[left, 1], of.dep[left]),
        "pinball": loss,
        "pinball_skill": scores.skill(loss, usual),
        "coverage": scores.coverage(said.dep[left], of.dep[left]),
        "auc": scores.auc(said.late, of.late),
        "brier_skill": scores.skill(scores.brier(said.late, of.late), scores.brier(climatology.late, of.late)),
        "late": float(of.late.mean()),
    }
    if said.arr is not None:
        arrived = ~np.isnan(of.arr)
        found |= {
            "arr_mae": scores.mean_absolute(said.arr[arrived, 1], of.arr[arrived]),
            "arr_coverage": scores.coverage(said.arr[arrived], of.arr[arrived]),
        }
    return found


def month(of: Sample) -> np.ndarray:
    """The month of each row, from 1."""
    return of.day.astype("M8[D]").astype("M8[M]").astype(int) % 12 + 1


def table(rows: dict[str, dict[str, float]]) -> list[str]:
    """The measures as a table in Markdown."""
    lines = [
        "| at | who says it | legs | of which left | MAE, min | pinball, min | under climatology | coverage | AUC | "
        "Brier skill | coverage of arrivals | MAE of arrivals, min |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, of in rows.items():
        arrivals = [f"{of['arr_coverage']:.1%}", f"{of['arr_mae']:.2f}"] if "arr_mae" in of else ["", ""]
        cells = [
            f"{of['legs']:,}", f"{of['left']:,}", f"{of['mae']:.2f}", f"{of['pinball']:.3f}",
            f"{of['pinball_skill']:.1%}", f"{of['coverage']:.1%}", f"{of['auc']:.3f}",
            f"{of['brier_skill']:.3f}", *arrivals,
        ]  # fmt: skip
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines
