"""Which flights need somebody now, the dearest first, each with its reason in words."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel

from aviation.alerts.quiet import Quiet, of
from aviation.board import due, words
from aviation.board.moment import Moment
from aviation.board.pages.disrupted import Kind, flights, said
from aviation.board.tables import Tables
from aviation.severity import WEIGHTS

Row = dict[str, Any]

COST = "select max(cost_per_minute_usd) as cost_per_minute_usd from delay_cost"
DISRUPTIONS = {"overdue": "delayed", "late": "delayed"}
"""What is acknowledged of a case, and what an alert calls it, where that is not its kind."""
RANKS = {"acknowledged": 1, "muted": 2}
"""Below what nobody has in hand."""
MOST = 500
MOST_ALONE = 3
"""So many flights of one kind and airline are told one by one; more are folded into one line."""


class Case(BaseModel):
    """A flight that needs somebody: `reason` says why in words. `minutes` is how late it leaves or lands, whichever is
    more, of `is_at_least` a lower bound; `cost_usd` what these minutes cost at the price that was deployed (null for
    what has no price). Of the kind `forecast` nothing is known yet: `minutes` is what half of such flights are late at
    most, `cost_usd` and `weight` go by what is to be expected on average. `due` is what its passengers may be due, in
    words, if anything; `known_from` since when it is known (UTC), `weight` what it is ranked by. `quiet` says who has
    acknowledged or muted it."""

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
    dues = due.by_flight(tables, moment)
    found = [_case(flight, cost["cost_per_minute_usd"], quiets, dues) for flight in flights(tables, moment)]
    return sorted(found, key=lambda case: case.rank)[:MOST], sum(not case.is_muted for case in found)


def disruption(tables: Tables, moment: Moment, key: str) -> str:
    """What there is to acknowledge of a flight at that moment; empty if nothing."""
    there = flights(tables, moment)
    return next((_case(flight, None, (), {}).disruption for flight in there if flight["flight_key"] == key), "")


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
        "forecast": "flights forecast to be late",
    }[first.kind]
    worst = max(alike, key=lambda case: case.minutes or 0)
    how = {"overdue": "at least " if worst.is_at_least else "expected ", "forecast": "about "}.get(first.kind, "")
    return f"{first.airline}: {number} {what}" + (
        f", the worst {how}{words.duration(worst.minutes)} late" if worst.minutes else ""
    )


def _case(flight: Row, price: float | None, quiets: Collection[Quiet], dues: Mapping[str, str]) -> Case:
    told = said(flight)
    airline = flight["airline_iata"] or flight["airline_icao"] or ""
    route = f"{flight['dep_airport']}-{flight['arr_airport']}"
    held = of(quiets, flight["flight_key"], airline, route, DISRUPTIONS.get(told.kind, told.kind))
    return Case(
        flight_key=flight["flight_key"],
        flight=words.flight_name(flight),
        airline=flight["airline_name"] or flight["airline_icao"] or flight["airline_iata"] or words.DASH,
        route=f"{flight['dep_airport'] or words.DASH}–{flight['arr_airport'] or words.DASH}",
        scheduled_local=flight["dep_scheduled_local"],
        gate=flight["dep_gate"] or "",
        kind=told.kind,
        reason=told.reason,
        minutes=told.minutes,
        is_at_least=told.is_at_least,
        cost_usd=told.priced_min * price if told.priced_min and price else None,
        due=dues.get(flight["flight_key"], ""),
        known_from=flight["known_from"] if told.kind in WEIGHTS else None,
        weight=told.weight,
        quiet=held[0] if held else None,
    )
