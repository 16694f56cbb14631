"""The aircraft of a leg: which one it is, and where it was seen."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from aviation.board.narrowed import literal
from aviation.board.tables import Tables

Row = dict[str, Any]

# The newest row of the aircraft's address, and the name of its type.
AIRPLANE = """
select airplanes.model_code, airplanes.plane_owner, airplanes.first_flight_date, types.aircraft_name
from airplanes
left join (select iata_code, max(aircraft_name) as aircraft_name from aircraft_types group by iata_code) as types
    on types.iata_code = airplanes.iata_code_short"""
NEWEST = "order by airplanes.observed_at desc, airplanes.airplane_id limit 1"


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


def aircraft(tables: Tables, row: Row) -> Aircraft | None:
    """The aircraft of a row of `flights`, with what the reference tables know of it; None where the row names none."""
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


def position(row: Row) -> Position | None:
    """The position in a row of `flights`; None where it has none."""
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
