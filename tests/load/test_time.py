"""Local times to UTC: around the changes of clocks, held against Python's own arithmetic and against Spark's SQL."""

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product
from zoneinfo import ZoneInfo, available_timezones

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aviation.load.clocks import is_known, to_utc
from aviation.load.derive import jvm_zones
from support.frames import to_arrow, to_spark

SECOND, HALF, HOUR, STEP = timedelta(seconds=1), timedelta(minutes=30), timedelta(hours=1), timedelta(days=28)
FIRST, LAST = datetime(1900, 1, 1), datetime.max
ZONES = st.timezone_keys(allow_prefix=False)
CASES = pa.schema([("zone", pa.string()), ("local", pa.timestamp("us"))])
# Offsets with seconds, and years of five digits.
EDGES = [
    *product(("Europe/Paris", "Asia/Tehran", "Africa/Monrovia", "America/New_York", "+18:00"), (FIRST,)),
    *product(("America/New_York", "Pacific/Auckland", "Pacific/Kiritimati", "Etc/GMT+12", "+18:00", "-18:00"), (LAST,)),
    ("-00:30", datetime(2023, 7, 25)),
]


@cache
def changes(zone: str, first: int, last: int) -> list[tuple[datetime, timedelta]]:
    """When the zone's clocks change in the years from `first` to `last`, in UTC to the second; the offset before."""
    clock, found = ZoneInfo(zone), []

    def offset(moment: datetime) -> timedelta:
        return moment.replace(tzinfo=UTC).astimezone(clock).utcoffset()

    start = datetime(first, 1, 1)
    while start.year <= last:
        before, end = start, start + STEP
        if offset(start) != offset(end):
            while end - before > SECOND:
                middle = before + (end - before) // (2 * SECOND) * SECOND
                before, end = (middle, end) if offset(middle) == offset(start) else (before, middle)
            found.append((end, offset(start)))
        start += STEP
    return found


def converted(cases: list[tuple[str, datetime]]) -> pa.Table:
    """The cases, with what the load says of each."""
    zones, local = (pa.array(column, type) for column, type in zip(zip(*cases, strict=True), CASES.types, strict=True))
    return pa.table({"zone": zones, "local": local, **to_utc(zones, local)._asdict()})


@st.composite
def zone_and_time(draw) -> tuple[str, datetime]:
    """A zone and a local time, most often within a day of a change of the zone's clocks."""
    zone, year = draw(ZONES), draw(st.integers(1900, 2100))
    if nights := changes(zone, year, year):
        night, offset = draw(st.sampled_from(nights))
        return zone, night + offset + draw(st.timedeltas(-26 * HOUR, 26 * HOUR))
    return zone, draw(st.datetimes(FIRST, datetime(9998, 12, 31)))


@settings(deadline=None)  # the first case loads what there is of zones
@given(st.lists(zone_and_time(), min_size=1, max_size=10))
def test_a_time_is_its_first_instant_and_flagged_if_it_does_not_come_back_or_comes_again(cases):
    for row in converted(cases).to_pylist():
        clock, local = ZoneInfo(row["zone"]), row["local"]
        utc = local.replace(tzinfo=clock).astimezone(UTC)
        back = [(utc + later).astimezone(clock).replace(tzinfo=None) for later in (0 * HOUR, HALF, HOUR)]
        assert row["utc"] == utc.replace(tzinfo=None), row
        assert (row["skipped"], row["repeated"]) == (back[0] != local, local in back[1:]), row


@pytest.fixture(scope="module")
def by_both(spark, tmp_path_factory) -> tuple[pa.Table, pa.Table]:
    """Times around every change of all zones' clocks from 1997 to 2022, by the load and by Spark.

    Before, and after, what Java and Python know of zones differs with their versions.
    """
    zones = sorted(zone for zone in jvm_zones(spark) if is_known(zone, available_timezones()))
    apart = [
        sign * (time + more) for time in (0 * HOUR, HALF, HOUR) for more in (-SECOND, 0 * SECOND) for sign in (-1, 1)
    ]
    around = [
        (zone, change + offset + time)
        for zone in zones
        for change, offset in changes(zone, 1997, 2022)
        for time in apart
    ]
    found = converted([*around, *EDGES])
    folder = tmp_path_factory.mktemp("times")
    again = "convert_timezone('UTC', zone, utc + interval {} minutes)"
    frame = (
        to_spark(spark, found.select(CASES.names), folder)
        .selectExpr("*", "convert_timezone(zone, 'UTC', local) as utc")
        .selectExpr(
            *("zone", "local", "utc"),
            f"local in ({again.format(30)}, {again.format(60)}) as repeated",
            f"local <> {again.format(0)} as skipped",
        )
    )
    return found, to_arrow(frame, found.schema, folder)


def test_every_zones_clocks_change_as_in_spark(by_both):
    found, expected = (table.sort_by([("zone", "ascending"), ("local", "ascending")]) for table in by_both)
    assert len(found) > 100_000
    for name in found.column_names:
        assert found[name].combine_chunks().diff(expected[name].combine_chunks()) == "", name
    assert min(sum(found[name].to_pylist()) for name in ("repeated", "skipped")) > 1000


def test_a_time_or_a_zone_that_is_null_has_no_instant():
    zones, local = pa.array(["Asia/Tokyo", None, None], pa.string()), pa.array([None, FIRST, None], pa.timestamp("us"))
    assert [values.to_pylist() for values in to_utc(zones, local)] == [[None] * 3] * 3


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "+08:00", "-17:59", "+18:00"])
def test_a_zone_is_known_if_it_is_an_offset_or_listed_and_has_a_clock(zone):
    assert is_known(zone, frozenset({"Asia/Tokyo"}))


@pytest.mark.parametrize("zone", ["SystemV/EST5", "Europe/Paris", "+18:01", "+99", "+8:00", "+08:60", "+٠٨:00", ""])
def test_another_zone_is_not_known_and_raises_nothing(zone):
    # Java lists SystemV/EST5, which Python has not.
    assert not is_known(zone, frozenset({"Asia/Tokyo", "SystemV/EST5"}))
