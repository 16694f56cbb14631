"""The addresses that messages go to: URLs of apprise, a line each, in a secret of the stack's. They hold passwords and
tokens, so nothing but their kind is ever shown.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.exceptions import ClientError

from aviation import secret
from aviation.errors import AviationError, ParameterError
from aviation.places import place
from aviation.redact import guard_logs, remember

OUTPUT = "AddressesSecret"
NONE = "# no addresses"
"""What the secret holds after they were cleared: Secrets Manager takes no empty text."""
MOST_BYTES = 65_536
"""As much as a secret takes."""
LONG = 16
"""From so many characters on a part of an address may be a token: a shorter one is a name or a word."""
NOT_KNOWN = "no address that apprise knows"
HOW = "see https://appriseit.com/services/ for how to write one"


@dataclass(frozen=True)
class Address:
    """Where messages go: `kind` is the service's name (`Slack`), `service` what apprise made of the address; None of a
    line that is none, and `kind` is which (`line 2`) then. `overflows`: whether the address itself says what becomes of
    a message that is too long for it."""

    kind: str
    service: Any = field(repr=False)
    overflows: bool = False


def kept() -> list[Address]:
    """The addresses of the stack in use. AviationError where they cannot be read."""
    name = place(OUTPUT)
    try:
        text = secret.read(name)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        hint = ": if it was deleted, 'aviation deploy' restores it" if code == secret.DELETED else ""
        raise AviationError(f"the addresses could not be read from the secret {name}: {code}{hint}") from None
    return parsed(text or "")


def put(text: str) -> list[Address]:
    """Keep these addresses, a line each, in place of those that there were. ParameterError says which line is none (by
    its number, for its text is a secret): nothing is kept then."""
    found = parsed(text)
    if bad := [address.kind for address in found if not address.service]:
        raise ParameterError(f"{', '.join(bad)}: {NOT_KNOWN}: {HOW}")
    if not found:
        raise ParameterError("no address was given: write one a line, or take all away with 'aviation tell --clear'")
    if len(text.encode()) > MOST_BYTES:
        raise ParameterError(f"that are more than {MOST_BYTES:,} bytes of addresses, which is all that a secret takes")
    secret.put(place(OUTPUT), text.strip())
    return found


def clear() -> None:
    """Keep no address."""
    secret.put(place(OUTPUT), NONE)


def parsed(text: str) -> list[Address]:
    """The addresses of a text, a line each, without empty lines and those that begin with #."""
    guard_logs()
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    lines = [(number, line) for number, line in lines if line and not line.startswith("#")]
    for _, line in lines:
        _remember(line)
    return [_address(line, number) for number, line in lines]


@contextmanager
def silent() -> Iterator[None]:
    """Nothing is logged or warned of meanwhile: apprise and what it calls write addresses into both."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _address(line: str, number: int) -> Address:
    with silent():
        from apprise import Apprise, AppriseAsset  # takes a while, and most runs tell nobody

        # What is sent names this program, and has no pictures from elsewhere.
        asset = AppriseAsset(app_id="Aviation", app_desc="Aviation", app_url="", image_url_mask="", image_url_logo="")
        service = None
        with suppress(Exception):  # whatever is wrong with it
            service = Apprise.instantiate(line, asset=asset)
    if service is None:
        return Address(f"line {number}", None)
    return Address(str(service.service_name), service, "overflow=" in line)


def _remember(line: str) -> None:
    """Redact the address from now on, and the parts of it that may be secrets by themselves."""
    remember(line)
    with suppress(ValueError):
        parts = urlsplit(line)
        pieces = [*parts.path.split("/"), *(value for _, value in parse_qsl(parts.query))]
        host = parts.netloc.rpartition("@")[2]
        pieces += [parts.username or "", host * ("." not in host)]
        for piece in pieces:
            if len(piece) >= LONG:
                remember(piece)
                remember(unquote(piece))
        remember(parts.password)
        remember(unquote(parts.password or ""))
