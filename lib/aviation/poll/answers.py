"""What the flight API answers, and what each answer means: pages, and a table of errors.

Source: https://docs.apilayer.com/aviationstack/docs/api-error-codes, and answers seen that it does not name: error
objects with status 200, `type`/`info` for `code`/`message`, "No Record Found" for an empty page.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

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


@dataclass(frozen=True)
class Rule:
    """What an answer means: the error to raise, whether another try can help, and a few words for a person."""

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
    """One page: the API's `records` from `offset` on, of `total` in all (None: not said). Times are aware."""

    offset: int
    records: list
    total: int | None
    observed_at: datetime
    fetched_at: datetime


@dataclass(frozen=True)
class Failure:
    """A call that gave no page: the error it means, whether to try again, and after how long if the API said so."""

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
    """What an answer means. `local`: the API is on loopback, where its clock is believed whatever it says."""
    payload = _parse(body)
    said = payload.get("error")
    success = 200 <= status < 300
    observed_at = observed(headers.get("Date"), fetched_at, local=local)
    if status < 500 and isinstance(said, str) and "no record" in said.lower():
        return Page(offset, [], 0, observed_at, fetched_at)
    if success and not said and isinstance(payload.get("data"), list):
        pagination = payload.get("pagination")
        total = _count(pagination.get("total")) if isinstance(pagination, dict) else None
        return Page(offset, payload["data"], total, observed_at, fetched_at)
    return _failure(status, headers, said, endpoint, fetched_at)


def observed(date: str | None, fetched_at: datetime, *, local: bool) -> datetime:
    """When the API says that it answered (its `Date` header); our own clock where it says nothing, or is more than
    5 minutes off and not `local`."""
    try:
        said = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return fetched_at
    said = said if said.tzinfo else said.replace(tzinfo=UTC)
    return said if local or abs(said - fetched_at) <= CLOCK_TOLERANCE else fetched_at


def _failure(status: int, headers: Mapping[str, str], said, endpoint: str, fetched_at: datetime) -> Failure:
    code, text = _described(said)
    rule = BY_CODE.get(code) or BY_STATUS.get(status) or _by_class(status, said)
    details = ", ".join(part for part in (f"HTTP {status}", code, text) if part)
    message = redact(" ".join(f"{endpoint}: {rule.advice} ({details})".split()))
    retry_after = _seconds(headers.get("Retry-After"), fetched_at) if rule.retry else None
    more = {"retry_after": retry_after} if rule.error is RateLimitError else {}
    return Failure(rule.error(message, status=status, code=code, **more), rule.retry, retry_after)


def _by_class(status: int, said) -> Rule:
    if status >= 500:
        return SERVER_FAILED
    if 300 <= status < 400:
        return REDIRECTED
    return NONSENSE if status < 300 and not said else REFUSED


def _described(said) -> tuple[str | None, str]:
    """The code and the text of an error, whichever of its forms the API chose."""
    if not isinstance(said, dict):
        return None, str(said or "")
    # `code` can be a number beside a telling `type`.
    code = next((said[name] for name in ("code", "type") if isinstance(said.get(name), str)), None)
    text = str(said.get("message") or said.get("info") or "")
    if context := said.get("context"):
        text = f"{text} {json.dumps(context)}".strip()
    return code, text


def _parse(body: bytes) -> dict:
    """The body's JSON object; an empty one where it is HTML, half an answer, or anything else."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _count(value) -> int | None:
    try:
        return max(0, int(value))
    except (TypeError, ValueError):
        return None


def _seconds(retry_after: str | None, now: datetime) -> float | None:
    """`Retry-After` in seconds: it is a number of them, or a date (RFC 9110, 10.2.3)."""
    if not retry_after:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - now).total_seconds())
    except (TypeError, ValueError):
        return None
