"""An alert in plain words: the flight as people know it, times local to its airport of departure."""

from datetime import datetime, timedelta
from typing import Any

from aviation.printable import printable
from aviation.words import DASH, clock, duration, flight_name

Row = dict[str, Any]
LONGEST = 60
"""So many characters of a name from the tables are told."""
WORDS = {
    "dep_delay_min": "left {} late",
    "arr_delay_min": "arrived {} late",
    "dep_delay_forecast_min": "is expected to leave {} late",
    "dep_overdue_min": "has not left, {} after its schedule",
}
LEFT = ("landed", "active", "diverted")


def short(text: object) -> str:
    """A text of the tables in one line, cut where it is long; empty for none."""
    line = " ".join(printable(str(text or "")).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def code(flight: Row) -> str:
    """The flight as its airline writes it: `B6 27`; its airline and number, where it has no such code."""
    return short(flight_name(flight))


def sentence(flight: Row, what: str, known_from: datetime | None, newest: datetime) -> str:
    """The alert on a flight that `what` happened to, which is known since `known_from`; a day is told where it is
    another one than that of `newest`. Both times are UTC and naive."""
    airline = short(flight["airline_name"] or flight["airline_iata"] or flight["airline_icao"] or "Unknown airline")
    name, number = code(flight), short(flight["flight_number"])
    called = f"{airline} {number} ({name})" if number and name != DASH else f"{airline} {name}"
    ends = (short(flight[f"{side}_iata"] or flight[f"{side}_icao"]) or DASH for side in ("dep", "arr"))
    leaves = _leaves(flight, newest)
    since = f", known since {_local(flight, known_from, newest)}" if known_from else ""
    return f"{called} {'–'.join(ends)}{leaves} {what}{since}."


def _leaves(flight: Row, newest: datetime) -> str:
    scheduled = flight["dep_scheduled_utc"]
    if not scheduled:
        return ""
    due = "which was due" if flight["flight_status"] in LEFT else "due"
    return f", {due} to leave at {_local(flight, scheduled, newest)} ({_place(flight)}),"


def _local(flight: Row, instant: datetime, newest: datetime) -> str:
    """The instant (UTC) by the clock of the airport of departure; by UTC where that is not known."""
    scheduled, local = flight["dep_scheduled_utc"], flight["dep_scheduled_local"]
    ahead = local - scheduled if scheduled and local else timedelta()
    here, today = instant + ahead, newest + ahead
    return clock(here) if here.date() == today.date() else f"{clock(here)} on {here:%-d %B}"


def _place(flight: Row) -> str:
    """Whose clock it is: `New York` of the zone America/New_York."""
    if not flight["dep_scheduled_local"]:
        return "UTC"
    zone = short(flight["dep_timezone"]) or "local time"
    return zone.rpartition("/")[2].replace("_", " ")


def late(field: str, minutes: int) -> str:
    """What a delay is in words, by the column that says it."""
    return WORDS[field].format(duration(minutes))
