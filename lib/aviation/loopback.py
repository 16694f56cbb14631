"""Which requests a server on loopback takes: those of programs on this machine, and none of a page in a browser."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from aviation.home import LOOPBACK


def refusal(headers: Iterable[tuple[str, str]]) -> str | None:
    """Why a request with these headers (name in lower case, value) is not taken; None if it may be.

    A browser sends `Origin` or `Sec-Fetch-*` with what a page asks for, and the name that the page's address has as
    `Host`: a foreign name that leads to this machine (DNS rebinding) shows there.
    """
    headers = list(headers)
    hosts = [value for name, value in headers if name == "host"]
    if len(hosts) != 1 or host_name(hosts[0]) not in LOOPBACK:
        return "its Host is not this machine's loopback"
    if any(name == "origin" or name.startswith("sec-fetch-") for name, _ in headers):
        return "a web page sent it"
    return None


def host_name(host: str) -> str | None:
    """The name in a `Host`, without the port; None if it is not a name and a port."""
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018  # ValueError if it is no number
    except ValueError:
        return None
    return parts.hostname if parts.netloc == host and "@" not in host else None
