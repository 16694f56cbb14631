"""The API's flight records of a day, as they look at a clock.

What a record says is real where the data has it: airline, number, airports, schedule, actual times, tail number,
cancellation and diversion. When a cancellation or a diversion became known is not in the data: see `true_status`.
"""

from datetime import datetime, timedelta
from functools import lru_cache

from aviation.replay import default_clock, quirks
from aviation.replay.data import Leg, airports, legs, zone
from aviation.replay.live import live
from aviation.replay.quirks import Codeshare, Dice, Row
from aviation.replay.reference import type_of
from aviation.replay.registrations import icao24


@lru_cache(maxsize=4)
def flights(day: str, clock: datetime) -> tuple[dict, ...]:
    """All rows of `day` (ISO) as at `clock` (aware): one for each flight, its codeshares, and a few of them twice."""
    records = []
    for row in quirks.rows(day):
        records.append(_record(row, clock, again=False))
        if row.dice.chance("twice", quirks.TWICE):
            records.append(_record(row, clock, again=True))
    return tuple(records)


def true_status(leg: Leg, clock: datetime) -> str:
    """scheduled, active, landed, cancelled or diverted.

    The data does not say when a flight was cancelled or diverted. A cancelled one counts as `scheduled` until its
    scheduled departure, a diverted one as `active` until `ends`.
    """
    if leg.cancelled:
        return "cancelled" if clock >= leg.dep_scheduled else "scheduled"
    if clock < leg.dep_actual:
        return "scheduled"
    if clock < ends(leg):
        return "active"
    return "diverted" if leg.diverted else "landed"


def ends(leg: Leg) -> datetime | None:
    """When the flight has ended: its arrival; None where it never left.

    A diverted flight ends, for want of the real time, when it would have arrived, as late as it had left, but by the
    day's default clock if it left an hour before that.
    """
    if not leg.diverted:
        return leg.arr_actual
    planned = leg.arr_scheduled + timedelta(minutes=max(leg.dep_delay_min, 0))
    return min(planned, max(default_clock(leg.day), leg.dep_actual + timedelta(hours=1)))


def over(day: str) -> datetime:
    """An instant (aware) at which every flight of `day` (ISO) has ended: the default clock, or the last arrival."""
    return max([default_clock(day), *(end for leg in legs(day) if (end := ends(leg)))])


def _record(row: Row, clock: datetime, *, again: bool) -> dict:
    leg, codeshare, _, shared, dice = row
    now = row.at(clock)
    status = true_status(leg, clock)
    return {
        "flight_date": leg.day,
        "flight_status": quirks.status(shared, now, leg, status, clock),
        "departure": _departure(leg, shared, dice, now, clock, again),
        "arrival": _arrival(leg, shared, dice, now, clock),
        **_names(leg, codeshare, dice),
        "aircraft": None if codeshare else _aircraft(leg, dice, clock),
        "live": None if codeshare else live(dice, now, leg, status, ends(leg), clock),
    }


def _departure(leg: Leg, shared: Dice, dice: Dice, now: Dice, clock: datetime, again: bool) -> dict:
    """`again`: the second row of a leg that is listed twice, which differs in the gate alone."""
    scheduled = leg.dep_scheduled
    left = leg.dep_actual if leg.dep_actual and clock >= leg.dep_actual else None
    delay = quirks.delay(dice, now, scheduled, leg.dep_actual, clock)
    forecast = timedelta(minutes=0 if left else delay or 0)
    return {
        **_airport(dice, "departure", leg.origin, scheduled),
        "terminal": quirks.terminal(shared, dice, "departure"),
        "gate": quirks.gate(shared, dice, "departure", scheduled, clock, again),
        "delay": delay,
        **_times(leg.origin, scheduled, scheduled + forecast, left),
    }


def _arrival(leg: Leg, shared: Dice, dice: Dice, now: Dice, clock: datetime) -> dict:
    scheduled = leg.arr_scheduled
    landed = leg.arr_actual if leg.arr_actual and clock >= leg.arr_actual else None
    known_late = max(leg.dep_delay_min, 0) if leg.dep_actual and clock >= leg.dep_actual else 0
    estimated = scheduled + timedelta(minutes=known_late)
    return {
        **_airport(dice, "arrival", leg.dest, scheduled),
        "terminal": quirks.terminal(shared, dice, "arrival"),
        "gate": quirks.gate(shared, dice, "arrival", scheduled, clock, False),
        "baggage": quirks.baggage(dice, landed is not None),
        "delay": quirks.delay(dice, now, scheduled, leg.arr_actual, clock),
        **_times(
            leg.dest, scheduled, None if dice.chance("arr estimated", quirks.ARR_ESTIMATED_NULL) else estimated, landed
        ),
    }


def _airport(dice: Dice, side: str, iata: str, at: datetime) -> dict:
    airport = airports()[iata]
    return {
        "airport": airport["name"],
        "timezone": quirks.timezone(dice, side, iata, at),
        "iata": iata,
        "icao": airport["icao"],
    }


def _times(airport: str, scheduled: datetime, estimated: datetime | None, actual: datetime | None) -> dict:
    happened = actual and _local(airport, actual)
    return {
        "scheduled": _local(airport, scheduled),
        "estimated": estimated and _local(airport, estimated),
        "actual": happened,
        "estimated_runway": happened,
        "actual_runway": happened,
    }


@lru_cache(maxsize=10_000)
def _local(airport: str, at: datetime) -> str:
    # The API writes the airport's local time, and behind it an offset that is not true.
    return f"{at.astimezone(zone(airport)).replace(tzinfo=None).isoformat()}+00:00"


def _names(leg: Leg, codeshare: Codeshare | None, dice: Dice) -> dict:
    """The airline and flight blocks: the seller's, with the operating flight named in `codeshared`, or its own."""
    operating = Codeshare(quirks.carriers()[leg.carrier], leg.number)
    carrier, number = codeshare or operating
    without_iata = dice.chance("iata null", quirks.FLIGHT_IATA_NULL)
    # Only a codeshare's number goes missing: an operating flight's is its identity.
    numbered = not codeshare or not dice.chance("number null", quirks.FLIGHT_NUMBER_NULL / quirks.CODESHARES)
    return {
        "airline": {"name": carrier.name, "iata": None if without_iata else carrier.iata, "icao": carrier.icao},
        "flight": {
            "number": number if numbered else None,
            "iata": None if without_iata else carrier.iata + number,
            "icao": carrier.icao + number,
            "codeshared": _codeshared(operating) if codeshare else None,
        },
    }


def _codeshared(operating: Codeshare) -> dict:
    (iata, icao, name), number = operating
    block = {
        "airline_name": name,
        "airline_iata": iata,
        "airline_icao": icao,
        "flight_number": number,
        "flight_iata": iata + number,
        "flight_icao": icao + number,
    }
    return {key: value.lower() for key, value in block.items()}


def _aircraft(leg: Leg, dice: Dice, clock: datetime) -> dict | None:
    if not quirks.shows_aircraft(dice, leg, clock):
        return None
    kind = type_of(leg.tail)
    code = kind and kind.icao  # the API gives the four-letter code twice
    return {"registration": leg.tail, "iata": code, "icao": code, "icao24": icao24(leg.tail)}
