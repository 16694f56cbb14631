"""A proxy on loopback that does faults to what passes it. Requests and answers go through as they came, the signed
Host included."""

import base64
import http.client
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from support.aws_calls import SIGNED
from support.faults.answers import none_taken, refusal
from support.faults.windows import REFUSED_RECORDS, STRIKE, Asked, Faults
from support.onward import Answer, pass_on

READS = re.compile("Get|List|Describe|BatchGet|Search")
DRIP_SECONDS = 1.0
"""How long headers or a body that drip in take."""
NO_LINGER = struct.pack("ii", 1, 0)
MESSAGE = re.compile(r"PublishBatchRequestEntries\.(?:member|entry)\.\d+\.Id")


class Cut(Exception):  # noqa: N818 - nothing is wrong with it
    """The caller's connection is to be cut."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    upstream: str
    faults: Faults

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = self.asked(body)
        window = self.faults.take(asked)
        kind = window.kind if window else ""
        try:
            if kind == "reset":
                raise Cut
            if kind in ("throttle", "error"):
                self.send(refusal(asked.service, kind, {k.lower(): v for k, v in self.headers.items()}))
                return
            if kind == REFUSED_RECORDS:
                self.send(none_taken(body))
                return
            if window and kind == STRIKE:
                self.faults.strike(window)
            answer = pass_on(self, self.upstream, body)
            if kind == "lost":
                raise Cut
            self.send(answer, kind)
            if kind != "half":
                self.note(asked, body, answer)
        except (Cut, OSError, http.client.HTTPException):
            self.cut()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = forward  # noqa: N815 - as http.server looks for them

    def asked(self, body: bytes) -> Asked:
        """What the request asks for, as its signature and its protocol say; without a signature it is the API's."""
        signed = SIGNED.search(self.headers.get("Authorization", ""))
        service = signed[3] if signed else "api"
        if service in ("api", "s3"):
            return Asked(service, self.command, service == "api" or self.command not in ("GET", "HEAD"))
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2] or self.path.partition("/operation/")[2]
        operation = operation or dict(parse_qsl(body.decode(errors="replace"))).get("Action", "")
        return Asked(service, operation, not READS.match(operation))

    def send(self, answer: Answer, kind: str = "") -> None:
        """Send an answer, dripping or by half where `kind` says so."""
        headers = {"Content-Length": str(len(answer.body))} | answer.headers
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 {answer.status} {http.client.responses.get(answer.status, '')}\r\n{lines}\r\n".encode()
        body = b"" if self.command == "HEAD" else answer.body
        if kind == "half":
            self.wfile.write(head + body[: len(body) // 2])
            raise Cut
        self.drip(head) if kind == "headers" else self.wfile.write(head)
        self.drip(body) if kind == "body" else self.wfile.write(body)

    def drip(self, content: bytes) -> None:
        """Send the first bytes one by one, the others after them."""
        slow = content[:20]
        for place in range(len(slow)):
            self.wfile.write(slow[place : place + 1])
            time.sleep(DRIP_SECONDS / len(slow))
        self.wfile.write(content[len(slow) :])

    def cut(self) -> None:
        """Cut the caller's connection as a machine does that is gone."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self.connection.close()

    def note(self, asked: Asked, body: bytes, answer: Answer) -> None:
        """Note what a caller was told was done."""
        if answer.status != 200:
            return
        if asked.operation == "PutRecords":
            outcomes = zip(json.loads(body)["Records"], json.loads(answer.body)["Records"], strict=True)
            blobs = [base64.b64decode(record["Data"]) for record, told in outcomes if not told.get("ErrorCode")]
            with self.faults.lock:
                self.faults.acknowledged.update(line for blob in blobs for line in blob.splitlines())
        if asked.operation == "PublishBatch":
            messages = [value for name, value in parse_qsl(body.decode()) if MESSAGE.fullmatch(name)]
            with self.faults.lock:
                self.faults.told.update(messages)

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):  # it was cut
            return

    def log_message(self, *args: object) -> None:
        """Say nothing: the API's key is in its path."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: callers that are killed hang up."""


@contextmanager
def proxy(upstream: str, faults: Faults) -> Iterator[str]:
    """The URL, on a free port of loopback, behind which `upstream` (host:port, or a URL) answers through `faults`."""
    place = urlsplit(upstream).netloc or upstream
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"upstream": place, "faults": faults}))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
