"""What is derived by columns is, value by value, what Spark's SQL derives: of random versions, odd in every way."""

import random
from datetime import date, datetime, timedelta

import pyarrow as pa
import pytest

from aviation.columns import EVENTS, FLIGHTS, HISTORY
from aviation.load import arrow, history
from aviation.load.derive import FLAGS, derive, jvm_zones
from aviation.load.fold import VERSIONS
from aviation.load.history import WATCHED
from support import spark_derive
from support.frames import to_arrow, to_spark

LEGS = 1500
# Clocks that change by an hour, half an hour, two hours and a day; names that Java, Python or both do not know.
ZONES = [
    *("America/New_York", "Australia/Lord_Howe", "Antarctica/Troll", "Pacific/Apia", "Europe/Dublin", "Asia/Kathmandu"),
    *("+08:00", "-03:30", "+18:00", "-18:00", "+18:30", "+99", "EST", "localtime", "GMT+5", "utc", "Mars/Olympus"),
    *(None, None),
]
CODES = ["JFK", "SYD", "KATL", "XXX", None]
STATUSES = "scheduled active landed cancelled diverted incident redirected".split()  # noqa: SIM905
NIGHTS = [
    *(datetime(2023, 3, 12, 2, 30), datetime(2023, 11, 5, 1, 30), datetime(2023, 3, 26, 1, 30)),
    *(datetime(2023, 4, 2, 1, 45), datetime(2023, 10, 1, 2, 15), datetime(2023, 10, 29, 1, 30), datetime(2011, 12, 30)),
]
EDGES = [datetime(1900, 1, 1), datetime.max]
DAY = date(2023, 3, 12)


def some_time(rng: random.Random) -> datetime | None:
    """A local time, most often in the night of a change of clocks."""
    if rng.random() < 0.2:
        return rng.choice([None, *EDGES]) if rng.random() < 0.2 else None
    return rng.choice(NIGHTS) + timedelta(minutes=rng.randrange(-90, 90), microseconds=rng.choice((0, 0, 500_000)))


def some_version(rng: random.Random) -> dict:
    values = {
        pa.string(): lambda: rng.choice(("A", "B", None)),
        pa.int32(): lambda: rng.choice((-5, 0, 118, None)),
        pa.float64(): lambda: rng.choice((0.5, None)),
        pa.bool_(): lambda: rng.random() < 0.5,
        pa.timestamp("us"): lambda: some_time(rng),
        pa.date32(): lambda: rng.choice((DAY, DAY, DAY, date(1900, 1, 1), date.max)),
        pa.list_(pa.string()): lambda: rng.choice(([], ["KL3018"])),
    }
    row = {field.name: values[field.type]() for field in VERSIONS}
    for side in ("dep", "arr"):
        row |= {f"{side}_timezone": rng.choice(ZONES), f"{side}_iata": rng.choice(CODES)}
        row |= {f"{side}_icao": rng.choice(CODES)}
    row["flight_status_api"] = rng.choice((*STATUSES, None))
    return row | rng.choice((*[{}] * 8, *close_calls(row["dep_actual_local"])))


def close_calls(left: datetime | None) -> list[dict]:
    """Values that are just equal, or just far enough apart."""
    nowhere = {"dep_timezone": None, "dep_iata": None, "dep_icao": None}
    at_once = {"dep_timezone": "+08:00", "arr_timezone": "+08:00", "dep_actual_local": left, "arr_actual_local": left}
    return [
        at_once,
        at_once | {"live_updated_utc": left and left - timedelta(hours=9)},
        nowhere | {"live_updated_utc": datetime(2023, 3, 11, 9, 30)},  # old is what is before 9:00
    ]


@pytest.fixture(scope="module")
def versions() -> pa.Table:
    """Legs with up to four versions each, all mixed; some keys are of two legs, told apart by identity or date."""
    rng = random.Random(20130310)
    rows = []
    for number in range(LEGS):
        leg = {
            "flight_key": f"leg {number // 2}",
            "identity": ("number", "slot")[number % 2],
            "flight_date": some_version(rng)["flight_date"],
        }
        base = some_version(rng)
        start = datetime(2023, 3, 11, 23, number % 60, 0, rng.choice((0, 250)))
        count = rng.randrange(1, 5)
        instants = [start + timedelta(minutes=30 * index) for index in range(count)]
        for index, instant in enumerate(instants):
            changed = some_version(rng)
            base |= {name: changed[name] for name in rng.sample(sorted(base), rng.choice((1, 10)))}
            until = instants[index + 1] if index + 1 < count else None
            rows.append(base | leg | {"known_from": instant, "known_until": until})
    return pa.Table.from_pylist(rng.sample(rows, len(rows)), VERSIONS)


@pytest.fixture(scope="module")
def found(spark, versions) -> pa.Table:
    return derive(versions, jvm_zones(spark))


@pytest.fixture(scope="module")
def expected(spark, versions, tmp_path_factory):
    """By Spark: the history, the flights and the events."""
    folder = tmp_path_factory.mktemp("derived")
    zones = spark_derive.zone_tables(spark)
    frame = spark_derive.derive(to_spark(spark, versions, folder), *zones)
    derived = to_arrow(frame, arrow.schema(HISTORY.columns), folder)
    again = to_spark(spark, derived, folder)
    flights = to_arrow(spark_derive.latest(again), arrow.schema(FLIGHTS.columns), folder)
    return derived, flights, to_arrow(spark_derive.events(again), arrow.schema(EVENTS.columns), folder)


def in_order(table: pa.Table, *names: str) -> pa.Table:
    return table.sort_by([(name, "ascending") for name in names]).combine_chunks()


def assert_same(found: pa.Table, expected: pa.Table) -> None:
    assert found.schema == expected.schema
    for name in expected.column_names:
        assert found[name].combine_chunks().diff(expected[name].combine_chunks()) == "", name


def test_every_version_is_derived_as_in_sql(found, expected):
    names = ("flight_key", "identity", "known_from")
    assert_same(in_order(found, *names), in_order(expected[0], *names))


def test_the_flights_are_the_versions_that_hold(found, expected):
    names = ("flight_key", "identity")
    assert_same(in_order(history.latest(found), *names), in_order(expected[1], *names))


def test_every_event_is_found_as_in_sql(found, expected):
    names = ("event_id", "from_value", "to_value")
    assert_same(in_order(history.events(found), *names), in_order(expected[2], *names))


def test_the_versions_have_all_that_is_odd(expected):
    derived, _, events = expected
    assert set(derived["flags"].combine_chunks().flatten().to_pylist()) == set(FLAGS) == set(spark_derive.FLAGS)
    assert set(events["field"].to_pylist()) == set(WATCHED)
    texts = [text for text in events["to_value"].to_pylist() if text]
    assert any(text.startswith("+10000-") for text in texts) and any(text.startswith("1899-") for text in texts)
    assert any(text.endswith(".5") for text in texts)


def test_derived_of_nothing_is_nothing():
    nothing = derive(VERSIONS.empty_table(), frozenset())
    assert nothing.equals(arrow.schema(HISTORY.columns).empty_table())
    assert history.events(nothing).equals(arrow.schema(EVENTS.columns).empty_table())
