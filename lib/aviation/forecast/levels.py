"""What airlines, airports and routes are like over months, as numbers that trees can split on."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from aviation.forecast.features import Features
from aviation.forecast.known import Mask, Numbers, Reals, Texts

SHRUNK_BY = 200
"""As many legs of the overall mean are added to each: a route of five legs says little."""
BY = (("airline",), ("origin",), ("dest",), ("airline", "origin"), ("airline", "origin", "dest"))
MEASURES = ("late", "cancelled")
"""Those that are features."""


@dataclass(frozen=True)
class Levels:
    """Of each thing in BY the mean departure delay (`late`, minutes, of legs that left), the share `cancelled` and the
    share late (`p_late`): its codes, sorted, and their means, one more than the codes: the last is that of all, for a
    code not seen before."""

    codes: dict[str, Texts]
    means: dict[str, Reals]

    @classmethod
    def of(cls, features: Features, delay: Reals, cancelled: Mask, late: Mask) -> "Levels":
        """From the outcomes of each row: minutes late at the departure (NaN where it never left), whether it was
        cancelled, and whether it counts as late."""
        measured = {"late": np.clip(delay, -20, 120), "cancelled": cancelled * 1.0, "p_late": late * 1.0}
        codes, means = {}, {}
        for name, of_row in _joined(features):
            codes[name], place = np.unique(of_row, return_inverse=True)
            for measure, values in measured.items():
                has_value = ~np.isnan(values)
                of_all = values[has_value].mean() if has_value.any() else 0.0
                total, number = (
                    np.bincount(place[has_value], weights, len(codes[name])) for weights in (values[has_value], None)
                )
                shrunk = (total + SHRUNK_BY * of_all) / (number + SHRUNK_BY)
                means[f"{name}_{measure}"] = np.append(shrunk, of_all)
        return cls(codes, means)

    def columns(self, features: Features) -> dict[str, Reals]:
        """The levels of each row, by the name of the feature that they are."""
        found: dict[str, Reals] = {}
        for name, of_row in _joined(features):
            place = self._place(name, of_row)
            found |= {f"level_{name}_{measure}": self.means[f"{name}_{measure}"][place] for measure in MEASURES}
        return found

    def p_late(self, features: Features) -> Reals:
        """The share of the training legs of each row's airline at its origin that were late: no forecast, but what one
        is compared to."""
        name = "airline_origin"
        return self.means[f"{name}_p_late"][self._place(name, dict(_joined(features))[name])]

    def matrix(self, features: Features) -> Reals:
        """The features of each row with the levels beside them: what trees are asked."""
        return np.column_stack([features.values, *self.columns(features).values()])

    def _place(self, name: str, of_row: Texts) -> Numbers:
        codes = self.codes[name]
        place = np.minimum(np.searchsorted(codes, of_row), len(codes) - 1)
        return np.where(codes[place] == of_row, place, len(codes))


def names(features: Features) -> tuple[str, ...]:
    """What the columns of `Levels.matrix` are called."""
    return *features.names, *(f"level_{'_'.join(by)}_{measure}" for by in BY for measure in MEASURES)


def _joined(features: Features) -> Iterator[tuple[str, Texts]]:
    for by in BY:
        of_row = features.codes[by[0]]
        for other in by[1:]:
            of_row = np.char.add(np.char.add(of_row, "|"), features.codes[other])
        yield "_".join(by), of_row
