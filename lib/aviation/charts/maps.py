"""A map of routes and of aircraft in the air.

`land.json` has the outlines of the world's countries, rings of [longitude, latitude] to a tenth of a degree, clockwise,
Antarctica left out: Natural Earth's 1:110m countries (public domain, https://www.naturalearthdata.com), as geopandas
0.14 shipped them.
"""

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

import altair as alt
import pandas as pd

from aviation.charts import colours
from aviation.charts.text import readable
from aviation.charts.themes import PAGE

WIDTH, HEIGHT = 1080, 620
MARGIN_DEGREES = 3.0
MOST_NORTHERN, MOST_SOUTHERN = 82.0, -60.0
MOST_NAMES = 30
THINNEST, WIDEST = 0.5, 5


def route_map(routes: pd.DataFrame, aircraft: pd.DataFrame) -> alt.LayerChart:
    """Great circles in Mercator's projection, cut to what is on the map; a line's width shows a route's flights.

    `routes`: `from_longitude, from_latitude, to_longitude, to_latitude, flights` and the airports' codes `dep_iata,
    arr_iata`, one row a route. `aircraft`: `live_longitude, live_latitude, flight`, one row an aircraft in the air,
    which can be none."""
    outlines = _shapes(_feature("Polygon", [ring]) for ring in land()).mark_geoshape(
        fill=colours.LAND, stroke="currentColor", strokeOpacity=0.25, strokeWidth=0.5
    )
    width = alt.StrokeWidth("properties.flights:Q", scale=alt.Scale(range=[THINNEST, WIDEST]), legend=None)
    lines = _shapes(
        _feature("LineString", [[x1, y1], [x2, y2]], flights=int(flights))
        for x1, y1, x2, y2, flights in routes[
            ["from_longitude", "from_latitude", "to_longitude", "to_latitude", "flights"]
        ].itertuples(index=False)
    ).mark_geoshape(filled=False, stroke=colours.ROUTE, strokeOpacity=0.55)
    layers = [outlines, lines.encode(strokeWidth=width), *_airports(readable(routes, "dep_iata", "arr_iata"))]
    if not aircraft.empty:
        triangles = alt.Chart(aircraft[["live_longitude", "live_latitude"]]).mark_point(
            shape="triangle-up", size=70, filled=True, color=colours.AIRCRAFT, stroke="currentColor", strokeWidth=0.5
        )
        layers.append(triangles.encode(longitude="live_longitude:Q", latitude="live_latitude:Q"))
    config = PAGE.config | {"view": {"stroke": "currentColor", "strokeOpacity": 0.2}}
    chart = alt.LayerChart(layer=layers, width=WIDTH, height=HEIGHT, config=config)
    corners = _corners(routes, aircraft)
    return chart.project(type="mercator", fit=corners, clipExtent=[[0, 0], [WIDTH, HEIGHT]])


def _airports(routes: pd.DataFrame) -> list[alt.Chart]:
    ends = pd.concat(
        routes[[code, f"{end}_longitude", f"{end}_latitude", "flights"]].set_axis(["code", "x", "y", "flights"], axis=1)
        for code, end in (("dep_iata", "from"), ("arr_iata", "to"))
    )
    sums = ends.groupby(["code", "x", "y"], as_index=False).agg({"flights": "sum"})
    places = sums.sort_values("flights", ascending=False)
    dots = alt.Chart(places).encode(longitude="x:Q", latitude="y:Q")
    named = alt.Chart(_apart(places)).encode(longitude="x:Q", latitude="y:Q", text="code:N")
    return [
        dots.mark_circle(size=28, color=colours.AIRPORT, stroke="currentColor", strokeWidth=0.8),
        named.mark_text(dy=-8, fontSize=11, color="currentColor"),
    ]


def _apart(places: pd.DataFrame) -> pd.DataFrame:
    """The busiest airports whose names do not run into each other."""
    across = (places["x"].max() - places["x"].min()) or 1.0
    kept: list[tuple[float, float]] = []
    chosen = []
    for place, x, y in zip(places.index, places["x"].astype(float), places["y"].astype(float), strict=True):
        if all(abs(x - other_x) > across / 28 or abs(y - other_y) > across / 60 for other_x, other_y in kept):
            kept.append((x, y))
            chosen.append(place)
    return places.loc[chosen[:MOST_NAMES]]


def _corners(routes: pd.DataFrame, aircraft: pd.DataFrame) -> dict[str, Any]:
    """The south-western and north-eastern corner of all that is drawn, with a margin: the projection fits them."""
    x = pd.concat([routes["from_longitude"], routes["to_longitude"], aircraft["live_longitude"]])
    y = pd.concat([routes["from_latitude"], routes["to_latitude"], aircraft["live_latitude"]])
    west, east = float(x.min()) - MARGIN_DEGREES, float(x.max()) + MARGIN_DEGREES
    # Great circles bend towards the pole, the more the longer they are.
    bend = (east - west) / 10
    south, north = float(y.min()) - MARGIN_DEGREES, float(y.max()) + MARGIN_DEGREES + bend
    return _feature("MultiPoint", [[west, max(MOST_SOUTHERN, south)], [east, min(MOST_NORTHERN, north)]])


@cache
def land() -> list[list[list[float]]]:
    """The outlines, of [longitude, latitude]."""
    rings: list[list[list[float]]] = json.loads(files("aviation.charts").joinpath("land.json").read_text())
    return rings


def _feature(kind: str, coordinates: list[Any], **properties: int) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}


def _shapes(features: Iterable[dict[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=list(features)))
