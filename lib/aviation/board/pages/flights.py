"""The page *Board*: departures and arrivals of the day, as people know them from airports."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import pandas as pd
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field

from aviation.board import download, words
from aviation.board.asked import MomentOf, TablesOf, page
from aviation.board.moment import Moment
from aviation.board.tables import Tables

Row = dict[str, Any]
router = APIRouter()
Direction = Literal["departures", "arrivals"]
Sort = Literal["time", "flight", "place", "airline", "gate", "status", "delay"]

ROWS_A_PAGE, MOST_IN_A_FILE = 100, 50_000
FLIGHTS = """
select so_far.flight_key, so_far.airline_iata, so_far.airline_icao, so_far.airline_name,
       so_far.dep_airport, so_far.arr_airport, so_far.dep_scheduled_local, so_far.arr_scheduled_local,
       so_far.flight_status, so_far.standing, so_far.observed_at,
       so_far.dep_delay_min, so_far.dep_delay_is_at_least, so_far.dep_delay_expected_min,
       so_far.arr_delay_min, so_far.arr_delay_is_at_least, so_far.arr_delay_expected_min,
       flights.flight_iata, flights.flight_icao, flights.flight_number, flights.codeshares,
       flights.dep_actual_local, flights.arr_actual_local, flights.aircraft_registration,
       flights.dep_gate, flights.dep_terminal, flights.arr_gate, flights.arr_terminal, flights.arr_baggage
from flights_so_far as so_far
inner join flights on flights.flight_key = so_far.flight_key"""
CHANGES = "select flight_key, field, known_from from flight_events"
SIDES = {"departures": ("dep", "arr"), "arrivals": ("arr", "dep")}


class Filters(BaseModel):
    """What a person chose, all of it in the page's address. `airport` is an airport of departure on the page of
    departures, of arrival on that of arrivals; `airline` is a name or a code; `text` is looked for in the flight's and
    its codeshares' codes, airline, airports, gate and aircraft."""

    direction: Direction = "departures"
    airport: str = Field("", max_length=10)
    airline: str = Field("", max_length=60)
    status: str = Field("", max_length=40)
    text: str = Field("", max_length=60)
    sort: Sort = "time"
    descending: bool = False
    page: int = Field(1, ge=1, le=100_000)


class BoardFlight(BaseModel):
    """A line of the board. Times are local to the airport of the side that is shown; `expected_local` is the actual
    time once there is one, `delay_min` then is known, else expected, or of `delay_is_at_least` a lower bound. `changed`
    names what changed since the moment that the page compares with."""

    flight_key: str
    flight: str
    airline: str
    airline_code: str
    airport: str
    place: str
    scheduled_local: datetime | None
    expected_local: datetime | None
    is_actual: bool
    gate: str
    terminal: str
    status: str
    standing: str
    delay_min: float | None
    delay_is_at_least: bool
    codeshares: list[str]
    aircraft: str
    changed: list[str]


class Flights(BaseModel):
    """The lines of one page of the board; `found` is how many there are on all of them, `airports`, `airlines` and
    `statuses` what can be chosen."""

    day: str
    known_at: datetime | None
    filters: Filters
    found: int
    pages: int
    flights: list[BoardFlight]
    airports: list[str]
    airlines: list[str]
    statuses: list[str]
    missing: list[str] = Field(description="Of each choice that no flight of the day has, a line that says so.")


def flights(tables: Tables, moment: Moment, filters: Filters, rows_a_page: int = ROWS_A_PAGE) -> Flights:
    """The page's figures."""
    every = tables.ask(FLIGHTS, day=moment.day, as_of=moment.as_of)
    near, _ = SIDES[filters.direction]
    filters = _by_name(every, filters)
    chosen = every[_mask(every, filters)]
    ordered = chosen.assign(order=_order(chosen, filters)).sort_values(
        ["order", f"{near}_scheduled_local", "flight_key"], ascending=[not filters.descending, True, True]
    )
    pages = max(1, -(-len(ordered) // rows_a_page))
    number = min(filters.page, pages)
    shown = ordered.iloc[(number - 1) * rows_a_page : number * rows_a_page].drop(columns="order").astype(object)
    changes = _changes(tables, moment)
    choices = _choices(every, near)
    rows = [dict(row) for row in shown.where(shown.notna(), None).to_dict("records")]
    return Flights(
        day=moment.day.isoformat(),
        known_at=moment.known_at,
        filters=filters.model_copy(update={"page": number}),
        found=len(ordered),
        pages=pages,
        flights=[_line(row, filters.direction, changes.get(row["flight_key"], [])) for row in rows],
        airports=choices["airport"],
        airlines=choices["airline"],
        statuses=choices["status"],
        missing=[
            f"There is no {name} {wanted} among the {filters.direction} of {moment.day}."
            for name, values in choices.items()
            if len(every) and (wanted := getattr(filters, name)) and wanted not in values
        ],
    )


def _choices(every: pd.DataFrame, near: str) -> dict[str, list[str]]:
    """What can be chosen, by the name of the filter."""
    columns = {"airport": every[f"{near}_airport"], "airline": _airline(every), "status": _status(every)}
    return {name: sorted(map(str, column.dropna().unique())) for name, column in columns.items()}


def _airline(every: pd.DataFrame) -> "pd.Series[Any]":
    return every["airline_name"].fillna(every["airline_icao"]).fillna(every["airline_iata"])


def _by_name(every: pd.DataFrame, filters: Filters) -> Filters:
    """The filters with the airline's name, where its code was given."""
    code = filters.airline.upper()
    names = _airline(every[(every["airline_iata"] == code) | (every["airline_icao"] == code)])
    return filters.model_copy(update={"airline": names.iloc[0]}) if code and len(names) else filters


def _status(every: pd.DataFrame) -> "pd.Series[Any]":
    return every["standing"].where(every["standing"].isin(["overdue", "not seen"]), every["flight_status"])


def _mask(every: pd.DataFrame, filters: Filters) -> "pd.Series[bool]":
    near, _ = SIDES[filters.direction]
    mask = every["flight_key"].notna()
    for wanted, column in (
        (filters.airport, every[f"{near}_airport"]),
        (filters.airline, _airline(every)),
        (filters.status, _status(every)),
    ):
        if wanted:
            mask &= column == wanted
    if sought := filters.text.casefold().replace(" ", ""):
        mask &= _searched(every).str.contains(sought, regex=False)
    return mask


def _searched(every: pd.DataFrame) -> "pd.Series[str]":
    names = (
        *("flight_iata", "flight_icao", "airline_name", "dep_airport", "arr_airport", "dep_gate", "arr_gate"),
        "aircraft_registration",
    )
    text = every["codeshares"].map(lambda codes: "|".join(codes) if pd.api.types.is_list_like(codes) else "")
    for name in names:
        text = text + "|" + every[name].fillna("").astype(str)
    return text.str.casefold().str.replace(" ", "")


def _order(chosen: pd.DataFrame, filters: Filters) -> "pd.Series[Any]":
    near, _ = SIDES[filters.direction]
    by: dict[Sort, Callable[[], pd.Series[Any]]] = {
        "time": lambda: chosen[f"{near}_scheduled_local"],
        "flight": lambda: chosen["flight_iata"].fillna(chosen["flight_number"]).fillna(""),
        "place": lambda: chosen["dep_airport"].fillna("") + chosen["arr_airport"].fillna(""),
        "airline": lambda: _airline(chosen).fillna(""),
        "gate": lambda: chosen[f"{near}_gate"].fillna(""),
        "status": lambda: _status(chosen),
        "delay": lambda: chosen[f"{near}_delay_expected_min"],
    }
    return by[filters.sort]()


def _changes(tables: Tables, moment: Moment) -> dict[str, list[str]]:
    """What changed of each flight since the moment that the page compares with."""
    if not moment.before:
        return {}
    found: dict[str, list[str]] = {}
    for event in tables.records(CHANGES, day=moment.day, as_of=moment.as_of):
        if event["known_from"] > moment.before:
            found.setdefault(event["flight_key"], []).append(event["field"])
    return found


def _line(row: dict[Any, Any], direction: Direction, changed: list[str]) -> BoardFlight:
    near, far = SIDES[direction]
    scheduled, actual = row[f"{near}_scheduled_local"], row[f"{near}_actual_local"]
    expected, known = row[f"{near}_delay_expected_min"], row[f"{near}_delay_min"]
    is_cancelled = row["flight_status"] == "cancelled"
    late = None if is_cancelled else known if actual else expected
    is_bound = bool(row[f"{near}_delay_is_at_least"]) and late == known
    time = actual or (scheduled + timedelta(minutes=late) if scheduled and late is not None else None)
    return BoardFlight(
        flight_key=row["flight_key"],
        flight=words.flight_name(row),
        airline=row["airline_name"] or row["airline_icao"] or row["airline_iata"] or words.DASH,
        airline_code=row["airline_iata"] or row["airline_icao"] or "",
        airport=row[f"{near}_airport"] or words.DASH,
        place=row[f"{far}_airport"] or words.DASH,
        scheduled_local=scheduled,
        expected_local=None if is_cancelled else time,
        is_actual=bool(actual),
        gate=row[f"{near}_gate"] or "",
        terminal=row[f"{near}_terminal"] or "",
        status=row["standing"] if row["standing"] in ("overdue", "not seen") else row["flight_status"],
        standing=row["standing"],
        delay_min=late,
        delay_is_at_least=is_bound,
        codeshares=list(row["codeshares"] if row["codeshares"] is not None else []),
        aircraft=row["aircraft_registration"] or "",
        changed=sorted({name for name in changed if name == "flight_status" or name.startswith(f"{near}_")}),
    )


@router.get("/flights", name="flights", include_in_schema=False)
def flights_page(
    request: Request, tables: TablesOf, at: MomentOf, filters: Annotated[Filters, Query()]
) -> HTMLResponse:
    """The page."""
    return page(request, "flights", at, values={"figures": flights(tables, at, filters) if at else None})


@router.get("/api/flights", response_model=Flights | None, responses=download.FILES)
def flights_figures(
    tables: TablesOf, at: MomentOf, filters: Annotated[Filters, Query()], form: download.FormOf = "json"
) -> Flights | Response | None:
    """Departures or arrivals of the day; a file has those of all pages. Null before the first load."""
    if form == "json":
        return flights(tables, at, filters) if at else None
    found = flights(tables, at, filters.model_copy(update={"page": 1}), MOST_IN_A_FILE).flights if at else []
    return download.rows(found, BoardFlight, form, f"{filters.direction}-{at.day if at else 'none'}")
