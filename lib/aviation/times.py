"""Instants as text: the one form that is written, and the forms that are read."""

import re
from datetime import UTC, datetime, timedelta

from aviation.errors import ParameterError


def utc_text(instant: datetime) -> str:
    """ISO 8601 in UTC, to the second: `2013-07-11T12:30:00Z`. An instant without a zone is UTC, as in the tables."""
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_utc(text: str) -> datetime:
    """ISO 8601 text as an aware datetime in UTC; without a zone it is taken as UTC. ParameterError for other text."""
    try:
        parsed = datetime.fromisoformat(text)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ParameterError(f"{text!r} is not a time: write it like 2013-07-10T18:00Z") from None


def parse_duration(text: str) -> timedelta:
    """`30m` or `1h` as a duration, of up to a day. ParameterError for other text."""
    if match := re.fullmatch(r"([1-9][0-9]{0,3})([mh])", text):
        number, unit = match.groups()
        duration = timedelta(minutes=int(number) * (60 if unit == "h" else 1))
        if duration <= timedelta(days=1):
            return duration
    raise ParameterError(f"{text!r} is not a duration of up to a day: write it like 30m or 1h")
