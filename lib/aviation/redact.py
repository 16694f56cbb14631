"""Secrets never leave the process in text: what it shows, logs, stores or raises goes through here.

It catches every form of a secret that this process has seen (`remember`), and whatever stands where a secret would,
seen or not (`access_key=...` in a URL or in the environment, `SecretString` in an answer of Secrets Manager).
"""

import html
import json
import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "[redacted]"
SHORTEST_SECRET = 6
"""Shorter ones are not remembered: replacing every "a" hides nothing and destroys the text."""

_PLACES = re.compile(
    r"""(access_key(?:=|%3D) | \\?["']access_key\\?["']\s*:\s*\\?["']) [^&\s"'<>\\,)]+""",
    re.IGNORECASE | re.VERBOSE,
)
# To the quote that ends it: a secret may have lines, and quotes of its own.
_SECRET_STRING = re.compile(
    r"""(["']SecretString\\*["']\s*:\s*(\\*["'])) (?!\2).+? (?=(?<!\\)\2|\Z)""", re.IGNORECASE | re.VERBOSE | re.DOTALL
)
_forms: set[str] = set()
_remembered: re.Pattern[str] | None = None
_make_record: Callable[..., logging.LogRecord] | None = None


def remember(secret: str | None) -> None:
    """Redact `secret` from now on, as it is and as URLs, JSON, HTML and `repr` write it."""
    global _remembered
    if not secret or len(secret) < SHORTEST_SECRET:
        return
    _forms.update(
        (
            secret,
            quote(secret, errors="replace"),
            quote(secret, safe="", errors="replace"),
            quote_plus(secret, errors="replace"),
            json.dumps(secret)[1:-1],
            json.dumps(secret, ensure_ascii=False)[1:-1],
            html.escape(secret),
            repr(secret)[1:-1],
        )
    )
    _remembered = re.compile("|".join(re.escape(form) for form in sorted(_forms, key=len, reverse=True)))


def redact(text: str) -> str:
    """`text` without any secret that this process remembers, nor any value where an access key stands."""
    if _remembered:
        text = _remembered.sub(MASK, text)
    for pattern in (_PLACES, _SECRET_STRING):
        text = pattern.sub(rf"\g<1>{MASK}", text)
    return text


def redact_json(value: Any) -> Any:
    """A JSON value with every text in it redacted, keys too."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact(key): redact_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact_json(item) for item in value]
    return value


def guard_logs() -> None:
    """Redact every log record that this process makes, whichever logger and handler it goes through.

    At DEBUG urllib3 logs the query of each URL, and botocore the body of each answer, the secret's too: before
    anybody could remember it. A filter would have to sit on each of their loggers; the record factory is one place.
    """
    global _make_record
    if _make_record is None:
        _make_record = logging.getLogRecordFactory()
        logging.setLogRecordFactory(_redacted_record)


def _redacted_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    record = (_make_record or logging.LogRecord)(*args, **kwargs)
    try:
        message = record.getMessage()
    except Exception:  # a caller's bad format string: logging reports it later, when it formats the record
        return record
    if (clean := redact(message)) != message:
        record.msg, record.args = clean, None
    if record.exc_info and record.exc_info[0]:
        # A formatter shows `exc_text` where it is set, and else formats the exception itself.
        text = logging.Formatter().formatException(record.exc_info)
        if (clean := redact(text)) != text:
            record.exc_text, record.exc_info = clean, None
    return record
