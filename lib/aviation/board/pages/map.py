"""The page *Map*: the day's routes and the aircraft under way, coloured by delay."""

from math import atan2, cos, degrees, dist, radians, sin
from typing import NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from aviation.board import download, words
from aviation.board.asked import MomentOf, TablesOf, page
from aviation.board.geography import SCALE, Place, great_circle, land_path, on_map, path
from aviation.board.pages.routes import Map, MapAircraft, MapRoute, flight_map
from aviation.views.declaration import LATE_MIN
from aviation.views.so_far import VERY_LATE_MIN
from aviation.words import counted

Points = list[tuple[float, float]]
router = APIRouter()

MARGIN = 0.05
"""So much of the frame's width and height is free around what is in it."""
SMALLEST = 10.0 * SCALE
"""A frame is no smaller: one airport alone has no extent."""
MOST_FLIGHTS = 0.8
"""A small screen shows at first the shortest routes that have so much of the flights: a far island makes all small."""
DRAWN_FOR = 1000
"""The width in pixels for which text has its size until the script knows the real one."""


class Line(NamedTuple):
    """A route as it is drawn."""

    late: str
    path: str
    title: str


class Mark(NamedTuple):
    """An airport or an aircraft as it is drawn."""

    x: float
    y: float
    text: str
    title: str
    late: str = ""
    course: float = 0.0
    is_estimated: bool = False


class Drawn(NamedTuple):
    """The map: `frame` is x, y, width and height of all that is on it, `near` those of where most flights are; after
    `turn` the land repeats itself."""

    frame: tuple[float, float, float, float]
    near: tuple[float, float, float, float]
    turn: float
    lines: list[Line]
    airports: list[Mark]
    aircraft: list[Mark]

    @property
    def scale(self) -> float:
        """Units of the map to a pixel."""
        return round(self.frame[2] / DRAWN_FOR, 4)


def lateness(minutes: float | None) -> str:
    """The class of a delay, which has a colour and a width."""
    if minutes is None:
        return "none"
    return "very-late" if minutes >= VERY_LATE_MIN else "late" if minutes >= LATE_MIN else "on-time"


def drawn(figures: Map) -> Drawn | None:
    """The map of the figures; None where no route can be drawn."""
    if not figures.routes:
        return None
    places = {one.code: Place(one.latitude, one.longitude) for one in figures.airports}
    middle = _middle([place.longitude for place in places.values()])
    ways = [great_circle(places[one.dep_airport], places[one.arr_airport], middle) for one in figures.routes]
    lines = [
        Line(_class(route), path(way), _route_title(route)) for route, way in zip(figures.routes, ways, strict=True)
    ]
    order = ("none", "on-time", "late", "very-late")
    return Drawn(
        frame=_frame([point for way in ways for point in way]),
        near=_frame([point for way in _nearest(figures.routes, ways) for point in way]),
        turn=360.0 * SCALE,
        lines=sorted(lines, key=lambda line: order.index(line.late)),
        airports=[
            Mark(
                *on_map(places[one.code], middle), one.code, f"{one.code}, {one.name}: {counted(one.flights, 'flight')}"
            )
            for one in figures.airports
        ],
        aircraft=[_aircraft(one, middle) for one in figures.aircraft],
    )


def _aircraft(one: MapAircraft, middle: float) -> Mark:
    x, y = on_map(Place(one.latitude, one.longitude), middle)
    where = "estimated" if one.is_estimated else f"reported {words.clock(one.reported_at)} UTC"
    late = words.delay(one.late_min, at_least=one.is_at_least)
    title = f"{one.flight}, {one.dep_airport}–{one.arr_airport}: {late}, position {where}"
    return Mark(x, y, one.flight, title, lateness(one.late_min), round(one.course), one.is_estimated)


def _class(route: MapRoute) -> str:
    return lateness(route.late_min) if route.under_way or route.overdue else "none"


def _route_title(route: MapRoute) -> str:
    parts = [counted(route.flights, "flight")]
    parts += [f"{route.under_way} under way"] * bool(route.under_way)
    parts += [f"{route.overdue} overdue"] * bool(route.overdue)
    parts += [words.delay(route.late_min, at_least=route.is_at_least)] * (route.late_min is not None)
    return f"{route.dep_airport}–{route.arr_airport}: {', '.join(parts)}"


def _middle(longitudes: list[float]) -> float:
    """The mean of longitudes as directions: of 179 and -179 it is 180."""
    angles = [radians(longitude) for longitude in longitudes]
    return degrees(atan2(sum(map(sin, angles)), sum(map(cos, angles))))


def _nearest(routes: list[MapRoute], ways: list[Points]) -> list[Points]:
    """The shortest ways that together have MOST_FLIGHTS of the flights."""
    enough, found, flights = MOST_FLIGHTS * sum(route.flights for route in routes), [], 0
    for route, way in sorted(zip(routes, ways, strict=True), key=lambda one: dist(one[1][0], one[1][-1])):
        found.append(way)
        flights += route.flights
        if flights >= enough:
            break
    return found


def _frame(points: Points) -> tuple[float, float, float, float]:
    (west, east), (north, south) = ((min(values), max(values)) for values in zip(*points, strict=True))
    width, height = (max(SMALLEST, (1 + 2 * MARGIN) * size) for size in (east - west, south - north))
    x, y = (west + east - width) / 2, (north + south - height) / 2
    return round(x, 1), round(y, 1), round(width, 1), round(height, 1)


@router.get("/map", name="map", include_in_schema=False)
def map_page(request: Request, tables: TablesOf, at: MomentOf) -> HTMLResponse:
    """The page."""
    figures = flight_map(tables, at) if at else None
    shown = {"drawn": drawn(figures), "land": land_path(), "lateness": lateness} if figures else {}
    return page(request, "map", at, values={"figures": figures, **shown})


@router.get("/api/map", response_model=Map | None, responses=download.FILES)
def map_figures(tables: TablesOf, at: MomentOf, form: download.FormOf = "json") -> Map | Response | None:
    """The day's routes with how late their flights are, and the aircraft under way; a file has the routes. Null before
    the first load."""
    figures = flight_map(tables, at) if at else None
    if form == "json":
        return figures
    return download.rows(figures.routes if figures else [], MapRoute, form, f"routes-{at.day if at else 'none'}")
