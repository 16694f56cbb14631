"""A webhook on loopback: keeps what is posted to it, and refuses what goes to /refused."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver(ThreadingHTTPServer):
    """Its `messages` are the JSON bodies, by the path that they were posted to."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, dict]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    def address(self, path: str = "") -> str:
        """The webhook as apprise writes it."""
        return f"json://127.0.0.1:{self.server_port}/{path}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.messages.append((self.path, json.loads(body)))
        self.send_response(500 if "refused" in self.path else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver that listens."""
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
