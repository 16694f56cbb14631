"""The replay's HTTP server, on loopback: `GET /v1/<endpoint>` as the API, `/_replay` to look at it and turn it.

`GET /_replay` gives `{"day", "clock", "rate", "calls", "quota"}`. `PUT /_replay` takes an object with any of:

- `clock`: ISO 8601 with its zone. It is every answer's `Date`.
- `rate`: by how many seconds the clock goes on in a second; 0, as at the start, lets it stand still.
- `quota`: the calls that are left to the month, which starts anew (`calls` is 0 again); null for no end.
- `faults`: a list (it replaces what is left of the last one) that the next calls with the right key get, one each:
  `500` `502` `503` `504`, `html` (a page, with status 200), `half` (half a JSON body), `cut` (the connection is cut,
  unanswered), `slow:<seconds>` (the right answer, late), `rate_limit:<seconds>` (429 with that `Retry-After`; 0 where
  it says none), `quota` (429 usage_limit_reached), `empty` (200, total 0), `error:<code>` (that refusal) and
  `error200:<code>` (that refusal with status 200, and `type` and `info` for `code` and `message`; where it names
  none, usage_limit_reached).

Every request with the right key counts as a call, a faulted one too, but none that the quota refuses.
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
from urllib.parse import parse_qsl, urlsplit

from aviation.replay import answers, default_clock
from aviation.replay.data import legs

CONTROL = "/_replay"
API = "/v1/"
MAX_CONTROL_BYTES = 1_000_000
MOST_RATE = 3600
PLAIN_FAULTS = frozenset({"500", "502", "503", "504", "html", "half", "cut", "quota", "empty", "error200"})


class Replay(ThreadingHTTPServer):
    """Serves `day` (ISO) as at `clock` (aware; the day's default clock where None) on 127.0.0.1:`port` (0: any).

    `key` is the access key that it asks for, `quota` the calls that it answers (None: no end), `max_limit` the
    largest page of the plan: 100 or 1000. Ready to answer at once when made; `serve_forever` serves.
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
    ):
        if not legs(day):
            raise ValueError(f"there are no flights on {day}: the replay has the days of 2013")
        self.day, self.key, self.max_limit, self.log = day, key, max_limit, log
        self.rate = 0.0
        self._turn(clock or default_clock(day))
        self.quota, self.calls = quota, 0
        self.faults: deque[str] = deque()
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", port), Handler)

    def server_bind(self) -> None:
        # As HTTPServer does, but for its look-up of the host's name, which can wait for a network.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    @property
    def url(self) -> str:
        """The API's base URL."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def clock(self) -> datetime:
        """The time that it is here, to the second (aware, UTC)."""
        gone = timedelta(seconds=int((time.monotonic() - self._turned_at) * self.rate))
        return self._turned_to + gone

    def _turn(self, clock: datetime) -> None:
        self._turned_to, self._turned_at = clock.astimezone(UTC), time.monotonic()

    def state(self) -> dict:
        """What `GET /_replay` gives."""
        clock = self.clock.isoformat().replace("+00:00", "Z")
        return {"day": self.day, "clock": clock, "rate": self.rate, "calls": self.calls, "quota": self.quota}

    def change(self, changes: dict) -> None:
        """What `PUT /_replay` does, all of it or nothing. Raises ValueError, which says what does not fit."""
        if unknown := changes.keys() - {"clock", "rate", "quota", "faults"}:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        clock = _clock(changes["clock"]) if "clock" in changes else self.clock
        rate = changes.get("rate", self.rate)
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= MOST_RATE:
            raise ValueError(f"rate must be a number from 0 to {MOST_RATE}")
        quota = changes.get("quota")
        if not (quota is None or (type(quota) is int and quota >= 0)):
            raise ValueError("quota must be a whole number or null")
        faults = changes.get("faults", [])
        if not isinstance(faults, list):
            raise ValueError("faults must be a list")
        for fault in faults:
            _check_fault(fault)
        with self.lock:
            self.rate = float(rate)
            self._turn(clock)
            if "quota" in changes:
                self.quota, self.calls = quota, 0
            if "faults" in changes:
                self.faults = deque(faults)

    def take_call(self) -> str | None:
        """Count a call; the fault that it gets, if any. Raises RefusedError where the quota is used up."""
        with self.lock:
            if self.quota is not None and self.calls >= self.quota:
                raise answers.RefusedError("usage_limit_reached")
            self.calls += 1
            return self.faults.popleft() if self.faults else None

    def handle_error(self, request, client_address) -> None:
        """A caller that went away is nothing to report, and a traceback could hold its request."""


class Handler(BaseHTTPRequestHandler):
    """One connection. The clock is read once a request, so that an answer and its `Date` agree."""

    server: Replay
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server_version, sys_version = "aviation-replay", ""

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
            changes = json.loads(self.rfile.read(int(length)))
            if not isinstance(changes, dict):
                raise ValueError("not an object")
            self.server.change(changes)
        except ValueError as error:
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
            page = answers.page(
                endpoint, params, day=self.server.day, clock=self.clock, max_limit=self.server.max_limit
            )
        except answers.RefusedError as refused:
            self._send(answers.ERRORS[refused.code][0], answers.error_object(refused.code, refused.context))
            return
        if fault and fault.startswith("slow"):
            time.sleep(float(fault.partition(":")[2]))
        self._send(200, page, half=fault == "half")

    def _check_key(self, given: str | None) -> None:
        if not given:
            raise answers.RefusedError("missing_access_key")
        if not hmac.compare_digest(given.encode(errors="replace"), self.server.key.encode()):
            raise answers.RefusedError("invalid_access_key")

    def _fail(self, fault: str, detail: str) -> None:
        """Answer with a fault; `detail` is what stands behind its colon."""
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
            self._send(429, answers.error_object("rate_limit_reached"), **{"Retry-After": detail or "0"})
        elif fault.isdigit():
            self._send(int(fault), answers.error_object("internal_error"))
        else:
            raise answers.RefusedError("usage_limit_reached" if fault == "quota" else detail)

    def _send(self, status: int, body: dict, *, half: bool = False, **headers: str) -> None:
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

    def log_request(self, code="-", size="-") -> None:
        # Only what is known to hold no key: a caller can put it anywhere in what it sends.
        path = urlsplit(getattr(self, "path", "")).path
        if self.server.log and (path == CONTROL or path.removeprefix(API) in answers.ENDPOINTS):
            print(f"replay: {self.command} {path} {code}", flush=True)

    def log_message(self, format: str, *args) -> None:
        """The base class logs whole request lines, which hold the key: nothing of it is kept."""


def _clock(text: object) -> datetime:
    clock = datetime.fromisoformat(text) if isinstance(text, str) else None
    if clock is None or clock.tzinfo is None:
        raise ValueError("clock must be ISO 8601 with its zone, such as 2013-07-11T12:30:00Z")
    return clock.astimezone(UTC)


def _check_fault(fault: object) -> None:
    name, _, detail = fault.partition(":") if isinstance(fault, str) else ("", "", "")
    fits = (
        fault in PLAIN_FAULTS
        or (name in ("error", "error200") and detail in answers.ERRORS)
        or (name == "rate_limit" and (detail.isdigit() or fault == name))
        or (name == "slow" and detail.replace(".", "", 1).isdigit())
    )
    if not fits:
        raise ValueError(f"unknown fault: {fault!r}")
