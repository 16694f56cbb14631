"""Tries one address, and says why it took no message: in words of this module alone, for those of apprise, and of
whoever answers, hold addresses.
"""

import logging
import os
import re
import time
from http.client import responses

from aviation.tell.addresses import NOT_KNOWN, Address, silent
from aviation.tell.send import SECONDS, Message, delivered


def tried(message: Message, address: Address) -> str:
    """Send the message to the address: why it did not take it, nothing where it did."""
    if not address.service:
        return NOT_KNOWN
    kept, begun = _Kept(), time.monotonic()
    address.service.logger = kept
    with silent():
        if delivered(message, address):
            return ""
    return "it did not answer in time" if time.monotonic() - begun > SECONDS else why(" ".join(kept.lines))


def why(logged: str) -> str:
    """The reason in what a service of apprise logged."""
    if found := re.search(r"\berror=(\d{3})\b", logged):
        return f"it answered {found[1]} {responses.get(int(found[1]), '')}".rstrip()
    if found := re.search(r"Socket Exception: .*?\((\d{3}), b", logged):
        return f"its mail server answered {found[1]}"
    if "CERTIFICATE_VERIFY_FAILED" in logged:
        return "its certificate is not trusted here"
    if found := re.search(r"\[Errno (-?\d+)\]", logged):
        code = int(found[1])
        return os.strerror(code).lower() if code > 0 else "its host is not known"
    return "it did not answer in time" if "timed out" in logged else "apprise gives no reason"


class _Kept(logging.Logger):
    """Keeps what is logged, and shows none of it."""

    def __init__(self) -> None:
        super().__init__("apprise")
        self.manager = logging.Manager(logging.RootLogger(logging.NOTSET))  # what is silenced elsewhere is kept here
        self.lines: list[str] = []

    def handle(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
