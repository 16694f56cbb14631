"""Which flights there is something to say of: what is known of them, else what is forecast, in words."""

from typing import Any, Literal, NamedTuple

from aviation import chance
from aviation.board import words
from aviation.board.moment import Moment
from aviation.board.tables import Tables
from aviation.severity import WEIGHTS, weight
from aviation.views.aircraft import MINIMUM_TURN_MIN
from aviation.views.declaration import LATE_MIN, minutes_between
from aviation.views.holding import holding

Row = dict[str, Any]
Kind = Literal["cancelled", "diverted", "overdue", "late", "turn", "forecast"]

MORE = " (more likely late)"
"""What a forecast's reason ends with that makes a flight late: here that goes without saying."""
FORECAST_MIN = 30
FORECAST_CHANCE = 0.6
"""A flight to come of which nothing is known is told where half of such flights leave so many minutes late or later, or
with this probability it leaves late, or never: our own choice."""

_TURN = minutes_between("previous.arr_scheduled_utc", "leg.dep_scheduled_utc")
# A turn is tight where a leg that has not left follows one to the same airport that arrives late.
_FORECAST = f"legs.standing = 'to come' and (held.p50 >= {FORECAST_MIN} or held.p_late >= {FORECAST_CHANCE})"
FLIGHTS = f"""
with held as ({holding()}
),
legs as (
    select so_far.flight_key, so_far.flight_date, so_far.flight_status, so_far.standing, so_far.dep_airport,
           so_far.arr_airport, so_far.dep_scheduled_local, so_far.dep_scheduled_utc, so_far.arr_scheduled_utc,
           so_far.airline_iata, so_far.airline_icao, so_far.airline_name,
           so_far.dep_delay_min, so_far.dep_delay_is_at_least, so_far.arr_delay_min, so_far.arr_delay_is_at_least,
           so_far.dep_delay_expected_min, so_far.arr_delay_expected_min,
           flights.flight_iata, flights.flight_number, flights.dep_gate, flights.aircraft_registration
    from flights_so_far as so_far
    inner join flights on flights.flight_key = so_far.flight_key
),
rotations as (
    select flight_key, aircraft_registration, standing, flight_iata, dep_airport, arr_airport,
           dep_scheduled_utc, arr_scheduled_utc, arr_delay_expected_min,
           row_number() over (partition by aircraft_registration order by dep_scheduled_utc, flight_key) as leg
    from legs
    where aircraft_registration is not null and flight_status <> 'cancelled' and dep_scheduled_utc is not null
),
turns as (
    select leg.flight_key,
           previous.flight_iata as previous_flight,
           previous.dep_airport as previous_from,
           {_TURN} - previous.arr_delay_expected_min as turn_min
    from rotations as leg
    inner join rotations as previous
        on previous.aircraft_registration = leg.aircraft_registration and previous.leg = leg.leg - 1
    where leg.standing in ('to come', 'overdue')
        and previous.arr_airport = leg.dep_airport
        and previous.arr_delay_expected_min >= {LATE_MIN}
        and {_TURN} - previous.arr_delay_expected_min < {MINIMUM_TURN_MIN}
),
changed as (
    select flight_key, to_value, max(known_from) as known_from
    from flight_events
    where field = 'flight_status'
    group by flight_key, to_value
)
select legs.flight_key, legs.flight_date, legs.flight_status, legs.standing, legs.dep_airport,
       legs.arr_airport, legs.dep_scheduled_local, legs.airline_iata, legs.airline_icao, legs.airline_name,
       legs.dep_delay_min, legs.arr_delay_min, legs.arr_delay_is_at_least,
       legs.dep_delay_expected_min, legs.arr_delay_expected_min,
       legs.flight_iata, legs.flight_number, legs.dep_gate, changed.known_from,
       turns.flight_key is not null as is_tight, turns.previous_flight, turns.previous_from, turns.turn_min,
       coalesce({_FORECAST}, false) as is_forecast, held.p10, held.p50, held.p90, held.arr_p10, held.arr_p50,
       held.arr_p90, held.p_late, held.p_cancelled, held.reason_1
from legs
left join held on held.flight_key = legs.flight_key
left join changed on changed.flight_key = legs.flight_key and changed.to_value = legs.flight_status
left join turns on turns.flight_key = legs.flight_key
where legs.flight_status in ('cancelled', 'diverted')
    or turns.flight_key is not null
    or {_FORECAST}
    or legs.standing in ('overdue', 'under way', 'to come')
        and (legs.dep_delay_expected_min >= {LATE_MIN} or legs.arr_delay_expected_min >= {LATE_MIN})"""


class Said(NamedTuple):
    """What there is to say of a flight. `weight` is what it is ranked by, `priced_min` the minutes that have a price:
    those that are known, or else to be expected by the forecast."""

    kind: Kind
    reason: str
    minutes: float | None
    is_at_least: bool
    weight: float
    priced_min: float | None


def flights(tables: Tables, moment: Moment) -> list[Row]:
    """The flights of which there is something to say at that moment."""
    return tables.records(FLIGHTS, day=moment.day, as_of=moment.as_of)


def said(flight: Row) -> Said:
    """What there is to say of one of `flights`. What is known stands before what is forecast, which only adds to it
    where a flight is on time by what is known."""
    known = _known(flight)
    turns = _turn(flight) if flight["is_tight"] else ""
    on_time = known.kind == "turn"
    if not (on_time and flight["is_forecast"]):
        return Said(*known._replace(reason=known.reason + turns), weight(known.kind, known.minutes), known.minutes)
    late = max(chance.mean_late([flight[f"{side}{name}"] for name in ("p10", "p50", "p90")]) for side in ("", "arr_"))
    weighs = chance.weight(late, flight["p_cancelled"])
    expected = late * (1 - flight["p_cancelled"])
    if turns:
        return Said("turn", f"{known.reason}{turns} {_forecast(flight)}", 0, False, weighs, expected)
    middle = max(flight["p50"], flight["arr_p50"])
    return Said("forecast", _forecast(flight), middle, False, weighs, expected)


class _Known(NamedTuple):
    kind: Kind
    reason: str
    minutes: float | None = None
    is_at_least: bool = False


def _known(flight: Row) -> _Known:
    status, standing = flight["flight_status"], flight["standing"]
    if status in WEIGHTS:
        since = words.known_since(flight["known_from"], flight["flight_date"].date())
        return _Known(status, f"{status.capitalize()}{since}.")
    departs, arrives = flight["dep_delay_expected_min"], flight["arr_delay_expected_min"]
    late = max((value for value in (departs, arrives) if value is not None), default=0)
    if standing == "overdue":
        waits = flight["dep_delay_min"]
        leaves = f" Expected to leave {words.duration(departs)} late." if departs > waits else ""
        lands = _lands(flight) if late > departs else ""
        is_bound = _landing_is_bound(flight) if lands else not leaves
        reason = f"Has not left, {words.duration(waits)} after its schedule.{leaves}{lands}"
        return _Known("overdue", reason, late, is_bound)
    if not (words.is_late(departs) or words.is_late(arrives)):
        return _Known("turn", "On time by what is known.", 0)
    has_left = standing == "under way"
    leaves = f"{'Left' if has_left else 'Expected to leave'} {words.duration(departs)} late." * words.is_late(departs)
    lands = _lands(flight) if words.is_late(arrives) and (has_left or late > (departs or 0)) else ""
    return _Known("late", (leaves + lands).strip(), late, bool(flight["arr_delay_is_at_least"]))


def _lands(flight: Row) -> str:
    least = "at least " if _landing_is_bound(flight) else ""
    return f" Expected to land {least}{words.duration(flight['arr_delay_expected_min'])} late."


def _landing_is_bound(flight: Row) -> bool:
    return bool(flight["arr_delay_is_at_least"]) and flight["arr_delay_expected_min"] == flight["arr_delay_min"]


def _turn(flight: Row) -> str:
    left = f"{words.duration(max(0, flight['turn_min']))} are left to turn it around"
    comes = f"{flight['previous_flight'] or 'a flight'} from {flight['previous_from']}"
    return f" Its aircraft comes late with {comes}: {left}."


def _forecast(flight: Row) -> str:
    """`Forecast: 12 min to 1 h 18 min late, 62 % to be late or never leave.`, and the reason that weighs most."""
    why = (flight["reason_1"] or "").removesuffix(MORE)
    between = words.late_between(flight["p10"], flight["p90"])
    return f"Forecast: {between}, {words.chance(flight['p_late'])} to be late or never leave." + (
        f" {why[:1].upper()}{why[1:]}." if why else ""
    )
