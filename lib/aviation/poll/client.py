"""The flight API's client: fetches the pages of an endpoint within a budget of calls and a deadline, and never shows
the key."""

import ipaddress
import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import requests
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import parse_url

from aviation import api_key, home
from aviation.errors import ApiError, ParameterError, UnavailableError
from aviation.parameters import unknown_parameter
from aviation.poll.answers import INSTANT_HEADER, Failure, Page, read_answer
from aviation.poll.plans import MOST_RECORDS_A_PAGE
from aviation.redact import guard_logs, redact, remember
from aviation.retry import Deadline, backoff
from aviation.times import utc_text

DEFAULT_BASE_URL = "https://api.aviationstack.com/v1"
CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
LATE = "the answer was not whole at the deadline"

Query = Mapping[str, str | int]

FLIGHT_FILTERS = """flight_status flight_date dep_iata arr_iata dep_icao arr_icao airline_name airline_iata airline_icao
    flight_number flight_iata flight_icao min_delay_dep min_delay_arr max_delay_dep max_delay_arr"""
FILTERS = {
    "flights": tuple(FLIGHT_FILTERS.split()),
    "cities": ("search",),
    "airplanes": ("search",),
    "aircraft_types": ("search",),
}
"""What each endpoint filters by. Source: https://aviationstack.com/documentation"""


@dataclass(frozen=True)
class LeftOut:
    """What the last sweep did not fetch: `records` by the API's last `total` (None: it said none), from `offset` on."""

    reason: str
    offset: int
    records: int | None


class Api:
    """The API at `base_url`. Every HTTP call counts against `max_calls`, retries included; once `deadline_seconds` have
    passed, no call is begun. `calls` and `retries` say how it went, and `left_out` how the last sweep did.

    With `instant` (aware) it is asked as of that moment, which the replay alone can be: ParameterError for another.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        max_calls: int,
        deadline_seconds: float,
        instant: datetime | None = None,
        backoff_seconds: float = 0.5,
        read_seconds: float = READ_SECONDS,
    ):
        guard_logs()
        remember(key)
        self.base_url = check_base_url(base_url)
        self.calls = self.retries = 0
        self.left_out: LeftOut | None = None
        self._key = key
        self._max_calls = max_calls
        self._deadline = Deadline(deadline_seconds)
        self._backoff_seconds, self._read_seconds = backoff_seconds, read_seconds
        self._local = is_loopback(self.base_url)
        self._session = requests.Session()
        # What goes to loopback in plain http must not pass through a proxy that the environment names.
        self._session.trust_env = not self._local
        self._session.headers.update({"Accept": "application/json", "User-Agent": "aviation"})
        if instant:
            if not self._local:
                raise ParameterError(
                    f"parameter 'instant': {self.base_url} answers as of now; the replay alone goes back"
                )
            self._session.headers[INSTANT_HEADER] = utc_text(instant)

    @classmethod
    def connect(cls, **budget: Any) -> "Api":
        """The API that the environment names (AVIATIONSTACK_BASE_URL), with its key (see `aviation.api_key`)."""
        home.load_environment()
        base_url = check_base_url(os.environ.get("AVIATIONSTACK_BASE_URL") or DEFAULT_BASE_URL)
        return cls(base_url, api_key.access_key(), **budget)

    def sweep(self, endpoint: str, filters: Query | None = None, *, limit: int = 100) -> Iterator[Page]:
        """All pages of `endpoint`, `limit` records each. A record can come twice, because pages shift during a sweep.

        The sweep stops when `max_calls` are used up or the deadline has passed; `left_out` then says what is missing.
        ParameterError for a filter that the endpoint lacks; an ApiError where a call failed for good.
        """
        check_filters(endpoint, filters or {}, limit)
        self.left_out = None
        return self._pages(endpoint, filters or {}, limit)

    def _pages(self, endpoint: str, filters: Query, limit: int) -> Iterator[Page]:
        offset, total = 0, None
        while not (reason := self._spent()):
            page = self._fetch(endpoint, {**filters, "limit": limit}, offset)
            yield page
            count, total = len(page.records), page.total
            offset += count
            # `total` changes during a sweep, and can be too low: a full page that ends there may not be the last.
            if count < limit and (total is None or offset >= total):
                return
            if not count:
                reason = "an empty page"
                break
        if total is None or total > offset:
            self.left_out = LeftOut(reason, offset, None if total is None else total - offset)

    def _spent(self, wait: float = 0) -> str | None:
        """Which limit forbids another call in `wait` seconds; None where there may be one."""
        if self.calls >= self._max_calls:
            return "max_calls"
        return "deadline_seconds" if self._deadline.seconds_left() <= wait else None

    def _fetch(self, endpoint: str, query: Query, offset: int) -> Page:
        """One page. A failure that can pass is tried again after a backoff, or after the API's own `Retry-After`."""
        attempt = 0
        while isinstance(answer := self._call(endpoint, query, offset), Failure):
            if not answer.retry:
                raise answer.error
            wait = max(answer.retry_after or 0.0, backoff(attempt, self._backoff_seconds))
            if spent := self._spent(wait):
                answer.error.add_note(f"given up after {attempt + 1} tries, at {spent}")
                raise answer.error
            time.sleep(wait)
            self.retries += 1
            attempt += 1
        return answer

    def _call(self, endpoint: str, query: Query, offset: int) -> Page | Failure:
        self.calls += 1
        url = f"{self.base_url}/{endpoint}"
        try:
            status, headers, body = self._get(url, {**query, "offset": offset, "access_key": self._key})
        except (requests.RequestException, HTTPError) as error:
            # These errors hold the URL with its key: their redacted text is passed on, never the error itself.
            reason = redact(" ".join(f"{type(error).__name__}: {error}".split()))
            if self._local and "Connection refused" in reason:
                hint = "nothing listens there: start the local stack with 'aviation up'"
                return Failure(UnavailableError(f"{endpoint}: no answer from {self.base_url}: {hint}"), retry=False)
            retry = "CERTIFICATE_VERIFY_FAILED" not in reason
            return Failure(UnavailableError(f"{endpoint}: no answer from {self.base_url} ({reason})"), retry)
        return read_answer(
            status, headers, body, endpoint=endpoint, offset=offset, fetched_at=datetime.now(UTC), local=self._local
        )

    def _get(self, url: str, query: Query) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body, all by the deadline.

        The time-outs of `requests` begin anew with each byte, and none is of a name's look-up: the call has a thread,
        which is waited for until then, and ends with this process.
        """
        answer: Future[tuple[int, Mapping[str, str], bytes]] = Future()

        def call() -> None:
            try:
                answer.set_result(self._answer(url, query))
            except BaseException as error:
                answer.set_exception(error)

        Thread(target=call, daemon=True).start()
        try:
            return answer.result(self._seconds_left())
        except TimeoutError:
            raise requests.ReadTimeout(LATE) from None

    def _answer(self, url: str, query: Query) -> tuple[int, Mapping[str, str], bytes]:
        timeout = (min(CONNECT_SECONDS, self._seconds_left()), min(self._read_seconds, self._seconds_left()))
        with self._session.get(url, params=query, timeout=timeout, allow_redirects=False, stream=True) as response:
            body = bytearray()
            while chunk := response.raw.read1(65536, decode_content=True):
                body += chunk
                if self._deadline.seconds_left() <= 0:
                    raise requests.ReadTimeout(LATE)
            return response.status_code, response.headers, bytes(body)

    def _seconds_left(self) -> float:
        return max(0.1, self._deadline.seconds_left())


def check_base_url(url: str) -> str:
    """`url` without a trailing slash. ApiError unless it is https, or plain http to a loopback address."""
    try:
        parsed = parse_url(url.strip())
    except LocationParseError:
        parsed = None
    if not parsed or not parsed.host or parsed.auth or parsed.query or parsed.fragment:
        # The URL is not shown: what is wrong with it may be a secret that it holds.
        raise ApiError(f"the API's base URL must look like {DEFAULT_BASE_URL}: a host and a path, nothing else")
    if parsed.scheme != "https" and not (parsed.scheme == "http" and is_loopback(url)):
        raise ApiError(f"'{url}' is not https: plain http would show the access key, and is taken for loopback only")
    return url.strip().rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether `url` is on this machine (127.0.0.0/8, ::1 or localhost), as the parser that `requests` uses reads it."""
    host = (parse_url(url.strip()).host or "").strip("[]")
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_filters(endpoint: str, filters: Query, limit: int) -> None:
    """ParameterError names a filter that the endpoint lacks or whose value cannot be right, or a `limit` out of
    range."""
    if endpoint not in FILTERS:
        raise ParameterError(f"unknown endpoint '{endpoint}': it is one of {', '.join(FILTERS)}")
    for name, value in filters.items():
        if name not in FILTERS[endpoint]:
            raise ParameterError(f"filters of {endpoint}: {unknown_parameter(name, FILTERS[endpoint])}")
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            raise ParameterError(f"filters of {endpoint}: '{name}' must be text or a whole number, not {value!r}")
    if not 1 <= limit <= MOST_RECORDS_A_PAGE:
        raise ParameterError(
            f"parameter 'limit' must be 1 to {MOST_RECORDS_A_PAGE} (100 below Professional), not {limit}"
        )
