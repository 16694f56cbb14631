"""The model: what it says of a leg, and the file that it is kept in. numpy alone reads it and scores with it."""

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from aviation import home
from aviation.errors import AviationError
from aviation.forecast import calibration
from aviation.forecast.features import Features
from aviation.forecast.known import Numbers, Reals
from aviation.forecast.levels import Levels, names
from aviation.forecast.trees import Arrays, Trees

SIDES = ("dep", "arr")
QUANTILES = tuple(f"p{level * 100:.0f}" for level in calibration.LEVELS)
TREES = (*(f"{side}_{name}" for side in SIDES for name in QUANTILES), "late", "cancelled")
AHEAD = (30, 105, 225)
"""What is said is calibrated apart for legs that are to leave within so many minutes, and for those beyond the last."""


LATE = 15
"""So many minutes late at the departure, a leg counts as late."""


class Forecasts(NamedTuple):
    """A row for each leg: quantiles of the delay at the departure and at the arrival (rows by LEVELS, minutes), the
    probability to leave 15 minutes late or later, or never, and that of being cancelled."""

    dep: Reals
    arr: Reals
    p_late: Reals
    p_cancelled: Reals

    @property
    def p_late_if_left(self) -> Reals:
        """The probability to be late of a leg that leaves."""
        return (self.p_late - self.p_cancelled) / (1 - self.p_cancelled)

    def with_late(self, if_left: Reals) -> "Forecasts":
        """The same with another probability to be late of a leg that leaves."""
        return self._replace(p_late=self.p_cancelled + (1 - self.p_cancelled) * if_left)


@dataclass(frozen=True)
class Model:
    """`trees` by the names TREES; `offsets` by side, and of the log-odds of being late if it leaves (`late`), a row for
    each span of AHEAD; `card` says what it is made of."""

    trees: dict[str, Trees]
    levels: Levels
    offsets: dict[str, Reals]
    card: dict[str, Any]

    def forecasts(self, features: Features) -> Forecasts:
        """What the model says, calibrated. A leg that was to have left is at least as late as that, and lands as much
        later as it leaves. AviationError where the model was trained on other features."""
        if self.card["features"] != list(names(features)):
            raise AviationError(
                "the forecast's model was made for other features than these: train it ('aviation train')"
            )
        raw = self.raw(features)
        span = spans(features)
        dep, arr = (calibration.moved(getattr(raw, side), self.offsets[side][span]) for side in SIDES)
        ahead = features.values[:, features.names.index("minutes_ahead")]
        at_least = np.where(ahead < 0, -ahead, -np.inf)
        late = calibration.moved_odds(raw.p_late_if_left, self.offsets["late"][span])
        late = np.where(at_least >= LATE, 1, late)
        waited = calibration.waited(dep, at_least)
        return raw.with_late(late)._replace(dep=waited, arr=np.sort(arr + (waited - dep), axis=1))

    def raw(self, features: Features) -> Forecasts:
        """What the trees say, before calibration."""
        values = self.levels.matrix(features)
        said = {name: trees.predict(values) for name, trees in self.trees.items()}
        dep, arr = (np.sort(np.column_stack([said[f"{side}_{name}"] for name in QUANTILES]), axis=1) for side in SIDES)
        # The trees of `late` know nothing of what is cancelled.
        never_late = np.zeros(len(values))
        return Forecasts(dep, arr, never_late, _probability(said["cancelled"])).with_late(_probability(said["late"]))

    @property
    def name(self) -> str:
        """Names the model: its last day of training, and the beginning of its file's SHA-256."""
        return f"{self.card['trained_until']}-{hashlib.sha256(self.content()).hexdigest()[:8]}"

    def content(self) -> bytes:
        """The file's bytes: the same model has the same."""
        file = io.BytesIO()
        np.savez_compressed(file, allow_pickle=False, **self._arrays())
        return file.getvalue()

    def write(self, file: Path) -> None:
        """Keep the model in `file` (.npz), and its card beside it (.json)."""
        content = self.content()
        card = self.card | {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        home.write(file, content)
        home.write(file.with_suffix(".json"), json.dumps(card, indent=1) + "\n")

    @classmethod
    def read(cls, content: bytes, card: dict[str, Any]) -> "Model":
        """The model of a file's bytes and its card. AviationError where the two do not belong together."""
        if hashlib.sha256(content).hexdigest() != card.get("sha256"):
            raise AviationError("the forecast's model is not the one of its card: train it again ('aviation train')")
        with np.load(io.BytesIO(content), allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}

        def part(prefix: str) -> Arrays:
            return {name.removeprefix(prefix): each for name, each in arrays.items() if name.startswith(prefix)}

        return cls(
            {name: Trees.from_arrays(part(f"trees/{name}/")) for name in TREES},
            Levels(part("codes/"), part("means/")),
            part("offsets/"),
            {name: value for name, value in card.items() if name not in ("sha256", "bytes")},
        )

    def _arrays(self) -> Arrays:
        arrays = {f"trees/{name}/{key}": each for name, of in self.trees.items() for key, each in of.arrays().items()}
        parts: dict[str, Arrays] = {"codes/": self.levels.codes, "means/": self.levels.means, "offsets/": self.offsets}
        return arrays | {prefix + name: each for prefix, part in parts.items() for name, each in part.items()}


def load(file: Path) -> Model:
    """The model that `Model.write` kept in `file`. AviationError where it is not there, or not whole."""
    try:
        return Model.read(file.read_bytes(), json.loads(file.with_suffix(".json").read_text()))
    except FileNotFoundError as error:
        raise AviationError(
            f"there is no {error.filename}, the forecast's model: make it with 'aviation train'"
        ) from None
    except (ValueError, KeyError) as error:
        raise AviationError(f"the forecast's model in {file} cannot be read ({error}): train it again") from None


def spans(features: Features) -> Numbers:
    """Which span of AHEAD each row is in."""
    return np.searchsorted(AHEAD, features.values[:, features.names.index("minutes_ahead")]).astype(np.int64)


def not_yet(legs: int) -> str:
    """What to say in a forecast's place where the tables have too few `legs` that have ended."""
    return f"no forecast yet: it needs {calibration.FEWEST} flights that have ended, and the tables have {legs:,}"


def _probability(odds: Reals) -> Reals:
    return 1 / (1 + np.exp(-odds))
