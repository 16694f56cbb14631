"""A stand-in for the flight API that does what a test tells it."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

KEY = "canary+key/with=odd&chars%"


class StandIn:
    """An API on loopback that pages `records`; before that it plays `script`, one scene a call."""

    def __init__(self):
        self.records: list = []
        self.script: list[Callable] = []
        self.calls: list[dict[str, str]] = []
        self.headers: dict[str, str] = {}
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                stand_in.calls.append({"endpoint": urlsplit(self.path).path.rpartition("/")[2], **query})
                scene = stand_in.script.pop(0) if stand_in.script else answer(stand_in.page(query))
                scene(self)

            def send_response(self, code, message=None):
                self.send_response_only(code, message)
                for name, value in ({"Date": self.date_time_string()} | stand_in.headers).items():
                    self.send_header(name, value)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *args: None  # clients that gave up waiting are part of the play
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def page(self, query: dict[str, str]) -> dict:
        offset, limit = int(query["offset"]), int(query["limit"])
        rows = self.records[offset : offset + limit]
        return {
            "pagination": {"limit": limit, "offset": offset, "count": len(rows), "total": len(self.records)},
            "data": rows,
        }


def answer(body, status: int = 200, **headers: str) -> Callable:
    """A scene: an answer of that status, of JSON where `body` is no bytes."""

    def play(handler):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return play


def error(code: str, status: int, text: str = "no") -> Callable:
    return answer({"error": {"code": code, "message": text}}, status)


def cut(handler) -> None:
    """A scene: the connection closes before the promised body is whole."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"pagination": {')


def hang(handler) -> None:
    """A scene: no answer while anybody would wait for it."""
    time.sleep(1)


def drip(handler) -> None:
    """A scene: a byte every now and then, so that no time-out between two bytes ever fires."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(60):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def drip_headers(handler) -> None:
    """A scene: as `drip`, but it is the headers that do not end."""
    handler.wfile.write(b"HTTP/1.0 200 OK\r\nX: ")
    for _ in range(25):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.2)
