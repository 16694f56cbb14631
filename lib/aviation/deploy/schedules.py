"""When schedules fire, and how old flights get in consequence. It reads the forms of EventBridge's schedule expressions
that this project uses.

All times are minutes of one week, from Monday 00:00 UTC; the week then repeats.
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

    It reads `rate(30 minutes)`, as if it began with the week, and `cron(minutes hours ? * weekdays *)`, whose fields
    are `*`, a number, a list, a range or a step. ParameterError for anything else, such as a day of the month.
    """
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression.strip()):
        if interval := int(rate[1]) * UNITS[rate[2]]:
            return list(range(0, WEEK, interval))
    elif cron := re.fullmatch(r"cron\((.+)\)", expression.strip()):
        return _cron(expression, cron[1].split())
    raise _unreadable(expression, "it is neither rate(n minutes) nor cron(...)")


def runs(expression: str, days: int) -> float:
    """How many times a schedule fires in so many days, on average."""
    return len(fires(expression)) * days / 7


def hours(expression: str) -> float:
    """The share of all hours in which a schedule fires."""
    return len({minute // 60 for minute in fires(expression)}) * 60 / WEEK


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
        # For cron Sunday is day 1; here it is the last day of the week.
        days = sorted((day - 2) % 7 for day in _field(weekday.replace("?", "*"), 1, 7))
    except ValueError as error:
        raise _unreadable(expression, str(error)) from None
    return [day * DAY + hour * 60 + minute for day in days for hour in hours for minute in minutes]


def _field(text: str, least: int, most: int) -> list[int]:
    """The values of one field of a cron expression, ascending. ValueError says what is wrong with it."""
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
    """How old data is, in minutes. `queryable`: a poll's data when it can first be queried, for the slowest poll of the
    week. `worst` and `mean`: the newest data that can be queried, over all moments of the week. `spare_seconds`: how
    much longer a sweep could take without missing the load after it, for the tightest poll."""

    queryable: float
    worst: float
    mean: float
    spare_seconds: float


def freshness(poll: str, load: str, *, sweep_seconds: float, buffer_seconds: float, load_seconds: float) -> Freshness:
    """How old data gets when `poll` and `load` are the schedules of its polls and loads.

    The data of a poll at p is in raw at p + sweep + buffer. It can be queried at q(p), which is load_seconds after the
    start of the first load from then on; its age is then q(p) - p. It is the newest data until q(p'), when that of the
    next poll p' can be queried; by then its age is q(p') - p, the worst. The mean is over time: each stretch from q(p)
    to q(p') counts by its length, with the age in its middle.
    """
    load_starts = fires(load)
    polls = fires(poll)
    polls.append(polls[0] + WEEK)
    spare_seconds, queryable_at = [], []
    for polled_at in polls:
        in_raw_at = polled_at + (sweep_seconds + buffer_seconds) / 60
        load_start = _first_from(load_starts, in_raw_at)
        spare_seconds.append((load_start - in_raw_at) * 60)
        queryable_at.append(load_start + load_seconds / 60)
    youngest = [since - polled_at for since, polled_at in zip(queryable_at, polls, strict=True)]
    # The last poll is the first of the next week: it only ends the stretch of the one before.
    stretches = list(zip(polls, pairwise(queryable_at), strict=False))
    worst = max(until - polled_at for polled_at, (_, until) in stretches)
    mean = sum((until - since) * ((since + until) / 2 - polled_at) for polled_at, (since, until) in stretches) / WEEK
    return Freshness(max(youngest), worst, mean, min(spare_seconds))


def _first_from(starts: list[int], moment: float) -> float:
    """The first of `starts`, which repeat weekly, at or after `moment`."""
    weeks, minute = divmod(moment, WEEK)
    index = bisect_left(starts, minute)
    return weeks * WEEK + (starts[index] if index < len(starts) else starts[0] + WEEK)
