"""The guard in front of the emulator: an ASGI layer that lets in what this stack's own programs send, and nothing else.

The emulator trusts whoever reaches it, web pages included. Past the guard come requests to a loopback name, from no
browser, and signed with the stack's access key; and the question whether it is up. The emulator's own Python runs this.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from xml.sax.saxutils import escape

from botocore.credentials import Credentials

from aviation import loopback
from aviation.local import signature

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

HEALTH = "/_ministack/health"
FINGERPRINT = "x-aviation-guard"
"""The header of the health answer that tells which access key the guard asks for."""


class Guard:
    """Stands before `app` and asks for `credentials`; its health answers carry `fingerprint`."""

    def __init__(self, app: App, credentials: Credentials, fingerprint: str) -> None:
        self.app, self.credentials, self.fingerprint = app, credentials, fingerprint

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: a 403

    async def _http(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        request = signature.Request(
            scope["method"], scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1"), headers
        )
        refused = loopback.refusal(headers)
        if not refused and scope["method"] == "OPTIONS":
            refused = "only a web page asks this"
        if refused:
            await _refuse(send, scope, refused)
        elif (scope["method"], scope["raw_path"]) == ("GET", HEALTH.encode()):
            await self.app(scope, receive, self._plain(send, (FINGERPRINT.encode(), self.fingerprint.encode())))
        else:
            await self._signed(scope, request, receive, send)

    async def _signed(self, scope: Message, request: signature.Request, receive: Receive, send: Send) -> None:
        """Pass it on if it is signed."""
        parts, more = [], True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        body = b"".join(parts)
        try:
            signature.check(request, body, self.credentials)
        except signature.UnsignedError as error:
            await _refuse(send, scope, f"{error}; the file env in the stack's state folder has its access key")
            return
        given: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Message:
            return given.pop() if given else await receive()

        await self.app(scope, again, self._plain(send))

    @staticmethod
    def _plain(send: Send, *added: tuple[bytes, bytes]) -> Send:
        """Take what would let a web page read an answer off it."""

        async def plain(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if not pair[0].lower().startswith(b"access-control-")]
                message = {**message, "headers": [*kept, *added]}
            await send(message)

        return plain


async def _refuse(send: Send, scope: Message, why: str) -> None:
    await fail(send, scope, 403, "AccessDenied", f"the local stack refuses this request: {why}")


async def fail(send: Send, scope: Message, status: int, code: str, why: str) -> None:
    """Answer with an error, in the form that the client of the request reads."""
    asked = next((value for name, value in scope["headers"] if name.lower() == b"content-type"), b"")
    kind, text = "text/xml", f"<Error><Code>{code}</Code><Message>{escape(why)}</Message></Error>"
    if b"json" in asked:
        kind, text = "application/json", json.dumps({"__type": code, "message": why})
    elif b"form" in asked:
        text = f"<ErrorResponse>{text}</ErrorResponse>"
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(text.encode())).encode())]
    # What is left of the body is not read: the connection ends with the answer.
    headers += [(b"x-amzn-errortype", code.encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
