"""Who may ask the board, and what its answers may do in a browser."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aviation.home import LOOPBACK
from aviation.loopback import host_name

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
SAFE = ("GET", "HEAD")


class Guard:
    """Takes requests that name one of `hosts` as their Host, and none that another site's page makes a browser send."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = LOOPBACK):
        self.app = app
        self.hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if refusal := self.refusal(scope["method"], Headers(scope=scope)):
            await PlainTextResponse(f"not taken: {refusal}\n", 403, HEADERS)(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, dressed)

    def refusal(self, method: str, headers: Headers) -> str | None:
        """Why a request is not taken; None if it is. A foreign name that leads to this machine (DNS rebinding) shows in
        Host; what another site's page sends shows in Sec-Fetch-Site, and what it posts in Origin too."""
        hosts = headers.getlist("host")
        name = host_name(hosts[0]) if len(hosts) == 1 else None
        if name not in self.hosts:
            return "its Host is not one of this board's"
        origin = headers.get("origin")
        if origin and urlsplit(origin).netloc != hosts[0]:
            return "a page of another origin sent it"
        site, mode = headers.get("sec-fetch-site", "none"), headers.get("sec-fetch-mode")
        if site not in ("none", "same-origin") and not (method in SAFE and mode == "navigate"):
            return "a page of another site sent it"
        if method not in SAFE and not origin:
            return "it changes something and does not say which page sent it"
        return None
