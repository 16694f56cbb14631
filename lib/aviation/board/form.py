"""What a form of a page posts, and whether it was a page of this board that asked for it."""

import hmac
import secrets
from urllib.parse import parse_qs

from fastapi import Request
from fastapi.responses import Response
from starlette.requests import Request as Asked

COOKIE = "aviation-board-form"
MOST_BYTES = 4096
KEY = secrets.token_bytes(32)
"""Of this process: a page that an earlier one drew has to be drawn again before it can post."""


async def fields(request: Asked) -> dict[str, str] | None:
    """What was posted (application/x-www-form-urlencoded), without what is empty; None where it is more than
    MOST_BYTES."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return None
    return {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}


def session(request: Request) -> str:
    """What ties a browser to the forms that it was given."""
    return request.cookies.get(COOKIE) or secrets.token_urlsafe(32)


def token(session: str, who: str) -> str:
    """What a form must send to be taken, of that browser and person."""
    return hmac.new(KEY, f"{session}\n{who}".encode(), "sha256").hexdigest()


def is_own(request: Request, who: str, given: str) -> bool:
    """Whether a form that this board gave that browser and person has sent it."""
    kept = request.cookies.get(COOKIE, "")
    return bool(kept) and secrets.compare_digest(token(kept, who).encode(), given.encode())


def keep(answer: Response, session: str) -> None:
    """Have the browser keep what ties it to its forms: no script reads it, and no other site has it sent."""
    answer.set_cookie(COOKIE, session, httponly=True, samesite="strict")
