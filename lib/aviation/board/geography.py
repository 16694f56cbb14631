"""Where airports lie, and the lines between them, on a map in Mercator's projection.

Coordinates on the map are tenths of a degree: x to the east, y to the south.

`land.json` has the outlines of the world's countries, rings of [longitude, latitude] to a tenth of a degree, Antarctica
left out: Natural Earth's 1:110m countries (public domain, https://www.naturalearthdata.com), as geopandas 0.14 shipped
them.
"""

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import asin, asinh, atan2, cos, degrees, hypot, radians, sin, sqrt, tan
from typing import NamedTuple

import airportsdata

MOST_NORTHERN = 82.0
SCALE = 10
STEPS = 24
"""A great circle is drawn with so many straight pieces."""


class Place(NamedTuple):
    """A point on the earth, in degrees, north and east positive."""

    latitude: float
    longitude: float


class Airport(NamedTuple):
    """What airportsdata has of an airport."""

    place: Place
    name: str
    city: str


@cache
def _airports() -> dict[str, Airport]:
    found = {**airportsdata.load("ICAO"), **airportsdata.load("IATA")}
    return {code: Airport(Place(one["lat"], one["lon"]), one["name"], one["city"]) for code, one in found.items()}


def airport(code: str) -> Airport | None:
    """The airport of an IATA or ICAO code; None where airportsdata has none."""
    return _airports().get(code)


def along(start: Place, end: Place, fraction: float) -> tuple[Place, float]:
    """The point of a great circle after that fraction of it, and the course there in degrees from north."""
    (y1, x1), (y2, x2) = (map(radians, place) for place in (start, end))
    far = 2 * asin(sqrt(sin((y2 - y1) / 2) ** 2 + cos(y1) * cos(y2) * sin((x2 - x1) / 2) ** 2))
    if not far:
        return start, 0.0
    a, b = sin((1 - fraction) * far) / sin(far), sin(fraction * far) / sin(far)
    x = a * cos(y1) * cos(x1) + b * cos(y2) * cos(x2)
    y = a * cos(y1) * sin(x1) + b * cos(y2) * sin(x2)
    latitude, longitude = atan2(a * sin(y1) + b * sin(y2), hypot(x, y)), atan2(y, x)
    ahead = x2 - longitude
    course = atan2(sin(ahead) * cos(y2), cos(latitude) * sin(y2) - sin(latitude) * cos(y2) * cos(ahead))
    return Place(degrees(latitude), degrees(longitude)), degrees(course) % 360


def on_map(place: Place, near: float) -> tuple[float, float]:
    """x and y of a place; of its longitudes, which are 360 degrees apart, the one that is nearest to `near`."""
    longitude = near + (place.longitude - near + 180) % 360 - 180
    latitude = radians(max(-MOST_NORTHERN, min(MOST_NORTHERN, place.latitude)))
    return round(SCALE * longitude, 1), round(-SCALE * degrees(asinh(tan(latitude))), 1)


def great_circle(start: Place, end: Place, near: float) -> list[tuple[float, float]]:
    """The points of the shortest way between two places on the map, without a jump at 180 degrees."""
    points = []
    for step in range(STEPS + 1):
        point = on_map(along(start, end, step / STEPS)[0], near)
        near = point[0] / SCALE
        points.append(point)
    return points


def path(points: Iterable[tuple[float, float]]) -> str:
    """The points as SVG draws them."""
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)


@cache
def land_path() -> str:
    """All land, as SVG draws it: each ring in whole tenths of a degree, from point to point, for it is long."""
    rings: list[list[list[float]]] = json.loads(files("aviation.board").joinpath("land.json").read_text())
    return "".join(_ring([(round(SCALE * x), round(on_map(Place(y, 0), 0)[1])) for x, y in ring]) for ring in rings)


def _ring(points: list[tuple[int, int]]) -> str:
    steps = [f"{x - from_x} {y - from_y}" for (from_x, from_y), (x, y) in pairwise(points)]
    return f"M{points[0][0]} {points[0][1]}l{' '.join(steps)}z".replace(" -", "-")
