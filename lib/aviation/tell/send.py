"""Sends a message to every address. One that fails keeps no other from its message, and is told by its kind alone."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from aviation.errors import AviationError
from aviation.tell.addresses import Address, kept, silent
from aviation.words import counted

SECONDS = 30
"""An address that takes longer to take a message is given up."""
UNREAD = "any address, for they could not be read"
MOST_AT_ONCE = 8


@dataclass(frozen=True)
class Message:
    """What is sent: `html` in place of the text where it is mail (empty: the text), with the `pictures` in it, by the
    names of their files; elsewhere they go along where a service takes files."""

    title: str
    text: str
    html: str = ""
    pictures: tuple[Path, ...] = ()


def send(messages: Sequence[Message], to: Sequence[Address] | None = None) -> Counter[str]:
    """Send the messages, in their order, to the addresses of the stack in use (or to those given). Of each kind of
    address how many messages did not reach one; nothing is sent again. Addresses that cannot be read are told likewise:
    whoever sends has sent elsewhere, too."""
    try:
        addresses = kept() if to is None else to
    except (AviationError, BotoCoreError, ClientError):
        return Counter({UNREAD: len(messages)})
    lost: Counter[str] = Counter()
    if not (addresses and messages):
        return lost
    with silent(), ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        for address, failed in zip(addresses, pool.map(lambda one: _send(messages, one), addresses), strict=True):
            lost[address.kind] += failed
    return +lost


def not_delivered(lost: Counter[str]) -> str:
    """What did not arrive where, in one line: nothing for nothing."""
    parts = [f"{counted(number, 'message')} did not reach {kind}" for kind, number in sorted(lost.items())]
    return f"{', '.join(parts)}: 'aviation tell --test' tries each" if parts else ""


def _send(messages: Sequence[Message], address: Address) -> int:
    """How many of the messages the address did not take."""
    if not address.service:
        return len(messages)
    return sum(not delivered(message, address) for message in messages)


def delivered(message: Message, address: Address) -> bool:
    """Send the message: whether the address, which is one, took it. Say nothing of it (`silent`) meanwhile."""
    from apprise import Apprise, NotifyFormat, OverflowMode

    is_mail = bool(message.html) and hasattr(address.service, "inline")
    if is_mail:
        address.service.inline = True  # pictures stand where the page has them
    if not address.overflows:
        # What matters comes first: of a message that is too long its beginning. But that would keep one picture alone.
        address.service.overflow_mode = OverflowMode.SPLIT if message.pictures else OverflowMode.TRUNCATE
    body, form = (message.html, NotifyFormat.HTML) if is_mail else (message.text, NotifyFormat.TEXT)
    try:
        sender = Apprise(address.service, asset=address.service.asset)
        pictures = [str(path) for path in message.pictures] or None
        return bool(sender.notify(body, message.title, body_format=form, attach=pictures, timeout=SECONDS))
    except Exception:  # whatever it is, its text may hold the address
        return False
