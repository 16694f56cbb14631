"""The page *Flight*: one leg, where it stands, what became known of it and when, and its aircraft's day."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel

from aviation.alerts.quiet import Quiet, of
from aviation.board import words
from aviation.board.asked import QuietsOf, TablesOf, UnknownError, page
from aviation.board.moment import Moment, moment
from aviation.board.narrowed import literal
from aviation.board.pages import attention, rotation, timeline
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
# The newest row of the aircraft's address, and the name of its type.
AIRPLANE = """
select airplanes.model_code, airplanes.plane_owner, airplanes.first_flight_date, types.aircraft_name
from airplanes
left join (select iata_code, max(aircraft_name) as aircraft_name from aircraft_types group by iata_code) as types
    on types.iata_code = airplanes.iata_code_short"""
NEWEST = "order by airplanes.observed_at desc, airplanes.airplane_id limit 1"


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


class Aircraft(BaseModel):
    """The aircraft, as far as it is known; text is empty and numbers are null where it is not."""

    registration: str
    address: str
    type: str
    owner: str
    first_flight: date | None


class Position(BaseModel):
    """Where the aircraft was at `taken_utc`: degrees, metres, km/h."""

    taken_utc: datetime
    latitude: float
    longitude: float
    altitude_m: float | None
    direction: float | None
    speed_kmh: float | None
    is_ground: bool | None


class Flight(BaseModel):
    """A leg as it was known at `known_at` (UTC). `headline` says where it stands, `travels` how the delay travels with
    its aircraft, whose legs of the day are `legs`; `quiet` who has acknowledged or muted it."""

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


def flight(tables: Tables, moment: Moment, key: str, quiets: Collection[Quiet] = ()) -> Flight:
    """The page's figures, with who of `quiets` has acknowledged or muted it. UnknownError where there is no such
    flight, or it was not known at that moment."""
    found = tables.records(f"{FLIGHT}\nwhere flights.flight_key = {literal(key)}", day=moment.day, as_of=moment.as_of)
    if not found:
        raise _unknown(tables, moment, key)
    [row] = found
    steps, versions = timeline.past(tables, moment, key)
    registration = row["aircraft_registration"]
    legs = rotation.rotation(tables, moment, registration) if registration else []
    return Flight(
        flight_key=key,
        day=moment.day,
        known_at=row["known_at"],
        flight=words.flight_name(row["flight_iata"], row["airline_iata"], row["flight_number"]),
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
        aircraft=_aircraft(tables, row),
        position=_position(row),
        steps=steps,
        versions=versions,
        legs=legs,
        travels=rotation.travels(legs, key),
        quiet=_quiet(tables, moment, row, quiets),
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


def _aircraft(tables: Tables, row: Row) -> Aircraft | None:
    registration, address = row["aircraft_registration"], row["aircraft_icao24"]
    if not registration and not address:
        return None
    its_own = f"{AIRPLANE}\nwhere airplanes.icao_code_hex = {literal(address or '')}\n{NEWEST}"
    known = tables.records(its_own) if address else []
    about = known[0] if known else {}
    kind = about.get("aircraft_name") or about.get("model_code") or row["aircraft_type_icao"]
    return Aircraft(
        registration=registration or "",
        address=address or "",
        type=kind or row["aircraft_type_iata"] or "",
        owner=about.get("plane_owner") or "",
        first_flight=about.get("first_flight_date"),
    )


def _position(row: Row) -> Position | None:
    if row["live_updated_utc"] is None or row["live_latitude"] is None or row["live_longitude"] is None:
        return None
    return Position(
        taken_utc=row["live_updated_utc"],
        latitude=row["live_latitude"],
        longitude=row["live_longitude"],
        altitude_m=row["live_altitude"],
        direction=row["live_direction"],
        speed_kmh=row["live_speed_horizontal"],
        is_ground=row["live_is_ground"],
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


@router.get("/api/flight/{flight_key:path}")
def flight_figures(tables: TablesOf, at: FlightMoment, quiets: QuietsOf, flight_key: str) -> Flight:
    """One leg: where it stands, what became known of it and when, its versions, and its aircraft's day."""
    return flight(tables, at, flight_key, quiets)
