"""Colours that stand beside each other can be told apart, by colour-blind people too."""

from itertools import combinations

import numpy as np
import pytest

from aviation.board.pages.hours import MEASURES, OUTCOMES
from aviation.charts import colours

# What is seen without one kind of cones: Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
SIGHTS = {
    "normal": np.eye(3),
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1, 1.089])
LEAST_APART = 12
"""In CIE's Lab: 2 can just be told apart side by side."""


def lab(colour: str, sight: str) -> np.ndarray:
    """A colour (#rrggbb) in CIE's Lab, as it is seen."""
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    seen = TO_XYZ @ np.clip(np.array(SIGHTS[sight]) @ linear, 0, 1) / WHITE
    x, y, z = np.where(seen > 0.008856, np.cbrt(seen), 7.787 * seen + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("names", [OUTCOMES, tuple(MEASURES.values())], ids=["outcomes", "measures"])
def test_each_colour_of_a_chart_is_apart_from_the_others(names, sight):
    shades = dict(zip(names, colours.of("group", list(names)), strict=True))
    assert set(names) <= colours.OUTCOMES.keys()
    for one, other in combinations(shades, 2):
        distance = np.linalg.norm(lab(shades[one], sight) - lab(shades[other], sight))
        assert distance > LEAST_APART, (one, other)
