"""An alert in plain words: the flight as people know it, times local to its airport of departure."""

from datetime import datetime, timedelta
from typing import Any

from aviation import words
from aviation.printable import printable
from aviation.words import DASH, clock, duration, flight_name

Row = dict[str, Any]
LONGEST, LONGEST_REASON = 60, 120
"""So many characters of a name from the tables are told, and of a forecast's reason."""
WORDS = {
    "dep_delay_min": "left {} late",
    "arr_delay_min": "arrived {} late",
    "dep_delay_forecast_min": "is expected to leave {} late",
    "dep_overdue_min": "has not left, {} after its schedule",
}
LEFT = ("landed", "active", "diverted")


def short(text: object, longest: int = LONGEST) -> str:
    """A text of the tables in one line, cut where it is long; empty for none."""
    line = " ".join(printable(str(text or "")).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def code(flight: Row) -> str:
    """The flight as its airline writes it: `B6 27`; its airline and number, where it has no such code."""
    return short(flight_name(flight))


def sentence(flight: Row, what: str, known_from: datetime | None, newest: datetime) -> str:
    """The alert on a flight that `what` happened to, which is known since `known_from`; a day is told where it is
    another one than that of `newest`, and how early that is, where it is before the scheduled departure. Both times are
    UTC and naive."""
    airline = short(flight["airline_name"] or flight["airline_iata"] or flight["airline_icao"] or "Unknown airline")
    name, number = code(flight), short(flight["flight_number"])
    called = f"{airline} {number} ({name})" if number and name != DASH else f"{airline} {name}"
    ends = (short(flight[f"{side}_iata"] or flight[f"{side}_icao"]) or DASH for side in ("dep", "arr"))
    leaves = _leaves(flight, newest)
    since = f", known since {_local(flight, known_from, newest)}" if known_from else ""
    return f"{called} {'–'.join(ends)}{leaves} {what}{since}{_early(flight, newest)}."


def _leaves(flight: Row, newest: datetime) -> str:
    scheduled = flight["dep_scheduled_utc"]
    if not scheduled:
        return ""
    due = "which was due" if flight["flight_status"] in LEFT else "due"
    return f", {due} to leave at {_local(flight, scheduled, newest)} ({_place(flight)}),"


def _early(flight: Row, newest: datetime) -> str:
    scheduled = flight["dep_scheduled_utc"]
    if not scheduled or scheduled <= newest:
        return ""
    return f"; told {duration((scheduled - newest).total_seconds() / 60)} before its scheduled departure"


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


def forecast(minutes: int, probability: float, said: Row) -> str:
    """What is forecast in words: the probability to leave so many minutes late or later, the range, the reason that
    weighs most."""
    reason = f"; above all: {short(said['reason_1'], LONGEST_REASON)}" if said["reason_1"] else ""
    return (
        f"is forecast to leave {duration(minutes)} late or more, or never, with {words.chance(probability)}: "
        f"about {words.late(said['p50'])}, {words.late_between(said['p10'], said['p90'])} in eight of ten "
        f"cases{reason}"
    )
