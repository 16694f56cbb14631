"""The day's routes with how late their flights are, and where each aircraft under way is."""

from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from aviation.board import words
from aviation.board.geography import Place, airport, along
from aviation.board.moment import Moment
from aviation.board.tables import Tables
from aviation.words import counted

Row = dict[str, Any]

# Of a flight that is under way or overdue how late it is expected to land, and whether that is a lower bound.
_MOVING = """
with moving as (
    select flight_key, dep_airport, arr_airport, standing, known_at, arr_scheduled_utc, arr_delay_expected_min,
           dep_scheduled_utc, dep_delay_expected_min,
           dep_delay_is_at_least and dep_delay_expected_min = dep_delay_min
               or arr_delay_is_at_least and arr_delay_expected_min = arr_delay_min as is_at_least
    from flights_so_far
    where standing in ('under way', 'overdue')
)"""
ROUTES = f"""{_MOVING},
waiting as (
    select dep_airport, arr_airport,
           count(*) filter (where standing = 'under way') as under_way,
           count(*) filter (where standing = 'overdue') as overdue,
           avg(arr_delay_expected_min) as late_min,
           count(*) filter (where is_at_least) as at_least
    from moving
    group by dep_airport, arr_airport
),
routes as (
    select dep_airport, arr_airport, count(*) as flights
    from flights_so_far
    group by dep_airport, arr_airport
)
select routes.dep_airport, routes.arr_airport, routes.flights,
       coalesce(waiting.under_way, 0) as under_way,
       coalesce(waiting.overdue, 0) as overdue,
       waiting.late_min,
       coalesce(waiting.at_least, 0) > 0 as is_at_least
from routes
left join waiting on waiting.dep_airport = routes.dep_airport and waiting.arr_airport = routes.arr_airport
where routes.dep_airport is not null and routes.arr_airport is not null
order by routes.dep_airport, routes.arr_airport"""
AIRCRAFT = f"""{_MOVING}
select moving.*, flights.flight_iata, flights.flight_number, flights.airline_iata, flights.airline_icao,
       flights.dep_actual_utc,
       cast(flights.live_latitude as double) as live_latitude,
       cast(flights.live_longitude as double) as live_longitude,
       cast(flights.live_direction as double) as live_direction,
       flights.live_updated_utc
from moving
inner join flights on flights.flight_key = moving.flight_key
where moving.standing = 'under way'
order by moving.flight_key"""
NEARLY_THERE = 0.97
"""An aircraft that should have landed is drawn so far along its way: it has not."""


class MapAirport(BaseModel):
    """An airport of the day's flights; `flights` leave it or go there."""

    code: str
    name: str
    city: str
    latitude: float
    longitude: float
    flights: int


class MapRoute(BaseModel):
    """A route with its flights of the day, and of these the ones under way and overdue, how late they are expected to
    land in the mean, in minutes (of `is_at_least` a lower bound), null where there are none or nothing is known."""

    dep_airport: str
    arr_airport: str
    flights: int
    under_way: int
    overdue: int
    late_min: float | None
    is_at_least: bool


class MapAircraft(BaseModel):
    """An aircraft under way: where it reported itself (`reported_at`, UTC), or where it should be on the great circle
    between its departure and its expected arrival, which is estimated. `course` is in degrees from north."""

    flight_key: str
    flight: str
    dep_airport: str
    arr_airport: str
    latitude: float
    longitude: float
    course: float
    is_estimated: bool
    reported_at: datetime | None
    late_min: float | None
    is_at_least: bool


class Map(BaseModel):
    """The map of a day as it stands at `known_at` (UTC); `left_out` says what is not on it."""

    day: str
    known_at: datetime | None
    airports: list[MapAirport]
    routes: list[MapRoute]
    aircraft: list[MapAircraft]
    left_out: str


def flight_map(tables: Tables, moment: Moment) -> Map:
    """The page's figures."""
    every = [MapRoute(**row) for row in tables.records(ROUTES, day=moment.day, as_of=moment.as_of)]
    routes = [route for route in every if airport(route.dep_airport) and airport(route.arr_airport)]
    flying = tables.records(AIRCRAFT, day=moment.day, as_of=moment.as_of)
    aircraft = [placed for row in flying if (placed := _aircraft(row))]
    unknown = {code for route in every for code in (route.dep_airport, route.arr_airport) if not airport(code)}
    return Map(
        day=moment.day.isoformat(),
        known_at=moment.known_at,
        airports=_airports(routes),
        routes=routes,
        aircraft=aircraft,
        left_out=_left_out(sorted(unknown), len(flying) - len(aircraft)),
    )


def _left_out(unknown: list[str], lost: int) -> str:
    parts = [f"airports whose place is not known ({', '.join(unknown[:20])})"] * bool(unknown)
    parts += [f"{counted(lost, 'aircraft', 'aircraft')} under way of which no position can be told"] * bool(lost)
    return f"Not on the map: {' and '.join(parts)}." if parts else ""


def _airports(routes: list[MapRoute]) -> list[MapAirport]:
    """The busiest first."""
    flights: dict[str, int] = {}
    for route in routes:
        for code in {route.dep_airport, route.arr_airport}:
            flights[code] = flights.get(code, 0) + route.flights
    found = []
    for code, number in sorted(flights.items(), key=lambda one: (-one[1], one[0])):
        if known := airport(code):
            (latitude, longitude), name, city = known
            found.append(
                MapAirport(code=code, name=name, city=city, latitude=latitude, longitude=longitude, flights=number)
            )
    return found


def _aircraft(row: Row) -> MapAircraft | None:
    """The aircraft of a row of AIRCRAFT; None where nothing says where it is."""
    place, course = _reported(row) or _estimated(row) or (None, 0.0)
    if not place:
        return None
    is_estimated = row["live_latitude"] is None or row["live_longitude"] is None
    return MapAircraft(
        flight_key=row["flight_key"],
        flight=words.flight_name(row),
        dep_airport=row["dep_airport"] or words.DASH,
        arr_airport=row["arr_airport"] or words.DASH,
        latitude=place.latitude,
        longitude=place.longitude,
        course=course,
        is_estimated=is_estimated,
        reported_at=None if is_estimated else row["live_updated_utc"],
        late_min=row["arr_delay_expected_min"],
        is_at_least=bool(row["is_at_least"]),
    )


def _reported(row: Row) -> tuple[Place, float] | None:
    if row["live_latitude"] is None or row["live_longitude"] is None:
        return None
    return Place(row["live_latitude"], row["live_longitude"]), row["live_direction"] or 0.0


def _estimated(row: Row) -> tuple[Place, float] | None:
    """Where an aircraft should be that left when it did and lands when it is expected."""
    ends = airport(row["dep_airport"] or ""), airport(row["arr_airport"] or "")
    left = row["dep_actual_utc"] or _later(row["dep_scheduled_utc"], row["dep_delay_expected_min"])
    lands = _later(row["arr_scheduled_utc"], row["arr_delay_expected_min"])
    if not (ends[0] and ends[1] and left and lands and lands > left):
        return None
    fraction = (row["known_at"] - left) / (lands - left)
    return along(ends[0].place, ends[1].place, max(0.0, min(NEARLY_THERE, fraction)))


def _later(scheduled: datetime | None, minutes: float | None) -> datetime | None:
    return scheduled + timedelta(minutes=minutes or 0) if scheduled else None
