"""When schedules fire, and from that how old flights get: reads the forms of EventBridge's expressions in use here.

Everything is in minutes of one week, Monday 00:00 UTC first, which then repeats.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

from aviation.errors import ParameterError

DAY = 24 * 60
WEEK = 7 * DAY
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
"""1 to 7 in a cron expression. Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html"""
UNITS = {"minute": 1, "hour": 60, "day": DAY}


def fires(expression: str) -> list[int]:
    """The minutes of the week at which a schedule fires, ascending.

    Read are `rate(30 minutes)` (taken to begin with the week) and `cron(minutes hours ? * weekdays *)`, where a field
    is `*`, a number, a list, a range or a step. ParameterError for anything else: no day of the month, month or year.
    """
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression.strip()):
        if every := int(rate[1]) * UNITS[rate[2]]:
            return list(range(0, WEEK, every))
    elif cron := re.fullmatch(r"cron\((.+)\)", expression.strip()):
        return _cron(expression, cron[1].split())
    raise _unreadable(expression, "it is neither rate(n minutes) nor cron(...)")


def runs(expression: str, days: int) -> float:
    """How many times a schedule fires in so many days, on average."""
    return len(fires(expression)) * days / 7


def _cron(expression: str, parts: list[str]) -> list[int]:
    if len(parts) != 6:
        raise _unreadable(expression, f"cron takes 6 fields, not {len(parts)}")
    minute, hour, month_day, month, weekday, year = parts
    if {month_day, month, year} - {"*", "?"}:
        raise _unreadable(expression, "a day of the month, a month or a year is not read")
    for number, name in enumerate(WEEKDAYS, 1):
        weekday = weekday.upper().replace(name, str(number))
    try:
        minutes, hours = _field(minute, 0, 59), _field(hour, 0, 23)
        # Sunday is 1 for cron, and the last day of the week here.
        days = sorted((day - 2) % 7 for day in _field(weekday.replace("?", "*"), 1, 7))
    except ValueError as error:
        raise _unreadable(expression, str(error)) from None
    return [day * DAY + hour * 60 + minute for day in days for hour in hours for minute in minutes]


def _field(text: str, least: int, most: int) -> list[int]:
    """The values of one field, ascending; ValueError says what is wrong with it."""
    values: set[int] = set()
    for item in text.split(","):
        form = re.fullmatch(r"(?:\*|(\d+)(?:-(\d+))?)(?:/([1-9]\d*))?", item)
        if not form:
            raise ValueError(f"'{item}' is not *, a number, a range or a step")
        first = int(form[1] or least)
        last = int(form[2]) if form[2] else first if form[1] and not form[3] else most
        if not least <= first <= last <= most:
            raise ValueError(f"'{item}' is not between {least} and {most}")
        values.update(range(first, last + 1, int(form[3] or 1)))
    return sorted(values)


def _unreadable(expression: str, why: str) -> ParameterError:
    return ParameterError(f"the schedule '{expression}' cannot be read: {why}; write it like cron(0/30 * * * ? *)")


@dataclass(frozen=True)
class Freshness:
    """Ages in minutes. `queryable`: of a poll's data when it can first be queried (the slowest poll of the week).
    `worst` and `mean`: of the newest data that can be queried, at any moment. `spare_seconds`: how much longer a sweep
    could take and still make the load after it (the tightest poll)."""

    queryable: float
    worst: float
    mean: float
    spare_seconds: float


def freshness(poll: str, load: str, *, sweep_seconds: float, buffer_seconds: float, load_seconds: float) -> Freshness:
    """How old data gets between a poll and a load, both schedules.

    A poll at p is in raw by p + sweep + buffer, and can be queried at q(p) = the first load that starts at or after
    that + load_seconds. Its age is then q(p) - p. Until the next poll p' takes over at q(p') the age grows to
    q(p') - p: the worst. The mean is over time: each stretch from q(p) to q(p') counts with its length and middle age.
    """
    starts = fires(load)
    polls = fires(poll)
    polls.append(polls[0] + WEEK)
    spare, ready = [], []
    for moment in polls:
        flushed = moment + (sweep_seconds + buffer_seconds) / 60
        start = _first_from(starts, flushed)
        spare.append((start - flushed) * 60)
        ready.append(start + load_seconds / 60)
    ages = [at - moment for at, moment in zip(ready, polls, strict=True)]
    stretches = [
        (until - since, (since + until) / 2 - moment)
        for (since, until), moment in zip(pairwise(ready), polls, strict=False)
    ]
    worst = max(until - moment for until, moment in zip(ready[1:], polls, strict=False))
    mean = sum(length * age for length, age in stretches) / WEEK
    return Freshness(max(ages), worst, mean, min(spare))


def _first_from(starts: list[int], moment: float) -> float:
    """The first of `starts`, weekly, at or after a moment."""
    weeks, inside = divmod(moment, WEEK)
    index = bisect_left(starts, inside)
    return weeks * WEEK + (starts[index] if index < len(starts) else starts[0] + WEEK)
