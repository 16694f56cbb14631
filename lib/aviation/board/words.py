"""How the board writes what the tables say."""

from collections.abc import Iterable
from datetime import date, datetime

from aviation.alerts.quiet import Quiet
from aviation.severity import WEIGHTS as WEIGHTS
from aviation.views.declaration import LATE_MIN
from aviation.words import DASH as DASH
from aviation.words import chance as chance
from aviation.words import clock as clock
from aviation.words import duration as duration
from aviation.words import flight_name as flight_name
from aviation.words import late as late
from aviation.words import late_between as late_between


def polled(moment: datetime | None, day: date | None = None) -> str:
    """A moment (UTC): `20:10 UTC`, with its own day where that is another than `day`: `12:30 UTC on 11 Jul`, and its
    year where that is another one."""
    if not moment:
        return DASH
    if day is None or moment.date() == day:
        return f"{clock(moment)} UTC"
    return f"{clock(moment)} UTC on {moment:%-d %b}" + (f" {moment:%Y}" if moment.year != day.year else "")


def known_since(moment: datetime | None, day: date) -> str:
    """The end of a sentence: since when (UTC) something is known, on a page about `day`; empty where that is not
    known."""
    return f", known since {polled(moment, day)}" if moment else ""


def instants(moments: Iterable[datetime]) -> str:
    """Moments (UTC) for a script, as ISO 8601."""
    return " ".join(f"{moment.isoformat()}Z" for moment in moments)


def delay(minutes: float | None, *, at_least: bool = False) -> str:
    """How late: `+45 min`, minus for early, `≥ 190 min` of a lower bound; a dash where it is not known."""
    if minutes is None:
        return DASH
    if at_least:
        return f"≥ {minutes:.0f} min"
    return f"{signed(minutes)} min"


def signed(minutes: float, *, plus: bool = True) -> str:
    """Whole minutes with their sign, a plus only if it is wanted: `+45`, `0`, or minus and 3."""
    whole = round(minutes)
    return f"{'−' if whole < 0 else '+' if whole > 0 and plus else ''}{abs(whole)}"


def share(part: int, whole: int) -> str:
    """`79.3 %`; a dash of nothing."""
    return f"{100 * part / whole:.1f} %" if whole else DASH


def is_late(minutes: float | None) -> bool:
    """Whether a delay counts as one."""
    return minutes is not None and minutes >= LATE_MIN


def quiet(quiet: Quiet, day: date) -> str:
    """Who has acknowledged or muted what, since or until when, on a page about `day`: `Muted until 18:10 UTC by ann
    (airline B6): storm`."""
    of = "" if quiet.scope == "flight" else f" ({quiet.scope} {quiet.code})"
    when = f"at {polled(quiet.when, day)}" if quiet.until is None else f"until {polled(quiet.until, day)}"
    return f"{quiet.kind.capitalize()} {when} by {quiet.who}{of}" + (f": {quiet.note}" if quiet.note else "")
