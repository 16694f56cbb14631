"""What the flight API's answers mean: a page, or one of a table of errors.

Source: https://docs.apilayer.com/aviationstack/docs/api-error-codes. Answers that it does not document but the API
gives: error objects with status 200, `type`/`info` in place of `code`/`message`, and for an empty page an error "No
Record Found", which is the whole answer or stands where its records would.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from aviation.errors import (
    AccessKeyError,
    ApiError,
    InvalidRequestError,
    NotFoundError,
    PlanError,
    QuotaError,
    RateLimitError,
    UnavailableError,
)
from aviation.redact import redact

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far the API's clock may be from ours and still be believed."""
INSTANT_HEADER = "Aviation-Instant"
"""Asks the replay, the API on loopback, for what it would have answered at an instant."""


@dataclass(frozen=True)
class Rule:
    """What a failed call means: the error to raise, whether another try can help, and a few words for a person."""

    error: type[ApiError]
    retry: bool
    advice: str


BY_CODE = {
    "missing_access_key": Rule(AccessKeyError, False, "no access key was sent"),
    "invalid_access_key": Rule(AccessKeyError, False, "the access key is wrong"),
    "inactive_user": Rule(AccessKeyError, False, "the access key's account is not active"),
    "https_access_restricted": Rule(PlanError, False, "the API plan lacks HTTPS"),
    "function_access_restricted": Rule(PlanError, False, "the API plan lacks this endpoint or filter"),
    "invalid_api_function": Rule(NotFoundError, False, "the API has no such endpoint"),
    "404_not_found": Rule(NotFoundError, False, "the API has no such endpoint"),
    "validation_error": Rule(InvalidRequestError, False, "the API refused the request"),
    "usage_limit_reached": Rule(
        QuotaError, False, "the month's calls are used up: raise the plan or wait for the month"
    ),
    "rate_limit_reached": Rule(RateLimitError, True, "too many calls at once"),
}
BY_STATUS = {
    400: Rule(InvalidRequestError, False, "the API refused the request"),
    401: Rule(AccessKeyError, False, "the access key was refused"),
    403: Rule(PlanError, False, "the API plan does not allow this"),
    404: Rule(NotFoundError, False, "the API has no such endpoint"),
    408: Rule(UnavailableError, True, "the API timed out"),
    422: Rule(InvalidRequestError, False, "the API refused the request"),
    429: Rule(RateLimitError, True, "too many calls at once"),
    500: Rule(UnavailableError, True, "the API failed"),
    502: Rule(UnavailableError, True, "the API is not reachable"),
    503: Rule(UnavailableError, True, "the API is not available"),
    504: Rule(UnavailableError, True, "the API timed out"),
}
SERVER_FAILED = Rule(UnavailableError, True, "the API failed")
REDIRECTED = Rule(ApiError, False, "the API answered with a redirect, which is not followed: the key would go along")
NONSENSE = Rule(UnavailableError, True, "the API's answer is not whole JSON of a page")
REFUSED = Rule(ApiError, False, "the API refused the call")


@dataclass(frozen=True)
class Page:
    """One page: the API's `records` from `offset` on, of `total` in all (None: it did not say). Times are aware."""

    offset: int
    records: list[Any]
    total: int | None
    observed_at: datetime
    fetched_at: datetime


@dataclass(frozen=True)
class Failure:
    """A call that gave no page: the error it means, whether another try can help, and after how many seconds where the
    API said so."""

    error: ApiError
    retry: bool
    retry_after: float | None = None


def read_answer(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    endpoint: str,
    offset: int,
    fetched_at: datetime,
    local: bool,
) -> Page | Failure:
    """What one HTTP answer means. `local`: the API is on loopback, and its clock is believed whatever it shows."""
    payload = _parse(body)
    error = payload.get("error")
    success = 200 <= status < 300
    observed_at = observed(headers.get("Date"), fetched_at, local=local)
    if status < 500 and (_nothing_found(payload) or _nothing_found(payload.get("data"))):
        return Page(offset, [], 0, observed_at, fetched_at)
    if success and not error and isinstance(payload.get("data"), list):
        pagination = payload.get("pagination")
        total = _count(pagination.get("total")) if isinstance(pagination, dict) else None
        return Page(offset, payload["data"], total, observed_at, fetched_at)
    return _failure(status, headers, error, endpoint, fetched_at)


def _nothing_found(answer: Any) -> bool:
    error = answer.get("error") if isinstance(answer, dict) else None
    return isinstance(error, str) and "no record" in error.lower()


def observed(date: str | None, fetched_at: datetime, *, local: bool) -> datetime:
    """When the API answered, by its `Date` header; by our own clock (`fetched_at`) where the header is missing or
    unreadable, or differs from ours by more than CLOCK_TOLERANCE and the API is not `local`."""
    try:
        answered_at = parsedate_to_datetime(date or "")
    except (TypeError, ValueError):
        return fetched_at
    if not answered_at.tzinfo:
        answered_at = answered_at.replace(tzinfo=UTC)
    return answered_at if local or abs(answered_at - fetched_at) <= CLOCK_TOLERANCE else fetched_at


def _failure(status: int, headers: Mapping[str, str], error: Any, endpoint: str, fetched_at: datetime) -> Failure:
    code, text = _code_and_text(error)
    rule = BY_CODE.get(code or "") or BY_STATUS.get(status) or _by_class(status, error)
    details = ", ".join(part for part in (f"HTTP {status}", code, text) if part)
    message = redact(" ".join(f"{endpoint}: {rule.advice} ({details})".split()))
    retry_after = _seconds(headers.get("Retry-After"), fetched_at) if rule.retry else None
    failure = Failure(rule.error(message, status=status, code=code), rule.retry, retry_after)
    if isinstance(failure.error, RateLimitError):
        failure.error.retry_after = retry_after
    return failure


def _by_class(status: int, error: Any) -> Rule:
    """The rule of a status by its hundreds, where neither the code nor the status itself has one."""
    if status >= 500:
        return SERVER_FAILED
    if 300 <= status < 400:
        return REDIRECTED
    return NONSENSE if status < 300 and not error else REFUSED


def _code_and_text(error: Any) -> tuple[str | None, str]:
    """The code and the text of the API's error, in whichever of its forms it came."""
    if not isinstance(error, dict):
        return None, str(error or "")
    # `code` can be a number, with the code's name in `type`.
    code = next((error[name] for name in ("code", "type") if isinstance(error.get(name), str)), None)
    text = str(error.get("message") or error.get("info") or "")
    if context := error.get("context"):
        text = f"{text} {json.dumps(context)}".strip()
    return code, text


def _parse(body: bytes) -> dict[str, Any]:
    """The body's JSON object; an empty one where the body is HTML, half an answer, or anything else."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _count(value: Any) -> int | None:
    try:
        return max(0, int(value))
    except (TypeError, ValueError, OverflowError):
        return None


def _seconds(retry_after: str | None, now: datetime) -> float | None:
    """`Retry-After` in seconds. The header holds a number of seconds or a date (RFC 9110, 10.2.3)."""
    if not retry_after:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - now).total_seconds())
    except (TypeError, ValueError):
        return None
