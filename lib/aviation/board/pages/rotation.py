"""An aircraft's day: its legs in order, and how a delay travels from one to the next."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from aviation.board import words
from aviation.board.moment import Moment
from aviation.board.narrowed import literal
from aviation.board.tables import Tables
from aviation.views.aircraft import MINIMUM_TURN_MIN

Row = dict[str, Any]

LEGS = """
select so_far.flight_key, so_far.flight_status, so_far.standing, so_far.dep_airport, so_far.arr_airport,
       so_far.dep_scheduled_utc, so_far.dep_scheduled_local, so_far.arr_scheduled_utc, so_far.arr_scheduled_local,
       so_far.airline_iata, so_far.airline_icao,
       so_far.dep_delay_min, so_far.dep_delay_is_at_least, so_far.dep_delay_expected_min,
       so_far.arr_delay_min, so_far.arr_delay_is_at_least, so_far.arr_delay_expected_min,
       flights.flight_iata, flights.flight_number, flights.dep_actual_utc, flights.arr_actual_utc
from flights_so_far as so_far
inner join flights on flights.flight_key = so_far.flight_key"""
IN_ORDER = "order by coalesce(flights.dep_actual_utc, so_far.dep_scheduled_utc), so_far.flight_key"


class Turn(BaseModel):
    """The time on the ground between a leg and the one before it, in minutes: as the schedule has it, and what is left
    of it, or was, by what is known or expected of both. `came_min` of the departure delay came with the aircraft: its
    arrival delay, less what the schedule allows beyond a turn of MINIMUM_TURN_MIN. Null where it is not known."""

    previous_key: str
    scheduled_min: int | None
    left_min: int | None
    is_over: bool
    came_min: int | None


class Leg(BaseModel):
    """A leg of the aircraft, times local to its airports, delays in minutes: known, of `is_at_least` a lower bound,
    else expected. `turn` is null for the first leg, for a cancelled one, and where flights lie between that the tables
    do not have, which `gap` says then."""

    flight_key: str
    flight: str
    dep_airport: str
    arr_airport: str
    dep_scheduled_local: datetime | None
    arr_scheduled_local: datetime | None
    status: str
    dep_delay_min: int | None
    dep_delay_is_at_least: bool
    arr_delay_min: int | None
    arr_delay_is_at_least: bool
    turn: Turn | None = None
    gap: str = ""


def rotation(tables: Tables, moment: Moment, registration: str) -> list[Leg]:
    """The legs of the aircraft on the day, in the order of actual, else scheduled, departure."""
    text = f"{LEGS}\nwhere flights.aircraft_registration = {literal(registration)}\n{IN_ORDER}"
    legs, before = [], None
    for row in tables.records(text, day=moment.day, as_of=moment.as_of):
        leg = _leg(row)
        if row["flight_status"] != "cancelled":
            if before:
                _follow(leg, row, before)
            before = row
        legs.append(leg)
    return legs


def travels(legs: list[Leg], flight_key: str) -> list[str]:
    """How the delay travels over the leg `flight_key`, in sentences; none where the tables do not tell."""
    at = next((number for number, leg in enumerate(legs) if leg.flight_key == flight_key), None)
    if at is None:
        return []
    leg, said = legs[at], []
    if leg.turn:
        previous = next(other for other in legs if other.flight_key == leg.turn.previous_key)
        said.append(_brought(leg, leg.turn, previous))
    elif leg.gap:
        said.append(f"Before it: {leg.gap}.")
    following = next((other for other in legs[at + 1 :] if other.turn or other.gap), None)
    if following and following.turn and following.turn.previous_key == flight_key:
        said.append(f"Its aircraft goes on as {following.flight} to {following.arr_airport}: {_left(following.turn)}.")
    elif following and following.gap:
        said.append(f"After it: {following.gap}.")
    return said


def _brought(leg: Leg, turn: Turn, previous: Leg) -> str:
    came = f"Its aircraft comes with {previous.flight} from {previous.dep_airport}"
    if previous.arr_delay_min is not None and words.is_late(previous.arr_delay_min):
        least = "at least " if previous.arr_delay_is_at_least else ""
        came += f", {least}{words.duration(previous.arr_delay_min)} late"
    brought = ""
    if turn.came_min and leg.dep_delay_min:
        brought = f" {turn.came_min} of the {leg.dep_delay_min} minutes of this departure's delay come with it."
    return f"{came}: {_left(turn)}.{brought}"


def _left(turn: Turn) -> str:
    if turn.left_min is None:
        return "how long it has on the ground is not known"
    scheduled = f" of {words.duration(turn.scheduled_min)} in the schedule" if turn.scheduled_min is not None else ""
    if turn.is_over:
        return f"it was {words.duration(max(0, turn.left_min))} on the ground{scheduled}"
    short = f", less than the {MINIMUM_TURN_MIN} min that a turn takes" if turn.left_min < MINIMUM_TURN_MIN else ""
    return f"{words.duration(max(0, turn.left_min))}{scheduled} are left to turn it around{short}"


def _leg(row: Row) -> Leg:
    is_over = row["standing"] in ("over", "not seen") or row["flight_status"] == "cancelled"
    late = {}
    for side in ("dep", "arr"):
        known, expected = row[f"{side}_delay_min"], row[f"{side}_delay_expected_min"]
        late[f"{side}_delay_min"] = known if is_over or expected is None else expected
        late[f"{side}_delay_is_at_least"] = bool(row[f"{side}_delay_is_at_least"]) and expected == known
    return Leg(
        flight_key=row["flight_key"],
        flight=words.flight_name(row),
        dep_airport=row["dep_airport"] or words.DASH,
        arr_airport=row["arr_airport"] or words.DASH,
        dep_scheduled_local=row["dep_scheduled_local"],
        arr_scheduled_local=row["arr_scheduled_local"],
        status=row["standing"] if row["standing"] in ("overdue", "not seen") else row["flight_status"],
        **late,
    )


def _follow(leg: Leg, row: Row, before: Row) -> None:
    """Say of the leg how it follows the one before."""
    if before["arr_airport"] != row["dep_airport"] or before["flight_status"] == "diverted":
        after = "the flight before was diverted" if before["flight_status"] == "diverted" else "others lie between"
        leg.gap = f"{_route(before)} and then {_route(row)}: {after}, which the tables do not have"
        return
    scheduled = _between(before["arr_scheduled_utc"], row["dep_scheduled_utc"])
    is_over = bool(before["arr_actual_utc"] and row["dep_actual_utc"])
    late_in, late_out = before["arr_delay_expected_min"], row["dep_delay_expected_min"]
    left = came = None
    if is_over:
        left = _between(before["arr_actual_utc"], row["dep_actual_utc"])
    elif scheduled is not None and late_in is not None:
        left = scheduled - late_in
    if None not in (scheduled, late_in, late_out):
        came = max(0, min(late_out, late_in - max(0, (scheduled or 0) - MINIMUM_TURN_MIN)))
    leg.turn = Turn(
        previous_key=before["flight_key"], scheduled_min=scheduled, left_min=left, is_over=is_over, came_min=came
    )


def _route(row: Row) -> str:
    return f"{row['dep_airport'] or words.DASH}–{row['arr_airport'] or words.DASH}"


def _between(earlier: datetime | None, later: datetime | None) -> int | None:
    """Whole minutes, as the flights' own delays count them."""
    if not earlier or not later:
        return None
    start, end = (moment.replace(second=0, microsecond=0) for moment in (earlier, later))
    return round((end - start).total_seconds() / 60)
