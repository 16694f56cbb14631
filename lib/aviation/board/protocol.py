"""HTTP/1.1 as uvicorn speaks it, but for what is no request of it: that is answered so that its sender can read why."""

import sys
from http import HTTPStatus

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from aviation.board.guard import HEADERS

SECONDS_TO_READ = 5.0
"""So long a sender has to read the answer."""


class Protocol(H11Protocol):
    """A connection. What is no request is refused in one line: of an address, or headers, that are too long what
    is still to come is taken and thrown away, for many a sender reads nothing before it has sent all."""

    is_refused = False

    def data_received(self, data: bytes) -> None:
        if not self.is_refused:
            super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        self.is_refused = True
        error = sys.exception()  # uvicorn calls this where it handles what h11 says of the request
        is_long = isinstance(error, h11.RemoteProtocolError) and error.error_status_hint == 431
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if is_long else HTTPStatus.BAD_REQUEST
        reason = "its address, or its headers, are too long" if is_long else "it is no HTTP request"
        headers = HEADERS | {"Content-Type": "text/plain; charset=utf-8", "Connection": "close"}
        events = (
            h11.Response(status_code=status, headers=list(headers.items()), reason=status.phrase),
            h11.Data(f"not taken: {reason}\n".encode()),
            h11.EndOfMessage(),
        )
        for event in events:
            self.transport.write(self.conn.send(event) or b"")
        self.transport.write_eof()
        self.loop.call_later(SECONDS_TO_READ, self.transport.close)
