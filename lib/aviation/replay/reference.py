"""The reference entities: cities, airplanes and aircraft types. As in the API, every value is a string or null.

Real: the airports, the tail numbers that flew in 2013, and what planes.csv knows about them (year, model, engines).
Invented: `id`, which changes with the clock as it does between pulls of the real API; the stable ids, which number the
rows; and the month and day of dates of which only the year is known. Anything else unknown is null.
"""

import csv
import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from aviation.replay import data
from aviation.replay.quirks import Dice
from aviation.replay.registrations import icao24

PULLED_IN = 2013
ENGINES = {
    "Turbo-fan": "JET",
    "Turbo-jet": "JET",
    "Turbo-prop": "TURBOPROP",
    "Turbo-shaft": "TURBOSHAFT",
    "Reciprocating": "PISTON",
    "4 Cycle": "PISTON",
}


class AircraftType(NamedTuple):
    """A row of types.csv: the models (a pattern of planes.csv's `model`) that share an IATA and an ICAO code."""

    pattern: str
    iata: str
    icao: str
    name: str
    iata_type: str
    production_line: str


def cities(clock: datetime) -> list[dict[str, Any]]:
    """One record for each airport with an IATA code. `gmt` is its standard offset from UTC in hours."""
    return [_city(index, iata, clock) for index, iata in enumerate(sorted(data.airports()))]


def airplanes(clock: datetime) -> list[dict[str, Any]]:
    """One record for each tail number that flew in the year."""
    return [_airplane(index, *flown, clock) for index, flown in enumerate(data.fleet().items())]


def aircraft_types(clock: datetime) -> list[dict[str, Any]]:
    """One record for each IATA code of types.csv."""
    by_code = {kind.iata: kind for kind in reversed(_types())}
    return [
        {
            "id": _changing_id("aircraft_types", clock, index),
            "iata_code": code,
            "aircraft_name": by_code[code].name,
            "plane_type_id": str(index + 1),
        }
        for index, code in enumerate(sorted(by_code))
    ]


ENDPOINTS = {"cities": cities, "airplanes": airplanes, "aircraft_types": aircraft_types}


@cache
def type_of(tail: str) -> AircraftType | None:
    """The type of a tail number, by its model in planes.csv; None if that is unknown.

    Some tail numbers are an airline's fleet numbers, which planes.csv matched with small aircraft of the same
    registration: no pattern matches those models.
    """
    model = data.planes().get(tail, {}).get("model")
    return next((kind for kind in _types() if re.fullmatch(kind.pattern, model)), None) if model else None


@cache
def _types() -> list[AircraftType]:
    lines = (Path(__file__).parent / "types.csv").read_text().splitlines()
    return [AircraftType(**row) for row in csv.DictReader(lines)]


def _city(index: int, iata: str, clock: datetime) -> dict[str, Any]:
    airport = data.airports()[iata]
    return {
        "id": _changing_id("cities", clock, index),
        "gmt": _standard_offset(airport["tz"]),
        "city_id": _city_id(iata),
        "iata_code": iata,
        "country_iso2": airport["country"],
        "geoname_id": None,
        "latitude": str(airport["lat"]),
        "longitude": str(airport["lon"]),
        "city_name": airport["city"] or airport["name"],
        "timezone": airport["tz"],
    }


def _city_id(iata: str) -> str:
    """The code as a number in base 26, from AAA = 1: it is stable when other airports come and go."""
    first, second, third = (ord(letter) - ord("A") for letter in iata)
    return str(1 + (first * 26 + second) * 26 + third)


@cache
def _standard_offset(name: str) -> str:
    january, july = (datetime(PULLED_IN, month, 1, tzinfo=UTC) for month in (1, 7))
    return f"{min(data.utc_offset_hours(at, ZoneInfo(name)) for at in (january, july)):g}"


def _airplane(index: int, tail: str, carrier: str, clock: datetime) -> dict[str, Any]:
    plane = data.planes().get(tail, {})
    kind = type_of(tail)
    model = plane.get("model")
    dice = Dice("airplane", tail)
    year = plane.get("year")
    built = int(year) if year else None
    first_flight = date(built, 1, 1) + timedelta(days=dice.between("first flight", 0, 330)) if built else None
    return {
        "id": _changing_id("airplanes", clock, index),
        "iata_type": kind and kind.iata_type,
        "airplane_id": str(index + 1),
        "airline_iata_code": carrier,
        "iata_code_long": kind and kind.icao,
        "iata_code_short": kind and kind.iata,
        "airline_icao_code": None,
        "construction_number": None,
        "delivery_date": _written(first_flight and first_flight + timedelta(days=30), dice, "delivery"),
        "engines_count": plane.get("engines"),
        "engines_type": ENGINES.get(plane.get("engine") or ""),
        "first_flight_date": _written(first_flight, dice, "first flight"),
        "icao_code_hex": icao24(tail),
        "line_number": None,
        "model_code": model,
        "registration_number": tail,
        "test_registration_number": None,
        # Stale, as the API's: the age in some earlier year.
        "plane_age": str(max(0, PULLED_IN - built - dice.between("stale", 0, 3))) if built else None,
        "plane_class": None,
        "model_name": kind and kind.name.split(" ", 1)[1],
        "plane_owner": None,
        "plane_series": model.partition("-")[2] or None if model else None,
        "plane_status": "active",
        "production_line": kind and kind.production_line,
        "registration_date": "0000-00-00",
        "rollout_date": "0000-00-00" if dice.chance("rollout", 0.5) else None,
    }


def _written(day: date | None, dice: Dice, name: str) -> str | None:
    """A date in one of the API's forms: a day, or a time on it in UTC; zeros or null if it is unknown."""
    if day is None:
        return "0000-00-00" if dice.chance(f"{name} zeros", 0.5) else None
    if dice.chance(f"{name} form", 0.5):
        return day.isoformat()
    return f"{datetime(day.year, day.month, day.day, 22, tzinfo=UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def _changing_id(entity: str, clock: datetime, index: int) -> str:
    return str(Dice("id", entity, clock).between("base", 10_000, 20_000_000) + index)
