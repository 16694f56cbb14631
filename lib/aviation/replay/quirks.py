"""Everything about a flight that the data lacks. All of it is invented.

The API's habits (codeshare rows, nulls, odd formats) occur at the rates measured on real records; gates, terminals and
the like are made up. Every choice is drawn from a hash of its subject, so the same day, clock and flight look the same
in every process. A leg's identity (date, departure, operating airline's ICAO code, number) and its scheduled and actual
times are never altered.
"""

import csv
from datetime import datetime, timedelta
from functools import cache, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from aviation.replay.data import Leg, airports, legs, utc_offset_hours, zone

# Shares of rows, measured on 1,546 real records pulled between 2023 and 2026 unless noted.
CODESHARES = 0.47
FLIGHT_IATA_NULL = 0.039  # flight.iata and airline.iata
FLIGHT_NUMBER_NULL = 0.026
DEP_TIMEZONE_NULL = 0.008
ARR_TIMEZONE_NULL = 0.019
ARR_ESTIMATED_NULL = 0.73
# Chances chosen so that a day's polls show what was measured: a gate on 44 % of rows, an aircraft on 32 %, a departure
# delay on 3.2 %, `scheduled` with an actual departure on 1 %.
GATE_EVER_KNOWN = 0.56
GATE_KNOWN_BEFORE = timedelta(hours=6)
AIRCRAFT_SHOWN = 0.97
AIRCRAFT_KNOWN_BEFORE = timedelta(hours=3)
DELAY_SHOWN = 0.09
FORECAST_SHOWN = 0.10
FORECAST_WITHIN = timedelta(hours=2)
STATUS_LAG = timedelta(minutes=40)
STATUS_LAGS = 0.65
# Seen on real records, but not counted.
TWICE = 0.005
ZONE_AS_NUMBER = 0.004
STATUS_UNKNOWN = 0.003
GATE_CHANGES = 0.08
TERMINAL_KNOWN = 0.6
TERMINAL_WITH_T = 0.2
BAGGAGE_SHOWN = 0.15

# Regional airlines fly for others: every flight is also sold under the first partner's number.
REGIONAL = frozenset({"9E", "EV", "MQ", "OO", "YV"})
SOLD_BY_OTHERS = 0.25  # of the other airlines' flights have codeshares
CODESHARES_SKEW = 5.5  # most of them have one or two, a few a dozen


class Dice:
    """Draws that depend only on `about` and the draw's name (Python's own hash differs between processes)."""

    def __init__(self, *about: object) -> None:
        self._hash = blake2b("|".join(map(str, about)).encode(), digest_size=8)
        self._drawn: dict[str, float] = {}

    def share(self, name: str) -> float:
        """A number from 0 up to 1."""
        if name not in self._drawn:
            drawn = self._hash.copy()
            drawn.update(name.encode())
            self._drawn[name] = int.from_bytes(drawn.digest(), "big") / 2**64
        return self._drawn[name]

    def chance(self, name: str, of: float) -> bool:
        """Whether something happens that has the probability `of`."""
        return self.share(name) < of

    def between(self, name: str, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.share(name) * (high + 1 - low))


class Carrier(NamedTuple):
    """An airline as it was in 2013 (real)."""

    iata: str
    icao: str
    name: str


class Codeshare(NamedTuple):
    """A flight's name at the airline that sells it."""

    carrier: Carrier
    number: str


class Row(NamedTuple):
    """A row of the API for a leg: the operating flight's own if `codeshare` is None, else a codeshare's.

    `about` identifies the row; `shared` are the dice of all rows of the leg, `dice` those of this row.
    """

    leg: Leg
    codeshare: Codeshare | None
    about: tuple[str, ...]
    shared: Dice
    dice: Dice

    def at(self, clock: datetime) -> Dice:
        """The dice for whatever changes with the clock."""
        return Dice(*self.about, clock)


@cache
def carriers() -> dict[str, Carrier]:
    """The airlines of the data and their partners by IATA code, from carriers.csv (real, as of 2013)."""
    return {row["iata"]: Carrier(**row) for row in _table("carriers.csv")}


@cache
def partners() -> dict[str, tuple[Carrier, ...]]:
    """Which airlines sell an operating airline's flights, from codeshares.csv: plausible for 2013, but invented."""
    rows = _table("codeshares.csv")
    return {row["operating"]: tuple(carriers()[iata] for iata in row["marketing"].split()) for row in rows}


def codeshares(leg: Leg) -> list[Codeshare]:
    """The other numbers under which the leg is sold: invented, at most 13."""
    dice = Dice("codeshares", leg.day, leg.carrier, leg.number, leg.origin)
    known = partners().get(leg.carrier, ())
    first = known[:1] if leg.carrier in REGIONAL else ()
    rest = sorted(known[len(first) :], key=lambda carrier: dice.share(carrier.iata))
    count = 0
    if dice.chance("sold by others", SOLD_BY_OTHERS):
        count = 1 + int(dice.share("count") ** CODESHARES_SKEW * 13)
    chosen = [*first, *rest[:count]]
    return [Codeshare(carrier, str(dice.between(f"number {carrier.iata}", 1000, 9899))) for carrier in chosen]


def timezone(dice: Dice, side: str, airport: str, at: datetime) -> str | None:
    """The zone's name; sometimes null, or its offset as a number (`-5`) if that is constant for a day around `at`."""
    if dice.chance(f"{side} zone null", DEP_TIMEZONE_NULL if side == "departure" else ARR_TIMEZONE_NULL):
        return None
    if dice.chance(f"{side} zone as number", ZONE_AS_NUMBER):
        hours = {utc_offset_hours(at + timedelta(days=days), zone(airport)) for days in (-1, 0, 1)}
        if len(hours) == 1 and (offset := hours.pop()).is_integer():
            return f"{offset:+.0f}"
    return airports()[airport]["tz"]


def terminal(shared: Dice, dice: Dice, side: str) -> str | None:
    """An invented terminal of the leg: `4` in most rows, `T4` in others, null in many."""
    if not dice.chance(f"{side} terminal", TERMINAL_KNOWN):
        return None
    number = shared.between(f"{side} terminal", 1, 5)
    return f"T{number}" if dice.chance(f"{side} terminal form", TERMINAL_WITH_T) else str(number)


def gate(shared: Dice, dice: Dice, side: str, at: datetime, clock: datetime, again: bool) -> str | None:
    """An invented gate: known from six hours before `at`, and sometimes changed within the last hour.

    `again` asks for the other gate of a leg that the API lists twice.
    """
    if clock < at - GATE_KNOWN_BEFORE or not dice.chance(f"{side} gate", GATE_EVER_KNOWN):
        return None
    moved = shared.chance(f"{side} gate moves", GATE_CHANGES) and clock >= at - timedelta(hours=1)
    name = f"{side} gate{' again' if again else ''}{' moved' if moved else ''}"
    return f"{'ABCD'[shared.between(name + ' pier', 0, 3)]}{shared.between(name, 1, 40)}"


def baggage(dice: Dice, landed: bool) -> str | None:
    """An invented belt, for a few of the flights that have landed."""
    return str(dice.between("belt", 1, 12)) if landed and dice.chance("baggage", BAGGAGE_SHOWN) else None


def status(shared: Dice, now: Dice, leg: Leg, true_status: str, clock: datetime) -> str:
    """The true status, except for a few flights that lag behind or are `unknown`; never for one that has ended."""
    if true_status in ("scheduled", "active") and now.chance("unknown", STATUS_UNKNOWN):
        return "unknown"
    just_left = leg.dep_actual is not None and clock - leg.dep_actual < STATUS_LAG
    if true_status == "active" and just_left and shared.chance("lags", STATUS_LAGS):
        return "scheduled"
    return true_status


def delay(dice: Dice, now: Dice, scheduled: datetime, actual: datetime | None, clock: datetime) -> int | None:
    """Minutes late: null for most late flights, and for some an invented forecast before it happens at `actual`.

    `actual` is None for what never happens.
    """
    if actual is None or (late := round((actual - scheduled).total_seconds() / 60)) <= 0:
        return None
    if clock >= actual:
        return late if dice.chance("delay", DELAY_SHOWN) else None
    if late < 15 or clock < scheduled - FORECAST_WITHIN or not dice.chance("forecast", FORECAST_SHOWN):
        return None
    return max(5, round(late * (0.5 + 0.7 * now.share("forecast")) / 5) * 5)


def shows_aircraft(dice: Dice, leg: Leg, clock: datetime) -> bool:
    """Whether an operating row names its (real) aircraft: most do, from three hours before the scheduled departure,
    whatever becomes of the flight."""
    if leg.tail is None or clock < leg.dep_scheduled - AIRCRAFT_KNOWN_BEFORE:
        return False
    return dice.chance("aircraft", AIRCRAFT_SHOWN)


def pages_shift(clock: datetime, offset: int) -> int:
    """How many rows the list has gained at its front by the time the page at `offset` is requested.

    So some rows repeat on the next page and `total` grows. A caller who pages on to the latest `total` misses none,
    because the shift never shrinks.
    """
    dice = Dice("shift", clock)
    return sum(dice.chance(str(block), 0.1) for block in range(1, offset // 50 + 1))


@lru_cache(maxsize=4)
def rows(day: str) -> list[Row]:
    """The rows of a day (ISO), in an arbitrary order as the API's is, the same at every clock."""
    day_rows = []
    for leg in legs(day):
        shared = Dice("leg", leg.day, leg.carrier, leg.number, leg.origin)
        for codeshare in (None, *codeshares(leg)):
            about = (leg.day, leg.carrier, leg.number, leg.origin, codeshare.carrier.iata if codeshare else "")
            day_rows.append(Row(leg, codeshare, about, shared, Dice(*about)))
    return sorted(day_rows, key=lambda row: row.dice.share("order"))


def _table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((Path(__file__).parent / name).read_text().splitlines()))
