"""A flight as a line of the board."""

from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel

from aviation.board import words

Direction = Literal["departures", "arrivals"]

SIDES = {"departures": ("dep", "arr"), "arrivals": ("arr", "dep")}
QUANTILES = {"departures": ("p10", "p50", "p90"), "arrivals": ("arr_p10", "arr_p50", "arr_p90")}
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


class BoardFlight(BaseModel):
    """A line of the board. Times are local to the airport of the side that is shown; `expected_local` is the actual
    time once there is one, `delay_min` then is known, else expected, or of `delay_is_at_least` a lower bound. `changed`
    names what changed since the moment that the page compares with.

    What is forecast of a flight that has not left, null for others: half of such flights are at most
    `forecast_min` minutes late on the side that is shown, one in ten at most `forecast_least_min`, nine in ten at most
    `forecast_most_min`; `chance_late` is the probability to leave 15 minutes late or later, or never."""

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
    forecast_least_min: float | None
    forecast_min: float | None
    forecast_most_min: float | None
    chance_late: float | None


def line(row: dict[Any, Any], direction: Direction, changed: list[str]) -> BoardFlight:
    """The line of a row of FLIGHTS with its forecast."""
    near, far = SIDES[direction]
    scheduled, actual = row[f"{near}_scheduled_local"], row[f"{near}_actual_local"]
    expected, known = row[f"{near}_delay_expected_min"], row[f"{near}_delay_min"]
    least, middle, most = (row[name] for name in QUANTILES[direction])
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
        forecast_least_min=least,
        forecast_min=middle,
        forecast_most_min=most,
        chance_late=row["p_late"],
    )
