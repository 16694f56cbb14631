"""The pages *Airport*, *Airline* and *Aircraft*: the day's figures and charts, and the flights, of one of them."""

from collections.abc import Collection
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from aviation.alerts.quiet import Quiet
from aviation.board import download
from aviation.board.asked import MomentOf, QuietsOf, TablesOf, UnknownError, page
from aviation.board.moment import Moment
from aviation.board.narrowed import Narrowed, literal
from aviation.board.pages import rotation
from aviation.board.pages.attention import Case
from aviation.board.pages.flights import Filters, Flights, flights
from aviation.board.pages.now import Now, now, pictures
from aviation.board.pages.rotation import Leg
from aviation.board.quieted import Seen
from aviation.board.tables import Tables

Row = dict[str, Any]
Kind = Literal["airport", "airline", "aircraft"]
router = APIRouter()


def _airport(code: str) -> str:
    return f"""
    select code, max(name) as name
    from (
        select coalesce(dep_iata, dep_icao) as code, dep_airport as name from flights
        union all
        select coalesce(arr_iata, arr_icao) as code, arr_airport as name from flights
    ) as named
    where code = {code}
    group by code"""


def _airline(code: str) -> str:
    return f"""
    select airline as code, max(airline_name) as name
    from flights_so_far
    where {code} in (airline, airline_iata, airline_icao)
    group by airline
    order by count(*) desc, airline"""


def _aircraft(code: str) -> str:
    return f"""
    select aircraft_registration as code, max(aircraft_type_icao) as name
    from flights
    where aircraft_registration = {code}
    group by aircraft_registration"""


# What finds one and its name, and which flights are its own; both of a literal.
KNOWN = {"airport": _airport, "airline": _airline, "aircraft": _aircraft}
CONDITIONS = {
    "airport": lambda code: f"(dep_airport = {code} or arr_airport = {code})",
    "airline": lambda code: f"airline = {code}",
    "aircraft": lambda code: f"flight_key in (select flight_key from flights where aircraft_registration = {code})",
}


class Place(BaseModel):
    """One airport, airline or aircraft on a day: `figures` as on the page *Now*; `departures` and `arrivals` have the
    first of its flights, arrivals those of an airport alone; `legs` are those of an aircraft, in order."""

    kind: Kind
    code: str
    name: str
    figures: Now
    departures: Flights
    arrivals: Flights | None
    legs: list[Leg]


def one(tables: Tables, moment: Moment, kind: Kind, code: str, quiets: Collection[Quiet] = ()) -> Place:
    """The page's figures. UnknownError where no flight of the day has to do with it."""
    known = tables.records(KNOWN[kind](literal(code)), day=moment.day)
    if not known:
        raise UnknownError(f"there is no {kind} {code} among the flights of {moment.day}")
    code, name = known[0]["code"], known[0]["name"] or ""
    its_own = Narrowed(tables, CONDITIONS[kind](literal(code)))
    at = code if kind == "airport" else ""
    return Place(
        kind=kind,
        code=code,
        name=name,
        figures=now(its_own, moment, quiets),
        departures=flights(its_own, moment, Filters.model_construct(airport=at)),
        arrivals=flights(its_own, moment, Filters.model_construct(airport=at, direction="arrivals")) if at else None,
        legs=rotation.rotation(tables, moment, code) if kind == "aircraft" else [],
    )


def _page(request: Request, tables: Tables, at: Moment | None, kind: Kind, code: str) -> HTMLResponse:
    seen: Seen = request.app.state.quieted.seen()
    place = one(tables, _known(at, kind, code), kind, code, seen.quiets)
    values = {"place": place, "figures": place.figures, "not_quieted": seen.error, **pictures(place.figures)}
    return page(request, "place", at, values=values)


def _known(at: Moment | None, kind: Kind, code: str) -> Moment:
    if not at:
        raise UnknownError(f"there is no {kind} {code}: nothing was loaded yet")
    return at


def _figures(
    tables: Tables, at: Moment | None, kind: Kind, code: str, form: download.Form, quiets: Collection[Quiet]
) -> Place | Response:
    """The figures; as a file what needs attention."""
    known = _known(at, kind, code)
    place = one(tables, known, kind, code, quiets)
    if form == "json":
        return place
    return download.rows(place.figures.cases, Case, form, f"attention-{place.code}-{known.day}")


@router.get("/airport/{code:path}", name="airport", include_in_schema=False)
def airport_page(request: Request, tables: TablesOf, at: MomentOf, code: str) -> HTMLResponse:
    """The page."""
    return _page(request, tables, at, "airport", code)


@router.get("/airline/{code:path}", name="airline", include_in_schema=False)
def airline_page(request: Request, tables: TablesOf, at: MomentOf, code: str) -> HTMLResponse:
    """The page."""
    return _page(request, tables, at, "airline", code)


@router.get("/aircraft/{code:path}", name="aircraft", include_in_schema=False)
def aircraft_page(request: Request, tables: TablesOf, at: MomentOf, code: str) -> HTMLResponse:
    """The page."""
    return _page(request, tables, at, "aircraft", code)


@router.get("/api/airport/{code:path}", response_model=Place, responses=download.FILES)
def airport_figures(
    tables: TablesOf, at: MomentOf, quiets: QuietsOf, code: str, form: download.FormOf = "json"
) -> Place | Response:
    """The day's figures of one airport, by its IATA code, else its ICAO code, and its departures and arrivals; a file
    has what needs attention."""
    return _figures(tables, at, "airport", code, form, quiets)


@router.get("/api/airline/{code:path}", response_model=Place, responses=download.FILES)
def airline_figures(
    tables: TablesOf, at: MomentOf, quiets: QuietsOf, code: str, form: download.FormOf = "json"
) -> Place | Response:
    """The day's figures of one airline, by its ICAO or IATA code, and its flights; a file has what needs attention."""
    return _figures(tables, at, "airline", code, form, quiets)


@router.get("/api/aircraft/{code:path}", response_model=Place, responses=download.FILES)
def aircraft_figures(
    tables: TablesOf, at: MomentOf, quiets: QuietsOf, code: str, form: download.FormOf = "json"
) -> Place | Response:
    """The day's figures of one aircraft, by its registration, and its legs in order; a file has what needs
    attention."""
    return _figures(tables, at, "aircraft", code, form, quiets)
