"""A map of routes and of aircraft in the air.

`land.json` has the outlines of the world's countries, rings of [longitude, latitude] to a tenth of a degree, Antarctica
left out: Natural Earth's 1:110m countries (public domain, https://www.naturalearthdata.com), as geopandas 0.14 shipped
them.
"""

import json
import math
from functools import cache
from importlib.resources import files

import altair as alt
import pandas as pd

from aviation.charts.style import PADDING, STATUS_COLOURS

WIDTH, LEAST_HEIGHT, MOST_HEIGHT = 1080, 300, 620
MARGIN_DEGREES = 3.0
MOST_NAMES = 30
LAND, ROUTE, AIRPORT, AIRCRAFT = "#8d99ae33", "#4c78a8", "#1d3557", STATUS_COLOURS["diverted"]


def route_map(routes: pd.DataFrame, aircraft: pd.DataFrame) -> alt.LayerChart:
    """`from_longitude, from_latitude, to_longitude, to_latitude, flights` and the airports' codes `dep_iata, arr_iata`,
    one row a route; `live_longitude, live_latitude, flight` one row an aircraft in the air, which can be none. The map
    is cut to what is on it, in Mercator's projection; a route is a great circle, the wider the more flights it has."""
    box = _box(routes, aircraft)
    projection = _projection(box)
    layers = [
        _shapes([_ring(ring) for ring in _land() if _meets(ring, box)]).mark_geoshape(
            fill=LAND, stroke="currentColor", strokeOpacity=0.25, strokeWidth=0.5, clip=True
        ),
        _shapes([_line(row) for row in routes.itertuples()])
        .mark_geoshape(filled=False, stroke=ROUTE, strokeOpacity=0.55, clip=True)
        .encode(strokeWidth=alt.StrokeWidth("properties.flights:Q", scale=alt.Scale(range=[0.5, 5]), legend=None)),
        *_airports(routes),
    ]
    if not aircraft.empty:
        layers.append(
            alt.Chart(aircraft)
            .mark_point(
                shape="triangle-up", size=70, filled=True, color=AIRCRAFT, stroke="currentColor", strokeWidth=0.5
            )
            .encode(longitude="live_longitude:Q", latitude="live_latitude:Q")
        )
    return (
        alt.layer(*layers)
        .project(**projection["project"])
        .properties(width=WIDTH, height=projection["height"])
        .configure(background="transparent", font="Arial, Helvetica, sans-serif", padding=PADDING)
        .configure_view(stroke="currentColor", strokeOpacity=0.2)
    )


def _airports(routes: pd.DataFrame) -> list[alt.Chart]:
    ends = pd.concat(
        routes[[code, f"{end}_longitude", f"{end}_latitude", "flights"]].set_axis(["code", "x", "y", "flights"], axis=1)
        for code, end in (("dep_iata", "from"), ("arr_iata", "to"))
    )
    places = ends.groupby(["code", "x", "y"], as_index=False)["flights"].sum().sort_values("flights", ascending=False)
    dots = alt.Chart(places).encode(longitude="x:Q", latitude="y:Q")
    named = alt.Chart(_apart(places)).encode(longitude="x:Q", latitude="y:Q", text="code:N")
    return [
        dots.mark_circle(size=28, color=AIRPORT, stroke="currentColor", strokeWidth=0.8),
        named.mark_text(dy=-8, fontSize=11, color="currentColor"),
    ]


def _apart(places: pd.DataFrame) -> pd.DataFrame:
    """The busiest airports whose names do not run into each other."""
    across = (places["x"].max() - places["x"].min()) or 1.0
    kept: list[tuple[float, float]] = []
    chosen = []
    for place in places.itertuples():
        if all(abs(place.x - x) > across / 28 or abs(place.y - y) > across / 60 for x, y in kept):
            kept.append((place.x, place.y))
            chosen.append(place.Index)
    return places.loc[chosen[:MOST_NAMES]]


def _box(routes: pd.DataFrame, aircraft: pd.DataFrame) -> tuple[float, float, float, float]:
    """West, south, east, north of all that is drawn, with a margin."""
    x = pd.concat([routes["from_longitude"], routes["to_longitude"], aircraft.get("live_longitude", pd.Series())])
    y = pd.concat([routes["from_latitude"], routes["to_latitude"], aircraft.get("live_latitude", pd.Series())])
    west, east = x.min() - MARGIN_DEGREES, x.max() + MARGIN_DEGREES
    # Great circles bend towards the pole, the more the longer they are.
    bend = (east - west) / 10
    south, north = max(-60.0, y.min() - MARGIN_DEGREES), min(82.0, y.max() + MARGIN_DEGREES + bend)
    return west, south, east, north


def _projection(box: tuple[float, float, float, float]) -> dict:
    """Altair's projection that fits the box into the width, and the height that it takes then (pixels)."""
    west, south, east, north = box
    low, high = _mercator(south), _mercator(north)
    scale = WIDTH / math.radians(east - west)
    if scale * (high - low) > MOST_HEIGHT:
        scale = MOST_HEIGHT / (high - low)
    middle = math.degrees(2 * math.atan(math.exp((low + high) / 2)) - math.pi / 2)
    height = max(LEAST_HEIGHT, round(scale * (high - low)))
    return {"project": {"type": "mercator", "scale": scale, "center": [(west + east) / 2, middle]}, "height": height}


def _mercator(latitude: float) -> float:
    return math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2))


@cache
def _land() -> list[list[list[float]]]:
    return json.loads(files("aviation.charts").joinpath("land.json").read_text())


def _meets(ring: list[list[float]], box: tuple[float, float, float, float]) -> bool:
    west, south, east, north = box
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return max(xs) > west and min(xs) < east and max(ys) > south and min(ys) < north


def _ring(ring: list[list[float]]) -> dict:
    return {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def _line(row) -> dict:
    ends = [[row.from_longitude, row.from_latitude], [row.to_longitude, row.to_latitude]]
    shape = {"type": "LineString", "coordinates": ends}
    return {"type": "Feature", "properties": {"flights": int(row.flights)}, "geometry": shape}


def _shapes(features: list[dict]) -> alt.Chart:
    return alt.Chart(alt.Data(values=features))
