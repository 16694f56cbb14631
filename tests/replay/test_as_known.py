"""What a replayed record says before its flight's scheduled departure does not depend on what becomes of the flight."""

import copy
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aviation.replay import data, quirks, records
from aviation.replay.data import Leg, legs
from aviation.replay.quirks import AIRCRAFT_KNOWN_BEFORE, AIRCRAFT_SHOWN, carriers
from aviation.replay.records import flights
from replay.test_replay_records import STORMS, key

FIRST = datetime(2013, 7, 10, 3, tzinfo=UTC)
"""Before anything is known but the schedule; the last scheduled departure is 24 hours later."""
LEFT = ("dep_time", "dep_delay", "arr_time", "arr_delay")
CANCELLED, DIVERTED = ("NA", "NA", "NA", "NA"), ("1200", "30", "NA", "NA")


def feature(row: dict) -> tuple:
    """What features read of a leg's own record: its schedule, airline, route and aircraft."""
    sides = [
        [row[side][name] for name in ("iata", "icao", "timezone", "scheduled")] for side in ("departure", "arrival")
    ]
    return row["flight_date"], sides, row["airline"], row["flight"], row["aircraft"]


def but_forecasts(row: dict) -> dict:
    """The record without the forecasts that the replay invents from what comes after them."""
    row = copy.deepcopy(row)
    for side, name in (("departure", "delay"), ("departure", "estimated"), ("arrival", "delay")):
        del row[side][name]
    return row


def own(leg: Leg) -> tuple:
    return leg.day, leg.origin, carriers()[leg.carrier].icao, leg.number


def forget() -> None:
    for cached in (data.legs, quirks.rows, records.flights):
        cached.cache_clear()


def other_ends(seed: int) -> list[dict[str, str]]:
    """The rows of the day, every flight with another end, and in another order: the data's is that of departures."""
    draw = random.Random(seed)
    rows = []
    for row in data._rows(STORMS):
        late = draw.choice([draw.randint(-45, 14), draw.randint(15, 900)])
        landed = ("1200", str(late), "1500", str(late + draw.randint(-60, 120)))
        rows.append(row | dict(zip(LEFT, draw.choice([CANCELLED, DIVERTED, landed, landed]), strict=True)))
    draw.shuffle(rows)
    return rows


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32), minutes=st.lists(st.integers(0, 24 * 60), min_size=1, max_size=2))
def test_before_its_scheduled_departure_no_record_tells_what_becomes_of_the_flight(seed, minutes):
    clocks = [FIRST + timedelta(minutes=after) for after in minutes]
    was, is_now = {own(leg): leg for leg in legs(STORMS)}, other_ends(seed)
    before = [flights(STORMS, clock) for clock in clocks]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "_rows", lambda day: iter(is_now))
        forget()
        changed = {own(leg): leg for leg in legs(STORMS)}
        after = [flights(STORMS, clock) for clock in clocks]
    forget()
    for clock, these, those in zip(clocks, before, after, strict=True):
        assert list(map(key, these)) == list(map(key, those))
        for one, other in zip(these, those, strict=True):
            ends = was[key(one)], changed[key(one)]
            if clock < ends[0].dep_scheduled:
                assert feature(one) == feature(other)
                if all(leg.dep_actual is None or clock < leg.dep_actual for leg in ends):
                    assert but_forecasts(one) == but_forecasts(other)


@pytest.mark.parametrize("cancelled", [True, False])
def test_an_aircraft_is_named_from_three_hours_before_the_scheduled_departure(cancelled):
    of = [leg for leg in legs(STORMS) if leg.tail and leg.cancelled == cancelled]
    known_from = sorted(of, key=lambda leg: leg.dep_scheduled)[len(of) // 2].dep_scheduled - AIRCRAFT_KNOWN_BEFORE
    named = {key(row) for row in flights(STORMS, known_from) if row["aircraft"]}
    already = {own(leg) for leg in of if leg.dep_scheduled - AIRCRAFT_KNOWN_BEFORE <= known_from}
    assert named & set(map(own, of)) <= already
    assert len(named & already) == pytest.approx(AIRCRAFT_SHOWN * len(already), rel=0.05)
