"""The map of routes, as it is drawn."""

import json
from importlib.resources import files

import pandas as pd
import vl_convert
from bs4 import BeautifulSoup

from aviation.charts import colours
from aviation.charts.maps import HEIGHT, WIDTH, route_map

ROUTES = pd.DataFrame({
    "dep_iata": ["JFK", "JFK", "JFK"],
    "arr_iata": ["BOS", "LAX", "HNL"],
    "flights": [1, 20, 5],
    "from_longitude": [-73.8] * 3,
    "from_latitude": [40.6] * 3,
    "to_longitude": [-71.0, -118.4, -157.9],
    "to_latitude": [42.4, 33.9, 21.3],
})  # fmt: skip
NOBODY = pd.DataFrame({"live_longitude": [], "live_latitude": [], "flight": []}, dtype=float)


def drawn(routes: pd.DataFrame, aircraft: pd.DataFrame = NOBODY) -> BeautifulSoup:
    return BeautifulSoup(vl_convert.vegalite_to_svg(route_map(routes, aircraft).to_dict()), "html.parser")


def test_every_airport_stands_on_the_map():
    svg = drawn(ROUTES)
    places = [mark["transform"] for mark in svg.select(f'[fill="{colours.AIRPORT}"]')]
    assert len(places) == 4
    for place in places:
        x, y = (float(number) for number in place.removeprefix("translate(").removesuffix(")").split(","))
        assert 0 < x < WIDTH
        assert 0 < y < HEIGHT
    assert {text.get_text() for text in svg("text")} == {"JFK", "BOS", "LAX", "HNL"}


def test_the_width_of_a_line_shows_the_number_of_flights():
    widths = [float(line["stroke-width"]) for line in drawn(ROUTES).select(f'path[stroke="{colours.ROUTE}"]')]
    assert len(widths) == 3
    assert widths[0] < widths[2] < widths[1]


def test_aircraft_and_a_single_airport_make_a_map():
    aircraft = pd.DataFrame({"live_longitude": [-72.0], "live_latitude": [41.5], "flight": ["B61"]})
    one_place = ROUTES.head(1).assign(arr_iata="JFK", to_longitude=-73.8, to_latitude=40.6)
    svg = drawn(one_place, aircraft)
    assert len(svg.select(f'[fill="{colours.AIRCRAFT}"]')) == 1
    assert "NaN" not in str(svg)


def test_the_outline_of_every_country_goes_clockwise():
    """On a sphere, a ring the other way round is all of the world but the country."""
    for ring in json.loads(files("aviation.charts").joinpath("land.json").read_text()):
        assert (
            sum(
                x * other_y - other_x * y for (x, y), (other_x, other_y) in zip(ring, [*ring[1:], ring[0]], strict=True)
            )
            < 0
        )
