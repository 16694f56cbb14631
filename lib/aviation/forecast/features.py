"""What was known of a leg, and of the legs around it, at an instant: the one function for training, scoring, serving.

All is read from versions that held at the instant (`known_from` ≤ it < `known_until`), which is that of a poll: whoever
asks for a later moment takes the newest poll that was over by then (`newest_poll`). Never read: whether there is an
aircraft or an estimate at all, the delay that the API forecasts, when a cancellation or a diversion became known.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from aviation.forecast import rotation
from aviation.forecast.known import NEVER, Known, Numbers, Reals, Texts
from aviation.forecast.newest import Newest
from aviation.forecast.spans import Spans

POLL_MINUTES = 4
"""The deadline of a poll (`parameters/producer/flights.yaml`): what it found is known that long after its instant."""
CITIES = {"EWR": "NYC", "JFK": "NYC", "LGA": "NYC"}
"""Airports that share a sky; another airport stands for itself."""
DAY = 24 * 60
WINDOWS = (30, 60, 180)
MOST_LATE = 240
"""A later departure counts as this late in a sum, in minutes."""


class Features(NamedTuple):
    """A row for each leg that was asked for and known: the `version` (row of `Known`) that held, `names` and `values`
    (rows by names, float64, NaN where unknown), and the codes that a model has levels for."""

    version: Numbers
    names: tuple[str, ...]
    values: Reals
    codes: dict[str, Texts]


def newest_poll(at: Numbers, polls: Numbers) -> Numbers:
    """The newest of `polls` (minutes, sorted) that was over at each instant (minutes); -1 where none was."""
    place = np.searchsorted(polls, at - POLL_MINUTES, "right") - 1
    return np.where(place >= 0, polls[place], -1)


def features(known: Known, leg: Numbers, at: Numbers) -> Features:
    """The features of each leg (a number of `known`) at an instant, the same number of both. Legs of which no version
    held then, or that were known to have left, or to be cancelled, have no row."""
    version = known.at(leg, at)
    is_open = (version >= 0) & ~known.is_gone[version] & ~known.is_cancelled[version]
    version, at = version[is_open], at[is_open]
    columns = dict(_own(known, version, at))
    for name, of_version in _groups(known).items():
        columns |= _around(known, of_version, version, at, name)
    columns |= _arrivals(known, version, at)
    columns |= _density(known, version, at)
    columns |= rotation.features(known, version, at)
    names = tuple(columns)
    codes = {"airline": known.airline[version], "origin": known.origin[version], "dest": known.dest[version]}
    return Features(version, names, np.column_stack([columns[name] for name in names]), codes)


def origin_late(known: Known, version: Numbers, at: Numbers) -> Reals:
    """How late (minutes) the last departure out of each version's origin was, as known at each instant: no feature, but
    what a forecast is compared to. NaN where none is known of the 24 hours before."""
    origin = _numbered(known.origin)
    row = Newest(known, known.left < NEVER, origin, known.left).before(origin[version], at + 1, at, DAY)
    return np.where(row >= 0, known.dep_delay[row], np.nan).astype(np.float64)


def _own(known: Known, version: Numbers, at: Numbers) -> Iterator[tuple[str, Reals]]:
    local = known.local[version]
    day = local // DAY
    for name, values in {
        "minutes_ahead": known.dep[version] - at,
        "time_of_day": local % DAY,
        "weekday": (day + 3) % 7,
        "block": known.arr[version] - known.dep[version],
    }.items():
        yield name, values.astype(np.float64)


def _groups(known: Known) -> dict[str, Numbers]:
    """What the legs around a leg have in common with it, as a number for each version."""
    city = known.origin.copy()
    for airport, name in CITIES.items():
        city[known.origin == airport] = name
    origin, dest, airline = (_numbered(each) for each in (known.origin, known.dest, known.airline))
    return {
        "origin": origin,
        "airline": origin * (airline.max(initial=0) + 1) + airline,
        "city": _numbered(city),
        "dest": dest,
    }


def _around(known: Known, group: Numbers, version: Numbers, at: Numbers, name: str) -> dict[str, Reals]:
    """Of the group's legs: those that left in a window, those that were to leave in one, and those that are overdue."""
    asked = group[version]
    has_left = known.left < NEVER
    late = np.clip(known.dep_delay, -30, MOST_LATE)
    columns: dict[str, Reals] = {}
    for window in WINDOWS:
        end = np.minimum(known.until, known.left + window)
        spans = Spans(group, _from(known, known.left), np.where(has_left, end, 0), has_left, late, late >= 15)
        number, total, above = spans.at(asked, at)
        columns[f"{name}_late_{window}"] = _share(total, number)
        if window == 60:
            columns |= {f"{name}_left_60": number.astype(np.float64), f"{name}_late15_60": _share(above, number)}
    for window in (60, 180):
        columns |= _cohort(known, group, asked, at, name, window)
    columns |= _day(known, group, version, at, name)
    return columns


def _cohort(known: Known, group: Numbers, asked: Numbers, at: Numbers, name: str, window: int) -> dict[str, Reals]:
    """Of the group's legs that were to leave in the window: how late they are known to be, on average (those that have
    not left: at least), the share that has not left, and the share that is cancelled."""
    has_left = known.left < NEVER
    is_due = ~known.is_gone & ~known.is_cancelled
    begin, end = _from(known, known.dep), np.minimum(known.until, known.dep + window)
    late = np.clip(known.dep_delay, -30, MOST_LATE)
    left, total, due, scheduled, cancelled = Spans(
        group, begin, end, has_left, late * has_left, is_due, known.dep * is_due, known.is_cancelled
    ).at(asked, at)
    return {
        f"{name}_behind_{window}": _share(total + due * at - scheduled, left + due),
        f"{name}_overdue_{window}": _share(due, left + due),
        f"{name}_cancelled_{window}": _share(cancelled, left + due + cancelled),
    }


def _day(known: Known, group: Numbers, version: Numbers, at: Numbers, name: str) -> dict[str, Reals]:
    """The same of the group's legs of the flight_date so far, and those that are overdue by half an hour."""
    has_left = known.left < NEVER
    is_due = ~known.is_gone & ~known.is_cancelled
    late = np.clip(known.dep_delay, -30, MOST_LATE)
    days = known.day - known.day.min(initial=0)
    of_day = group * (days.max(initial=0) + 1) + days
    asked = of_day[version]
    begin = _from(known, known.dep)
    left, total, cancelled = Spans(of_day, begin, known.until, has_left, late * has_left, known.is_cancelled).at(
        asked, at
    )
    overdue, scheduled = Spans(of_day, _from(known, known.dep + 30), known.until, is_due, known.dep * is_due).at(
        asked, at
    )
    return {
        f"{name}_late_day": _share(total, left),
        f"{name}_cancelled_day": _share(cancelled, left + cancelled),
        f"{name}_overdue30": overdue.astype(np.float64),
        f"{name}_overdue30_by": _share(overdue * at - scheduled, overdue),
    }


def _arrivals(known: Known, version: Numbers, at: Numbers) -> dict[str, Reals]:
    """How late legs arrived at the destination, and out of the origin, in the last three hours, and how much they lost
    on the way."""
    columns: dict[str, Reals] = {}
    has_landed = (known.landed < NEVER) & (known.left < NEVER)
    late, lost = (np.clip(each, -60, MOST_LATE) for each in (known.arr_delay, known.arr_delay - known.dep_delay))
    for name, group in (("dest", _numbered(known.dest)), ("origin", _numbered(known.origin))):
        end = np.minimum(known.until, known.landed + 180)
        number, total, total_lost = Spans(
            group, _from(known, known.landed), np.where(has_landed, end, 0), has_landed, late, lost
        ).at(group[version], at)
        columns |= {f"{name}_arrived_late": _share(total, number), f"{name}_lost": _share(total_lost, number)}
    return columns


def _density(known: Known, version: Numbers, at: Numbers) -> dict[str, Reals]:
    """How many legs, as far as they were known then and not cancelled, are to leave the origin in the leg's half-hour
    or in one beside it; of its airline; and to its destination."""
    half_hour = known.dep // 30
    slots = half_hour - half_hour.min(initial=0) + 1
    columns = {}
    for name, group in _groups(known).items():
        slot = group * (slots.max(initial=0) + 2) + slots
        spans = Spans(slot, known.since, np.where(known.is_cancelled, 0, known.until), np.ones_like(slot))
        number = sum(spans.at(slot[version] + beside, at)[0] for beside in (-1, 0, 1))
        columns[f"{name}_scheduled"] = np.asarray(number, np.float64)
    return columns


def _from(known: Known, at: Numbers) -> Numbers:
    return np.maximum(known.since, at)


def _share(total: Numbers, number: Numbers) -> Reals:
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def _numbered(codes: Texts) -> Numbers:
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)
