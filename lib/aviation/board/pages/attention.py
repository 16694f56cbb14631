"""Which flights need somebody now, the dearest first, each with its reason in words."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel

from aviation.alerts.quiet import Quiet, of
from aviation.board import due, words
from aviation.board.moment import Moment
from aviation.board.tables import Tables
from aviation.severity import WEIGHTS, weight
from aviation.views.aircraft import MINIMUM_TURN_MIN
from aviation.views.declaration import LATE_MIN, minutes_between

Row = dict[str, Any]
Kind = Literal["cancelled", "diverted", "overdue", "late", "turn"]

DISRUPTIONS = {"overdue": "delayed", "late": "delayed"}
"""What is acknowledged of a case, and what an alert calls it, where that is not its kind."""
RANKS = {"acknowledged": 1, "muted": 2}
"""Below what nobody has in hand."""
MOST = 500
MOST_ALONE = 3
"""So many flights of one kind and airline are told one by one; more are folded into one line."""

_TURN = minutes_between("previous.arr_scheduled_utc", "leg.dep_scheduled_utc")
# A turn is tight where a leg that has not left follows one to the same airport that arrives late.
FLIGHTS = f"""
with legs as (
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
       turns.flight_key is not null as is_tight, turns.previous_flight, turns.previous_from, turns.turn_min
from legs
left join changed on changed.flight_key = legs.flight_key and changed.to_value = legs.flight_status
left join turns on turns.flight_key = legs.flight_key
where legs.flight_status in ('cancelled', 'diverted')
    or turns.flight_key is not null
    or legs.standing in ('overdue', 'under way', 'to come')
        and (legs.dep_delay_expected_min >= {LATE_MIN} or legs.arr_delay_expected_min >= {LATE_MIN})"""
COST = "select max(cost_per_minute_usd) as cost_per_minute_usd from delay_cost"


class Case(BaseModel):
    """A flight that needs somebody: `reason` says why in words. `minutes` is how late it leaves or lands, whichever is
    more, of `is_at_least` a lower bound; `cost_usd` what these minutes cost at the price that was deployed (null for
    what has no price); `due` what its passengers may be due, in words, if anything; `known_from` since when it is known
    (UTC), `weight` what it is ranked by. `quiet` says who has acknowledged or muted it."""

    flight_key: str
    flight: str
    airline: str
    route: str
    scheduled_local: datetime | None
    gate: str
    kind: Kind
    reason: str
    minutes: float | None
    is_at_least: bool
    cost_usd: float | None
    due: str
    known_from: datetime | None
    weight: float
    quiet: Quiet | None

    @property
    def disruption(self) -> str:
        """What there is to acknowledge."""
        return DISRUPTIONS.get(self.kind, self.kind)

    @property
    def is_muted(self) -> bool:
        """Whether nobody is to be told of it."""
        return self.quiet is not None and self.quiet.kind == "muted"

    @property
    def rank(self) -> tuple[int, float, str]:
        """Its place among the cases."""
        return (RANKS[self.quiet.kind] if self.quiet else 0, -self.weight, self.flight_key)


class Group(NamedTuple):
    """Cases that are told in one line, which the gravest of them ranks, with what they cost in all."""

    title: str
    kind: Kind
    cases: list[Case]
    cost_usd: float


def cases(tables: Tables, moment: Moment, quiets: Collection[Quiet] = ()) -> tuple[list[Case], int]:
    """The flights that need somebody at that moment, the gravest first, below them what somebody has acknowledged, and
    what is muted, at most MOST; and how many there are that are not muted."""
    [cost] = tables.records(COST, day=moment.day)
    flights = tables.records(FLIGHTS, day=moment.day, as_of=moment.as_of)
    dues = due.by_flight(tables, moment)
    found = [_case(flight, cost["cost_per_minute_usd"], quiets, dues) for flight in flights]
    return sorted(found, key=lambda case: case.rank)[:MOST], sum(not case.is_muted for case in found)


def disruption(tables: Tables, moment: Moment, key: str) -> str:
    """What there is to acknowledge of a flight at that moment; empty if nothing."""
    flights = tables.records(FLIGHTS, day=moment.day, as_of=moment.as_of)
    return next((_case(flight, None, (), {}).disruption for flight in flights if flight["flight_key"] == key), "")


def grouped(ranked: list[Case]) -> list[Group | Case]:
    """The cases in their order, but those of one kind and airline as one group where they are more than MOST_ALONE."""
    alike: dict[tuple[Kind, str, bool], list[Case]] = {}
    for case in ranked:
        alike.setdefault((case.kind, case.airline, bool(case.quiet)), []).append(case)
    groups: list[Group | Case] = []
    for case in ranked:
        same = alike[case.kind, case.airline, bool(case.quiet)]
        if len(same) <= MOST_ALONE:
            groups.append(case)
        elif case is same[0]:
            groups.append(Group(_title(same), case.kind, same, sum(one.cost_usd or 0 for one in same)))
    return groups


def _title(alike: list[Case]) -> str:
    first, number = alike[0], len(alike)
    what = {
        "cancelled": "flights cancelled",
        "diverted": "flights diverted",
        "overdue": "flights have not left",
        "late": "flights late",
        "turn": "aircraft with little time to turn around",
    }[first.kind]
    worst = max(alike, key=lambda case: case.minutes or 0)
    how = {"overdue": "at least " if worst.is_at_least else "expected "}.get(first.kind, "")
    return f"{first.airline}: {number} {what}" + (
        f", the worst {how}{words.duration(worst.minutes)} late" if worst.minutes else ""
    )


def _case(flight: Row, price: float | None, quiets: Collection[Quiet], dues: Mapping[str, str]) -> Case:
    said = _said(flight)
    airline = flight["airline_iata"] or flight["airline_icao"] or ""
    route = f"{flight['dep_airport']}-{flight['arr_airport']}"
    held = of(quiets, flight["flight_key"], airline, route, DISRUPTIONS.get(said.kind, said.kind))
    return Case(
        flight_key=flight["flight_key"],
        flight=words.flight_name(flight),
        airline=flight["airline_name"] or flight["airline_icao"] or flight["airline_iata"] or words.DASH,
        route=f"{flight['dep_airport'] or words.DASH}–{flight['arr_airport'] or words.DASH}",
        scheduled_local=flight["dep_scheduled_local"],
        gate=flight["dep_gate"] or "",
        kind=said.kind,
        reason=said.reason + (_turn(flight) if flight["is_tight"] else ""),
        minutes=said.minutes,
        is_at_least=said.is_at_least,
        cost_usd=said.minutes * price if said.minutes and price else None,
        due=dues.get(flight["flight_key"], ""),
        known_from=flight["known_from"] if said.kind in WEIGHTS else None,
        weight=weight(said.kind, said.minutes),
        quiet=held[0] if held else None,
    )


class Said(NamedTuple):
    """What there is to say of a flight."""

    kind: Kind
    reason: str
    minutes: float | None = None
    is_at_least: bool = False


def _said(flight: Row) -> Said:
    status, standing = flight["flight_status"], flight["standing"]
    if status in WEIGHTS:
        since = words.known_since(flight["known_from"], flight["flight_date"].date())
        return Said(status, f"{status.capitalize()}{since}.")
    departs, arrives = flight["dep_delay_expected_min"], flight["arr_delay_expected_min"]
    late = max((value for value in (departs, arrives) if value is not None), default=0)
    if standing == "overdue":
        waits = flight["dep_delay_min"]
        leaves = f" Expected to leave {words.duration(departs)} late." if departs > waits else ""
        lands = _lands(flight) if late > departs else ""
        is_bound = _landing_is_bound(flight) if lands else not leaves
        reason = f"Has not left, {words.duration(waits)} after its schedule.{leaves}{lands}"
        return Said("overdue", reason, late, is_bound)
    if not (words.is_late(departs) or words.is_late(arrives)):
        return Said("turn", "On time by what is known.", 0)
    has_left = standing == "under way"
    leaves = f"{'Left' if has_left else 'Expected to leave'} {words.duration(departs)} late." * words.is_late(departs)
    lands = _lands(flight) if words.is_late(arrives) and (has_left or late > (departs or 0)) else ""
    return Said("late", (leaves + lands).strip(), late, bool(flight["arr_delay_is_at_least"]))


def _lands(flight: Row) -> str:
    least = "at least " if _landing_is_bound(flight) else ""
    return f" Expected to land {least}{words.duration(flight['arr_delay_expected_min'])} late."


def _landing_is_bound(flight: Row) -> bool:
    return bool(flight["arr_delay_is_at_least"]) and flight["arr_delay_expected_min"] == flight["arr_delay_min"]


def _turn(flight: Row) -> str:
    left = f"{words.duration(max(0, flight['turn_min']))} are left to turn it around"
    comes = f"{flight['previous_flight'] or 'a flight'} from {flight['previous_from']}"
    return f" Its aircraft comes late with {comes}: {left}."
