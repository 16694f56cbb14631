"""The page on which a viewer enters the board's token, and where that token is kept."""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from aviation import home, templates
from aviation.board import form

ADDRESS = "/token"
COOKIE = "aviation-board"
FREE = ("/static/board.css", "/static/mark.svg")
"""What the page itself needs."""
DAYS = 30


def file() -> Path:
    """Where the token is kept: only its owner can read it."""
    return home.home() / "board-token"


def token() -> str:
    """The board's token; made, if there is none."""
    if file().is_file() and (kept := file().read_text().strip()):
        file().chmod(0o600)
        return kept
    made = secrets.token_urlsafe(32)
    home.write(file(), f"{made}\n", private=True)
    return made


def ask(back: str, *, is_wrong: bool = False) -> HTMLResponse:
    """The page; after it the viewer goes to `back`, an address of the board."""
    text = templates.render("board/entry.html", address=ADDRESS, back=back, is_wrong=is_wrong)
    return HTMLResponse(str(text), 401, {"Cache-Control": "no-store"})


async def take(request: Request, wanted: str) -> Response:
    """Let the viewer in who posted the token, and ask again otherwise."""
    given = await form.fields(request)
    if given is None:
        return PlainTextResponse("not taken: that is no token\n", 413)
    back = _own(given.get("back", ""))
    if not secrets.compare_digest(given.get("token", "").strip().encode(), wanted.encode()):
        return ask(back, is_wrong=True)
    answer = RedirectResponse(back, 303)
    # Behind a proxy that speaks TLS, the cookie goes by TLS alone; the page's origin says which it is.
    is_secure = request.headers.get("origin", "").startswith("https:")
    answer.set_cookie(COOKIE, wanted, max_age=DAYS * 86400, httponly=True, samesite="strict", secure=is_secure)
    return answer


def _own(address: str) -> str:
    """The address if it is one of the board's, else its first page."""
    parts = urlsplit(address)
    is_own = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return address if is_own and address.isprintable() else "/"
