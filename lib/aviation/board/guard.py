"""Who may ask the board, and what its answers may do in a browser."""

import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aviation.board import entry
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
    "Referrer-Policy": "same-origin",  # with no-referrer a browser posts a form with the Origin null
    "X-Content-Type-Options": "nosniff",
}
SAFE = ("GET", "HEAD")


@dataclass(frozen=True)
class Access:
    """Who may look at the board: who asks for it by one of the names `hosts`; and who has entered `token`, if that is
    not empty; and whom the reverse proxy names in the header `header`, if that is not."""

    hosts: frozenset[str] = frozenset(LOOPBACK)
    token: str = field(default="", repr=False)
    header: str = ""


class Guard:
    """Takes requests of those whom `access` lets in, and none that another site's page makes a browser send."""

    def __init__(self, app: ASGIApp, access: Access):
        self.app, self.access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)  # the page of a run has a policy that is stricter
            await send(message)

        await (await self._answer(scope, receive))(scope, receive, dressed)

    async def _answer(self, scope: Scope, receive: Receive) -> ASGIApp:
        """What answers the request: the board, or a refusal."""
        if scope["type"] != "http":
            return PlainTextResponse("not taken: the board has no web sockets\n", 403)
        if refusal := self.refusal(scope["method"], Headers(scope=scope)):
            return PlainTextResponse(f"not taken: {refusal}\n", 403)
        request = Request(scope, receive)
        if not self.access.token or request.url.path in entry.FREE:
            return self.app
        if request.url.path == entry.ADDRESS and request.method == "POST":
            return await entry.take(request, self.access.token)
        if secrets.compare_digest(request.cookies.get(entry.COOKIE, "").encode(), self.access.token.encode()):
            return self.app
        return _shut_out(request)

    def refusal(self, method: str, headers: Headers) -> str | None:
        """Why a request is not taken; None if it is. A foreign name that leads to this machine (DNS rebinding) shows in
        Host; what another site's page sends shows in Sec-Fetch-Site, and what it posts in Origin too."""
        hosts = headers.getlist("host")
        name = host_name(hosts[0]) if len(hosts) == 1 else None
        if name not in self.access.hosts:
            return "its Host is not one of this board's"
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != hosts[0]:
            return "a page of another origin sent it"
        site, mode = headers.get("sec-fetch-site", "none"), headers.get("sec-fetch-mode")
        if site not in ("none", "same-origin") and not (method in SAFE and mode == "navigate"):
            return "a page of another site sent it"
        if method not in SAFE and not origin:
            return "it changes something and does not say which page sent it"
        if self.access.header and not headers.get(self.access.header):
            return f"no reverse proxy says in {self.access.header} who asks"
        return None


def _shut_out(request: Request) -> Response:
    if request.url.path.startswith("/api/") or request.url.path == "/events":
        return JSONResponse({"error": "enter the board's token first, on any of its pages"}, 401)
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return entry.ask(back)
