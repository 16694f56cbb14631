"""What the replay lets its caller change, checked.

`GET /_replay` returns `{"day", "last_day", "clock", "rate", "calls", "quota"}`. `PUT /_replay` takes an object with any
of:

- `clock`: ISO 8601 with its zone, within the days that the replay has. It is the `Date` of every answer.
- `last_day`: until which day (ISO) flights are served, from `day` on; initially `day` alone.
- `rate`: how many seconds the clock advances each second; 0, the initial value, stops it.
- `quota`: how many calls are left in a new month (`calls` starts at 0 again); null for no limit.
- `faults`: a list, which replaces any faults left from the last one. The next calls with the right key get one each:
  `500` `502` `503` `504`, `html` (a page, with status 200), `half` (half of the JSON body), `cut` (the connection is
  closed without an answer), `slow:<seconds>` (the right answer, late), `rate_limit:<seconds>` (429 with that
  `Retry-After`; 0 if omitted), `quota` (429 usage_limit_reached), `empty` (200, total 0), `error:<code>` (that
  refusal) and `error200:<code>` (that refusal with status 200, and with `type` and `info` in place of `code` and
  `message`; usage_limit_reached if omitted).

Every request with the right key counts as a call, including those that get a fault, but not those that the quota
refuses.
"""

from datetime import UTC, datetime
from typing import Any

from aviation.replay import check_clock, check_day
from aviation.replay.faults import check_fault

NAMES = frozenset({"clock", "last_day", "rate", "quota", "faults"})
MOST_RATE = 3600


def check(wanted: dict[str, Any], *, first_day: str) -> dict[str, Any]:
    """The changes, with the clock as an aware datetime. ValueError or ParameterError says what does not fit."""
    if unknown := wanted.keys() - NAMES:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    checked = dict(wanted)
    if "clock" in wanted:
        checked["clock"] = instant(wanted["clock"])
    if "last_day" in wanted and check_day(str(wanted["last_day"])) < first_day:
        raise ValueError(f"last_day must be {first_day} or later")
    rate = wanted.get("rate", 0)
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= MOST_RATE:
        raise ValueError(f"rate must be a number from 0 to {MOST_RATE}")
    quota = wanted.get("quota")
    if not (quota is None or (type(quota) is int and quota >= 0)):
        raise ValueError("quota must be a whole number or null")
    faults = wanted.get("faults", [])
    if not isinstance(faults, list):
        raise ValueError("faults must be a list")
    for fault in faults:
        check_fault(fault)
    return checked


def instant(text: object) -> datetime:
    """A moment that the replay can be asked about (aware). ValueError or ParameterError for anything else."""
    try:
        clock = datetime.fromisoformat(text) if isinstance(text, str) else None
        if clock and clock.tzinfo:
            return check_clock(clock.astimezone(UTC))
    except (ValueError, OverflowError):
        pass
    raise ValueError("clock must be ISO 8601 with its zone, such as 2013-07-11T12:30:00Z")
