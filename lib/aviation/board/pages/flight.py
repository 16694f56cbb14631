"""The page *Flight*: one leg, where it stands, what became known of it and when, and its aircraft's day."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel

from aviation.alerts.quiet import Quiet, of
from aviation.board import download, forecast, words
from aviation.board.asked import QuietsOf, TablesOf, UnknownError, page
from aviation.board.forecast import Forecast, Scale
from aviation.board.moment import Moment, moment
from aviation.board.narrowed import literal
from aviation.board.pages import attention, rotation, timeline
from aviation.board.pages.airframe import Aircraft, Position, aircraft, position
from aviation.board.pages.headline import headline
from aviation.board.pages.rotation import Leg
from aviation.board.pages.timeline import Step, Version
from aviation.board.tables import Tables
from aviation.errors import ParameterError

Row = dict[str, Any]
router = APIRouter()

# Names of airports and of columns that both have are those of `flights`, but for what follows from the moment.
FLIGHT = """
select flights.*, so_far.standing, so_far.known_at, so_far.airline,
       so_far.dep_airport as dep_code, so_far.arr_airport as arr_code,
       so_far.dep_delay_min as dep_late_min, so_far.dep_delay_is_at_least, so_far.dep_delay_expected_min,
       so_far.arr_delay_min as arr_late_min, so_far.arr_delay_is_at_least, so_far.arr_delay_expected_min
from flights
inner join flights_so_far as so_far on so_far.flight_key = flights.flight_key"""
FIRST = "select min(known_from) as known_from from flight_history"


class NotYetError(UnknownError):
    """The flight was not known yet at that moment."""


class Side(BaseModel):
    """A departure or an arrival: times local to the airport, the delay in minutes, known, of `is_at_least` a lower
    bound; `expected_min` what is known or expected."""

    code: str
    name: str
    scheduled_local: datetime | None
    estimated_local: datetime | None
    actual_local: datetime | None
    runway_local: datetime | None
    terminal: str
    gate: str
    baggage: str
    delay_min: int | None
    is_at_least: bool
    expected_min: int | None


class Flight(BaseModel):
    """A leg as it was known at `known_at` (UTC). `headline` says where it stands, `travels` how the delay travels with
    its aircraft, whose legs of the day are `legs`; `quiet` who has acknowledged or muted it. `forecast` is the newest
    of `forecasts` (all that were made until then), null where that does not hold any more: once it has left, or is
    cancelled. `forecast_missing` says why nothing is forecast of a leg that has not left."""

    flight_key: str
    day: date
    known_at: datetime | None
    flight: str
    airline: str
    airline_code: str
    headline: str
    status: str
    status_api: str
    standing: str
    flags: list[str]
    codeshares: list[str]
    first_seen_at: datetime
    observed_at: datetime
    departure: Side
    arrival: Side
    aircraft: Aircraft | None
    position: Position | None
    steps: list[Step]
    versions: list[Version]
    legs: list[Leg]
    travels: list[str]
    quiet: Quiet | None
    forecast: Forecast | None
    forecasts: list[Forecast]
    forecast_missing: str

    @property
    def scale(self) -> Scale:
        """What was forecast, and how late it was, on one scale."""
        known = [side.delay_min for side in (self.departure, self.arrival) if side.delay_min is not None]
        edges = [edge for one in self.forecasts for edge in (one.p10, one.p90, one.arr_p10, one.arr_p90)]
        return forecast.scale([*known, *edges])


def flight(tables: Tables, moment: Moment, key: str, quiets: Collection[Quiet] = ()) -> Flight:
    """The page's figures, with who of `quiets` has acknowledged or muted it. UnknownError where there is no such
    flight, or it was not known at that moment."""
    found = tables.records(f"{FLIGHT}\nwhere flights.flight_key = {literal(key)}", day=moment.day, as_of=moment.as_of)
    if not found:
        raise _unknown(tables, moment, key)
    [row] = found
    steps, versions = timeline.past(tables, moment, key)
    legs = rotation.rotation(tables, moment, tail) if (tail := row["aircraft_registration"]) else []
    held = forecast.holds(tables, moment, key)
    said = forecast.said(tables, moment, key)
    waits = not held and row["standing"] in ("to come", "overdue")
    return Flight(
        flight_key=key,
        day=moment.day,
        known_at=row["known_at"],
        flight=words.flight_name(row),
        airline=row["airline_name"] or row["airline"] or words.DASH,
        airline_code=row["airline"] or "",
        headline=headline(row, timeline.since(steps, row["flight_status"])),
        status=row["standing"] if row["standing"] in ("overdue", "not seen") else row["flight_status"],
        status_api=row["flight_status_api"] or "",
        standing=row["standing"],
        flags=list(row["flags"]),
        codeshares=list(row["codeshares"]),
        first_seen_at=row["first_seen_at"],
        observed_at=row["observed_at"],
        departure=_side(row, "dep"),
        arrival=_side(row, "arr"),
        aircraft=aircraft(tables, row),
        position=position(row),
        steps=steps,
        versions=versions,
        legs=legs,
        travels=rotation.travels(legs, key),
        quiet=_quiet(tables, moment, row, quiets),
        forecast=held,
        forecasts=said,
        forecast_missing=(forecast.missing(tables, moment) or forecast.never(said)) if waits else "",
    )


def _quiet(tables: Tables, moment: Moment, row: Row, quiets: Collection[Quiet]) -> Quiet | None:
    key, airline = row["flight_key"], row["airline_iata"] or row["airline_icao"] or ""
    wrong = attention.disruption(tables, moment, key) if quiets else ""
    return next(iter(of(quiets, key, airline, f"{row['dep_code']}-{row['arr_code']}", wrong)), None)


def _unknown(tables: Tables, moment: Moment, key: str) -> UnknownError:
    [first] = tables.records(f"{FIRST} where flight_key = {literal(key)}", day=moment.day)
    if first["known_from"] and moment.as_of:
        seen, then = first["known_from"], moment.as_of
        known = f"it was first seen at {seen:%H:%M} UTC"
        return NotYetError(f"the flight {key} was not known yet at {then:%H:%M} UTC: {known}")
    return UnknownError(f"there is no flight {key} in the tables")


def _side(row: Row, side: str) -> Side:
    return Side(
        code=row[f"{side}_code"] or "",
        name=row[f"{side}_airport"] or "",
        scheduled_local=row[f"{side}_scheduled_local"],
        estimated_local=row[f"{side}_estimated_local"],
        actual_local=row[f"{side}_actual_local"],
        runway_local=row[f"{side}_actual_runway_local"],
        terminal=row[f"{side}_terminal"] or "",
        gate=row[f"{side}_gate"] or "",
        baggage=row["arr_baggage"] or "" if side == "arr" else "",
        delay_min=row[f"{side}_late_min"],
        is_at_least=bool(row[f"{side}_delay_is_at_least"]),
        expected_min=row[f"{side}_delay_expected_min"],
    )


def moment_of(tables: TablesOf, flight_key: str, as_of: str = "") -> Moment:
    """The moment of a flight's page: its day is the one in the key. UnknownError where the tables have none of it."""
    try:
        found = moment(tables, date.fromisoformat(flight_key[:10]).isoformat())
    except (ValueError, ParameterError):
        found = None
    if not found:
        raise UnknownError(f"there is no flight {flight_key} in the tables")
    return moment(tables, found.day.isoformat(), as_of) or found


FlightMoment = Annotated[Moment, Depends(moment_of)]


@router.get("/flight/{flight_key:path}", name="flight", include_in_schema=False, response_model=None)
def flight_page(
    request: Request, tables: TablesOf, at: FlightMoment, quiets: QuietsOf, flight_key: str, date: str = ""
) -> HTMLResponse | RedirectResponse:
    """The page. Another `date` is about the flight of the same name on that day."""
    if date and date != flight_key[:10]:
        return RedirectResponse(f"/flight/{quote(date + flight_key[10:])}?{urlencode({'date': date})}", 303)
    values: dict[str, object] = {"flight_key": flight_key, "unknown": ""}
    try:
        values["figures"] = flight(tables, at, flight_key, quiets)
    except NotYetError as error:  # a page all the same: its moment can be changed
        values |= {"figures": None, "unknown": str(error)}
    return page(request, "flight", at, values=values)


@router.get("/api/flight/{flight_key:path}", response_model=Flight, responses=download.FILES)
def flight_figures(
    tables: TablesOf, at: FlightMoment, quiets: QuietsOf, flight_key: str, form: download.FormOf = "json"
) -> Flight | Response:
    """One leg: where it stands, what became known of it and when, its versions, and its aircraft's day; a file has the
    versions."""
    figures = flight(tables, at, flight_key, quiets)
    return figures if form == "json" else download.rows(figures.versions, Version, form, f"flight-{flight_key}")
