"""Where an airborne flight is. Invented: the data has no positions.

A flight moves along the great circle between its two (real) airports, in proportion to the time flown, at heights and
speeds typical of an airliner.
"""

import math
from datetime import datetime, timedelta
from typing import Any

from aviation.replay.data import Leg, airports
from aviation.replay.quirks import Dice

SHOWN = 0.4  # of the flights in the air: the others are out of reach of any receiver
PREVIOUS_FLIGHT = 0.01  # show the aircraft's flight of the day before, as seen on real records
CRUISE_M = (9448.8, 10058.4, 10668.0, 10972.8, 11582.4)  # flight levels 310 to 380
CRUISE_KMH = (760, 880)
CLIMB_SHARE = 0.15  # of the flight is spent climbing, and as much descending


def live(dice: Dice, now: Dice, leg: Leg, status: str, end: datetime | None, clock: datetime) -> dict[str, Any] | None:
    """The `live` block of an operating row, None for most. `status` is the true one; the flight ends at `end`.

    `updated` is true UTC, unlike every other time of the API: up to five minutes before `clock`, and for a few rows a
    time on the day before.
    """
    soon = status == "scheduled" and leg.dep_scheduled - clock < timedelta(hours=3)
    if (status == "active" or soon) and dice.chance("previous flight", PREVIOUS_FLIGHT):
        day_before = clock - timedelta(days=1, minutes=now.between("updated", 0, 240))
        return _block(now, leg.dest, leg.origin, now.share("flown"), day_before)
    if status != "active" or leg.dep_actual is None or end is None or not dice.chance("live", SHOWN):
        return None
    updated = max(leg.dep_actual, clock - timedelta(seconds=now.between("updated", 5, 300)))
    return _block(now, leg.origin, leg.dest, (updated - leg.dep_actual) / (end - leg.dep_actual), updated)


def position(start: tuple[float, float], end: tuple[float, float], flown: float) -> tuple[float, float, float]:
    """Latitude, longitude and course, all in degrees, once the share `flown` (0 to 1) of the great circle is behind."""
    a, b = _vector(*start), _vector(*end)
    angle = math.acos(max(-1.0, min(1.0, sum(x * y for x, y in zip(a, b, strict=True)))))
    near, far = math.sin((1 - flown) * angle) / math.sin(angle), math.sin(flown * angle) / math.sin(angle)
    x, y, z = (near * p + far * q for p, q in zip(a, b, strict=True))
    here = math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))
    return *here, _course(here, end)


def _block(now: Dice, start: str, end: str, flown: float, updated: datetime) -> dict[str, Any]:
    latitude, longitude, course = position(_place(start), _place(end), flown)
    phase = min(flown, 1 - flown) / CLIMB_SHARE
    cruise = CRUISE_M[now.between("level", 0, len(CRUISE_M) - 1)]
    climb_kmh = 0 if phase >= 1 else 20 + 20 * now.share("climb")
    return {
        "updated": updated.isoformat(timespec="seconds"),
        "latitude": round(latitude, 2),
        "longitude": round(longitude, 2),
        "altitude": _number(now, "altitude", cruise * min(1, phase)),
        "direction": _number(now, "direction", course),
        "speed_horizontal": round(now.between("speed", *CRUISE_KMH) * min(1, 0.4 + 0.6 * phase), 3),
        "speed_vertical": _number(now, "vertical", climb_kmh if flown < 0.5 else -climb_kmh),
        "is_ground": phase == 0,
    }


def _number(now: Dice, name: str, value: float) -> int | float:
    """The API writes an int in one record and a float in the next."""
    return round(value) if now.chance(f"{name} int", 0.5) else round(float(value), 2)


def _place(airport: str) -> tuple[float, float]:
    return airports()[airport]["lat"], airports()[airport]["lon"]


def _vector(latitude: float, longitude: float) -> tuple[float, float, float]:
    phi, lam = math.radians(latitude), math.radians(longitude)
    return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)


def _course(here: tuple[float, float], end: tuple[float, float]) -> float:
    phi, there, east = (math.radians(angle) for angle in (here[0], end[0], end[1] - here[1]))
    y = math.sin(east) * math.cos(there)
    x = math.cos(phi) * math.sin(there) - math.sin(phi) * math.cos(there) * math.cos(east)
    return math.degrees(math.atan2(y, x)) % 360
