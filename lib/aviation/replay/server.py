"""The replay's HTTP server, on loopback: `GET /v1/<endpoint>` as in the API, `/_replay` to inspect and control it.

A request with the header `Aviation-Instant` (ISO 8601) is answered as of that instant, with flights of any day of the
data. `aviation.replay.changes` says what `/_replay` takes.
"""

import hmac
import json
import socket
import threading
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aviation import loopback
from aviation.errors import ParameterError
from aviation.poll.answers import INSTANT_HEADER
from aviation.replay import LATEST_CLOCK, answers, changes, check_clock, check_day, default_clock

CONTROL = "/_replay"
API = "/v1/"
MAX_CONTROL_BYTES = 1_000_000


class Replay(ThreadingHTTPServer):
    """Serves `day` (ISO) at `clock` (aware; None: the day's default clock) on 127.0.0.1:`port` (0: any free one).

    Callers must send `key`. `quota` is how many calls it answers (None: no limit), `max_limit` the plan's largest page:
    100 or 1000. ParameterError if it has no such day or clock. It listens once made; `serve_forever` serves.
    """

    daemon_threads = True

    def __init__(
        self,
        day: str,
        *,
        key: str,
        port: int = 0,
        clock: datetime | None = None,
        quota: int | None = None,
        max_limit: int = 1000,
        log: bool = False,
    ) -> None:
        self.day = self.last_day = check_day(day)
        self.key, self.max_limit, self.log = key, max_limit, log
        self.rate = 0.0
        self._turn(check_clock(clock or default_clock(day)))
        self.quota, self.calls = quota, 0
        self.faults: deque[str] = deque()
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", port), Handler)

    def server_bind(self) -> None:
        # As HTTPServer does, without its look-up of the host's name, which can wait for a network.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", int(self.server_address[1])

    @property
    def url(self) -> str:
        """The API's base URL."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def clock(self) -> datetime:
        """The replay's time, to the second (aware, UTC). It stops at LATEST_CLOCK."""
        elapsed = timedelta(seconds=int((time.monotonic() - self._turned_at) * self.rate))
        return min(self._turned_to + elapsed, LATEST_CLOCK)

    def _turn(self, clock: datetime) -> None:
        self._turned_to, self._turned_at = clock.astimezone(UTC), time.monotonic()

    def state(self) -> dict[str, Any]:
        """What `GET /_replay` returns."""
        clock = self.clock.isoformat().replace("+00:00", "Z")
        days = {"day": self.day, "last_day": self.last_day}
        return {**days, "clock": clock, "rate": self.rate, "calls": self.calls, "quota": self.quota}

    def change(self, wanted: dict[str, Any]) -> None:
        """What `PUT /_replay` does: all of it, or nothing and a ValueError or ParameterError that says why."""
        checked = changes.check(wanted, first_day=self.day)
        with self.lock:
            self._turn(checked.get("clock", self.clock))
            self.rate = checked.get("rate", self.rate)
            self.last_day = checked.get("last_day", self.last_day)
            if "quota" in checked:
                self.quota, self.calls = checked["quota"], 0
            if "faults" in checked:
                self.faults = deque(checked["faults"])

    def take_call(self) -> str | None:
        """Count a call and return the fault it gets, if any. Raises RefusedError once the quota is used up."""
        with self.lock:
            if self.quota is not None and self.calls >= self.quota:
                raise answers.RefusedError("usage_limit_reached")
            self.calls += 1
            return self.faults.popleft() if self.faults else None

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a caller that hung up is no error, and a traceback could contain its request."""


class Handler(BaseHTTPRequestHandler):
    """One connection. The clock is read once a request, so that an answer and its `Date` agree."""

    server: Replay
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server_version, sys_version = "aviation-replay", ""

    def parse_request(self) -> bool:
        """As the base class does, and then refuse what no program of this machine sends, whatever its method."""
        if not super().parse_request():
            return False
        refused = loopback.refusal((name.lower(), value) for name, value in self.headers.items())
        if refused:
            self.close_connection = True  # what is left of the body is not read
            self._send(403, {"error": {"code": "forbidden", "message": f"the replay refuses this: {refused}"}})
        return not refused

    def do_GET(self) -> None:
        self.clock = self.server.clock
        url = urlsplit(self.path)
        if url.path == CONTROL:
            self._send(200, self.server.state())
        else:
            self._answer(url.path, dict(parse_qsl(url.query, keep_blank_values=True)))

    def do_PUT(self) -> None:
        self.clock = self.server.clock
        length = self.headers.get("Content-Length", "")
        if urlsplit(self.path).path != CONTROL or not length.isdigit() or int(length) > MAX_CONTROL_BYTES:
            self.close_connection = True
            self._send(404, answers.error_object("404_not_found"))
            return
        try:
            wanted = json.loads(self.rfile.read(int(length)))
            if not isinstance(wanted, dict):
                raise ValueError("not an object")
            self.server.change(wanted)
        except (ValueError, ParameterError) as error:
            self._send(422, {"error": {"code": "validation_error", "message": str(error)}})
        else:
            self.clock = self.server.clock
            self._send(200, self.server.state())

    def _answer(self, path: str, params: dict[str, str]) -> None:
        endpoint = path.removeprefix(API)
        try:
            if not path.startswith(API) or endpoint not in answers.ENDPOINTS:
                raise answers.RefusedError("invalid_api_function")
            self._check_key(params.get("access_key"))
            fault = self.server.take_call()
            if fault and not fault.startswith(("slow", "half")):
                self._fail(*fault.partition(":")[::2])
                return
            page = self._page(endpoint, params)
        except answers.RefusedError as refused:
            self._send(answers.ERRORS[refused.code][0], answers.error_object(refused.code, refused.context))
            return
        if fault and fault.startswith("slow"):
            time.sleep(float(fault.partition(":")[2]))
        self._send(200, page, half=fault == "half")

    def _page(self, endpoint: str, params: dict[str, str]) -> dict[str, Any]:
        """The page as of the clock, or of the instant that the request names."""
        days = answers.Days(self.server.day, self.server.last_day)
        if instant := self.headers.get(INSTANT_HEADER):
            try:
                self.clock = changes.instant(instant)
            except (ValueError, ParameterError) as error:
                raise answers.invalid(INSTANT_HEADER, "not_an_instant", str(error)) from None
            days = answers.Days(self.server.day)
        return answers.page(endpoint, params, days=days, clock=self.clock, max_limit=self.server.max_limit)

    def _check_key(self, given: str | None) -> None:
        if not given:
            raise answers.RefusedError("missing_access_key")
        if not hmac.compare_digest(given.encode(errors="replace"), self.server.key.encode()):
            raise answers.RefusedError("invalid_access_key")

    def _fail(self, fault: str, detail: str) -> None:
        """Answer with a fault; `detail` is what follows its colon."""
        if fault == "cut":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif fault == "html":
            self._send_bytes(200, b"<!doctype html><title>Just a moment</title>", "text/html; charset=UTF-8")
        elif fault == "empty":
            paging = {"limit": answers.DEFAULT_LIMIT, "offset": 0, "count": 0, "total": 0}
            self._send(200, {"pagination": paging, "data": []})
        elif fault == "error200":
            code = detail or "usage_limit_reached"
            self._send(200, {"success": False, "error": {"type": code, "info": answers.ERRORS[code][1]}})
        elif fault == "rate_limit":
            self._send(429, answers.error_object("rate_limit_reached"), headers={"Retry-After": detail or "0"})
        elif fault.isdigit():
            self._send(int(fault), answers.error_object("internal_error"))
        else:
            raise answers.RefusedError("usage_limit_reached" if fault == "quota" else detail)

    def _send(
        self, status: int, body: dict[str, Any], *, half: bool = False, headers: dict[str, str] | None = None
    ) -> None:
        text = json.dumps(body, separators=(",", ":")).encode()
        self._send_bytes(status, text[: len(text) // 2] if half else text, "application/json", headers)

    def _send_bytes(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The `Date` header: the replay's clock."""
        return format_datetime(getattr(self, "clock", self.server.clock), usegmt=True)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        # Only known paths: a caller can put the key anywhere in a request.
        path = urlsplit(getattr(self, "path", "")).path
        if self.server.log and (path == CONTROL or path.removeprefix(API) in answers.ENDPOINTS):
            print(f"replay: {self.command} {path} {code}", flush=True)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the base class logs whole request lines, which contain the key."""
