"""What a proxy on loopback passes on: a request as it came, the signed Host included, and its answer."""

import http.client
from http.server import BaseHTTPRequestHandler
from typing import NamedTuple

OF_THE_CONNECTION = ("connection", "content-length", "transfer-encoding")
"""Headers of an answer that are about the connection to whom was asked."""


class Answer(NamedTuple):
    """An answer of HTTP, without the headers OF_THE_CONNECTION but for its length."""

    status: int
    headers: dict[str, str]
    body: bytes


def pass_on(handler: BaseHTTPRequestHandler, endpoint: str, body: bytes) -> Answer:
    """Ask `endpoint` (host:port) what the handler was asked, whose body has been read, and return what it answers."""
    onward = http.client.HTTPConnection(endpoint, timeout=300)
    try:
        onward.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
        for name, value in handler.headers.items():
            if name.lower() not in ("connection", "expect"):
                onward.putheader(name, value)
        onward.endheaders(body)
        given = onward.getresponse()
        content = given.read()
    finally:
        onward.close()
    headers = {name: value for name, value in given.getheaders() if name.lower() not in OF_THE_CONNECTION}
    length = given.getheader("Content-Length", "0") if handler.command == "HEAD" else str(len(content))
    return Answer(given.status, headers | {"Content-Length": length}, content)
