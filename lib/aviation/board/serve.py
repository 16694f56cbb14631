"""The board as a server: where it listens, whom it takes, how it ends."""

import errno
import ipaddress
import os
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass
from types import FrameType

import click
import uvicorn

from aviation.board import entry
from aviation.board.app import application
from aviation.board.guard import Access
from aviation.board.protocol import Protocol
from aviation.board.tables import Tables
from aviation.errors import ParameterError, StackError
from aviation.home import LOOPBACK

PORT = 8800
MOST_BYTES = 262_144
"""An address, with the headers, may have so many: the longest query of the page *SQL* fits, in any script."""
SECONDS_TO_END = 2
"""After so long at the end, what is still being answered is cut off."""


@dataclass(frozen=True)
class Listening:
    """Where the board is to listen, and who may look. `names` are those by which viewers reach it, beside loopback's;
    with `has_token` they enter a token, with `header` a reverse proxy says in it who they are."""

    host: str
    port: int
    names: Collection[str] = ()
    has_token: bool = False
    header: str = ""

    def access(self) -> Access:
        """Who may look. ParameterError where that would be anybody who reaches this machine."""
        is_guarded = self.has_token or bool(self.header)
        if not is_loopback(self.host) and not (is_guarded and self.names):
            raise ParameterError(
                f"--host {self.host} lets other machines in: give --token or --trusted-header NAME, and --allowed-host "
                "with the name that stands in their browsers"
            )
        if self.names and not is_guarded:
            raise ParameterError("--allowed-host lets others in: give --token or --trusted-header NAME too")
        own = (self.host,) if is_loopback(self.host) else ()
        hosts = frozenset((*LOOPBACK, *own, *(name.lower() for name in self.names)))
        return Access(hosts, entry.token() if self.has_token else "", self.header)

    @property
    def url(self) -> str:
        """Its address, for a browser on this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"


def serve(
    listening: Listening, tell: Callable[[str], None], *, opens: bool = False, tables: Tables | None = None
) -> None:
    """Serve until SIGINT or SIGTERM; `tell` gets a line once it listens. With `opens` a browser opens it.

    ParameterError as in `Listening.access`, StackError where it cannot listen, PlaceError where there is no stack.
    """
    access = listening.access()
    tables = tables or Tables()
    tables.refresh()  # where there is no stack, it says so first
    with _listen(listening) as listener:
        config = uvicorn.Config(
            application(tables, access),
            http=Protocol,
            h11_max_incomplete_event_size=MOST_BYTES,
            access_log=False,
            log_config=None,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=SECONDS_TO_END,
        )
        tell(_where(listening))
        if opens:
            click.launch(listening.url)
        Server(config).run(sockets=[listener])


class Server(uvicorn.Server):
    """Ends as it is meant to, by a signal: the streams of events first, which would never end by themselves, and at
    last the queries that still run."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        state = self.config.app.state  # type: ignore[union-attr]  # it is the application
        state.events.end()
        await super().shutdown(sockets)
        state.tables.end()


def is_loopback(host: str) -> bool:
    """Whether only this machine's programs reach that address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(listening: Listening) -> socket.socket:
    family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
    try:
        return socket.create_server((listening.host, listening.port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = f"port {listening.port} is in use: stop what listens there, or give another one with --port"
        else:
            code = error.errno or 0
            words = os.strerror(code) if code > 0 else str(error)
            reason = f"cannot listen on {listening.host} ({words}): give an address of this machine with --host"
        raise StackError(reason) from None


def _where(listening: Listening) -> str:
    words = f"board: {listening.url}"
    if listening.names:
        words += f", for others {', '.join(listening.names)}"
    if listening.has_token:
        words += f"; the token is in {entry.file()}"
    return f"{words} (Ctrl-C ends it)"
