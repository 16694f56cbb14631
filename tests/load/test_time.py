"""Local times to UTC, held against Python's own time zones: at random, and around every change of the clocks."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aviation.load import history
from aviation.load.derive import derive, zone_tables
from aviation.load.fold import fold
from support.observed import observed
from support.raw_lines import changed, line, records

CASES = 600
ZONES = [
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Phoenix",
    "Europe/London",
    "Europe/Paris",
    "Asia/Shanghai",
    "Asia/Kolkata",
    "Asia/Tehran",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Australia/Adelaide",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Africa/Cairo",
    "Africa/Casablanca",
]
SZX = records("flights")[1]


def near_a_change(rng: random.Random, zone: ZoneInfo) -> datetime:
    """A local time in the night of a change of the zone's clocks in a year at random; any time where they never do."""
    start = datetime(rng.randrange(2013, 2024), 1, 1)
    offsets = [(start + timedelta(days=day)).replace(tzinfo=zone).utcoffset() for day in range(366)]
    changes = [day for day in range(1, 366) if offsets[day] != offsets[day - 1]]
    minutes = rng.randrange(5 * 60) if changes else rng.randrange(365 * 24 * 60)
    return start + timedelta(days=(rng.choice(changes) - 1 if changes else 0), minutes=minutes)


@pytest.fixture(scope="module")
def cases(spark) -> list[tuple]:
    """Zone, local time, and the leg that departs at it."""
    rng = random.Random(20130310)
    made = [(rng.choice(ZONES),) for _ in range(CASES)]
    made = [(zone, near_a_change(rng, ZoneInfo(zone))) for (zone,) in made]
    lines = [
        line(
            changed(
                SZX,
                flight__number=str(number),
                departure__timezone=zone,
                departure__scheduled=f"{local.isoformat()}+00:00",
                departure__estimated=None,
                departure__actual=None,
                arrival__scheduled=None,
                arrival__estimated=None,
            )
        )
        for number, (zone, local) in enumerate(made)
    ]
    observations = observed(spark, lines)
    rows = derive(history.versions(fold(observations)), *zone_tables(spark)).collect()
    legs = {int(row.flight_number): row for row in rows}
    return [(zone, local, legs[number]) for number, (zone, local) in enumerate(made)]


def test_every_local_time_is_the_instant_that_python_says_the_first_of_two(cases):
    for zone, local, leg in cases:
        expected = local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC).replace(tzinfo=None)
        assert leg.dep_scheduled_utc == expected, (zone, local)
        assert leg.dep_scheduled_local == local


def test_just_the_times_that_the_clocks_skipped_or_repeated_are_flagged(cases):
    found = {"local_time_skipped": 0, "local_time_repeated": 0}
    for zone, local, leg in cases:
        first, second = (local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
        skipped = first.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local
        expected = {"local_time_skipped": skipped, "local_time_repeated": first < second and not skipped}
        assert {name: name in leg.flags for name in expected} == expected, (zone, local)
        for name, flagged in expected.items():
            found[name] += flagged
    assert min(found.values()) > 5
