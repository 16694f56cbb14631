"""One JSON leaf to the text of one column: every value is read as text and checked here, and cast by Spark.

Each reader takes a leaf that is not null and gives text that Spark's cast to the kind's SQL type cannot refuse, or None
for the API's ways of writing nothing. A leaf that does not fit raises ValueError.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime

from aviation.columns import Kind

_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?")
_TERMINAL = re.compile(r"^(TERMINAL\s*|T(?=\d))")
_EARLIEST_YEAR = 1900  # before powered flight: a placeholder such as 0001-01-01
_INT_LIMIT = 2**31


def read_text(value: object) -> str | None:
    """Text without the space around it; a number becomes its text; empty is nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("not text")
    text = str(value).strip()
    text.encode()  # a lone surrogate, which JSON can write and UTF-8 cannot, is a ValueError
    return text or None


def read_code(value: object) -> str | None:
    """Airline, airport, aircraft and flight codes: upper case."""
    text = read_text(value)
    return text and text.upper()


def read_key_code(value: object) -> str | None:
    """A code that goes into the key of a leg: without what stands between the key's parts, or makes one a time."""
    code = read_code(value)
    if code and ("|" in code or ":" in code):
        raise ValueError("not a code")
    return code


def read_flight_number(value: object) -> str | None:
    """A flight's number without leading zeros: `0315` and `315` are one flight."""
    number = read_key_code(value)
    return number and (number.lstrip("0") or "0")


def read_flight_code(value: object) -> str | None:
    """A flight's code, such as `CM315`. At times the API gives the airline's code alone, which names no flight."""
    code = read_code(value)
    if code and not any(character.isdigit() for character in code[2:]):
        raise ValueError("not a flight's code")
    return code


def read_terminal(value: object) -> str | None:
    """A terminal's code without what only says that it is one: the API gives `2` in one row and `T2` in the next."""
    code = read_code(value)
    return code and (_TERMINAL.sub("", code) or code)


def read_word(value: object) -> str | None:
    """A word of the API's vocabulary, such as a status: lower case."""
    text = read_text(value)
    return text and text.lower()


def read_zone(value: object) -> str | None:
    """A time zone's name as it came, or an offset (the API writes `+8` for PKX) as `+08:00`."""
    text = read_text(value)
    if text and (match := _OFFSET.fullmatch(text)):
        sign, hours, minutes = match.groups()
        return f"{sign}{int(hours):02d}:{minutes or '00'}"
    return text


def read_local(value: object) -> str | None:
    """An airport's local time. The API writes `+00:00` behind it, which is not true and is dropped."""
    moment = _moment(value)
    return moment.replace(tzinfo=None).isoformat() if moment else None


def read_utc(value: object) -> str | None:
    """An instant, as UTC without its zone; a time without a zone is taken as UTC."""
    moment = _moment(value)
    if moment is None:
        return None
    if moment.tzinfo:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat()


def read_date(value: object) -> str | None:
    """The calendar day that a date or time begins with; `0000-00-00` is the API's way to write nothing."""
    text = read_text(value)
    if text is None or text == "0000-00-00":
        return None
    if len(text) < 10 or text[4] != "-":
        raise ValueError("not a date")
    return date.fromisoformat(text[:10]).isoformat()


def read_int(value: object) -> str | None:
    """A whole number that fits 32 bits, given as a number or as text."""
    number = _number(value)
    if number is None:
        return None
    if number != int(number) or abs(number) >= _INT_LIMIT:
        raise ValueError("not a whole number of 32 bits")
    return str(int(number))


def read_number(value: object) -> str | None:
    """A finite number, given as a number or as text."""
    number = _number(value)
    return None if number is None else repr(number)


def read_flag(value: object) -> str | None:
    """True or false, given as JSON or as text."""
    text = str(value).strip().lower()
    if text not in ("true", "false"):
        raise ValueError("neither true nor false")
    return text


def _moment(value: object) -> datetime | None:
    if value == "":
        return None
    if not isinstance(value, str) or len(value) < 16:
        raise ValueError("not a time")
    moment = datetime.fromisoformat(value)
    if moment.year < _EARLIEST_YEAR:
        raise ValueError("not a time")
    return moment


def _number(value: object) -> float | None:
    if value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("not a number")
    number = float(value) + 0.0  # -0.0 and 0.0 are one value
    if not math.isfinite(number):
        raise ValueError("not a number")
    return number


READERS: dict[Kind, Callable[[object], str | None]] = {
    "text": read_text,
    "code": read_code,
    "key_code": read_key_code,
    "flight_number": read_flight_number,
    "flight_code": read_flight_code,
    "terminal": read_terminal,
    "word": read_word,
    "zone": read_zone,
    "local": read_local,
    "utc": read_utc,
    "date": read_date,
    "int": read_int,
    "number": read_number,
    "flag": read_flag,
}
