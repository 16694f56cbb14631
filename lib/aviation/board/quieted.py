"""What was acknowledged and muted, for all who look at the board, and who it is that acknowledges and mutes."""

import getpass
import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import Request

from aviation.alerts import quiet
from aviation.alerts.quiet import Quiet
from aviation.board.once import Once
from aviation.errors import AviationError, one_line
from aviation.printable import printable

Found = TypeVar("Found")
SECONDS_KEPT, SECONDS_ALLOWED = 5, 60
MOST_NAME = 100


class Seen(NamedTuple):
    """What there is, and the tag of that state; `error` says why it cannot be told, if it cannot."""

    quiets: list[Quiet]
    tag: str | None = None
    error: str = ""


class Quieted:
    """What is kept in the runs bucket, as it was seconds ago: safe to be asked from several threads."""

    def __init__(self) -> None:
        self._found: Once[object] = Once(4)
        self._shown: str | None = ""

    def seen(self) -> Seen:
        """What there is."""
        return self._lately(_seen, SECONDS_KEPT)

    def refusal(self) -> str:
        """Why nothing can be acknowledged or muted by this board; empty if it can."""
        return self.seen().error or self._lately(_refusal, SECONDS_ALLOWED)

    def refresh(self) -> bool:
        """Look whether anything has changed since the last look. Whether it has."""
        before, self._shown = self._shown, self.seen().tag
        return before not in ("", self._shown)

    def put(self, made: Quiet) -> None:
        """Keep it. Errors as of `quiet.change`."""
        quiet.put(made)
        self._found.clear()

    def take_back(self, what: tuple[str, ...]) -> Quiet | None:
        """Take back what is there of that name (`Quiet.what`), and return it; None where it is gone already. Errors as
        of `quiet.change`."""
        taken = next((one for one in quiet.read().quiets if one.what == what), None)
        if taken:
            quiet.change(lambda quiets: [one for one in quiets if one.what != what])
        self._found.clear()
        return taken

    def _lately(self, find: Callable[[], Found], seconds: int) -> Found:
        period = int(time.monotonic() / seconds)
        return self._found.get((find, period), find)  # type: ignore[return-value]  # it is what `find` found


def _seen() -> Seen:
    try:
        return Seen(*quiet.read())
    except (AviationError, BotoCoreError, ClientError) as error:
        return Seen([], error=one_line(error))


def _refusal() -> str:
    try:
        quiet.check()
    except (AviationError, BotoCoreError, ClientError) as error:
        return one_line(error)
    return ""


def who(request: Request) -> str:
    """Who asks: whom the reverse proxy names, or else who runs the board."""
    header = request.app.state.access.header
    return printable(request.headers.get(header, "") if header else _user()).strip()[:MOST_NAME]


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name
        return "somebody"
