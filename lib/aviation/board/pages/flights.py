"""The page *Board*: departures and arrivals of the day, as people know them from airports."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

import pandas as pd
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field

from aviation.board import download, forecast
from aviation.board.asked import MomentOf, TablesOf, page
from aviation.board.moment import Moment
from aviation.board.pages.listed import FLIGHTS, QUANTILES, SIDES, BoardFlight, Direction, line
from aviation.board.tables import Tables
from aviation.views.holding import holding

router = APIRouter()
Sort = Literal["time", "flight", "place", "airline", "gate", "status", "delay", "forecast", "chance"]

ROWS_A_PAGE, MOST_IN_A_FILE = 100, 50_000
CHANGES = "select flight_key, field, known_from from flight_events"


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
    forecasts: int = Field(description="Of how many of those on all pages a forecast holds.")
    forecasts_missing: str = Field(description="Why the newest load made no forecast; empty where it made some.")


def flights(tables: Tables, moment: Moment, filters: Filters, rows_a_page: int = ROWS_A_PAGE) -> Flights:
    """The page's figures."""
    every = tables.ask(FLIGHTS, day=moment.day, as_of=moment.as_of)
    every = every.merge(tables.ask(holding(), day=moment.day, as_of=moment.as_of), "left", "flight_key")
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
        flights=[line(row, filters.direction, changes.get(row["flight_key"], [])) for row in rows],
        airports=choices["airport"],
        airlines=choices["airline"],
        statuses=choices["status"],
        missing=[
            f"There is no {name} {wanted} among the {filters.direction} of {moment.day}."
            for name, values in choices.items()
            if len(every) and (wanted := getattr(filters, name)) and wanted not in values
        ],
        forecasts=int(chosen["p50"].notna().sum()),
        forecasts_missing=forecast.missing(tables, moment),
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
        "forecast": lambda: chosen[QUANTILES[filters.direction][1]].astype(float),
        "chance": lambda: chosen["p_late"].astype(float),
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
