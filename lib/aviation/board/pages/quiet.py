"""Acknowledging and muting: the forms of a flight, and what they post."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from aviation import templates
from aviation.alerts import quiet
from aviation.alerts.quiet import ForbiddenError, Quiet
from aviation.board import form, words
from aviation.board.asked import MomentOf, TablesOf, UnknownError
from aviation.board.pages import codes
from aviation.board.pages.attention import disruption
from aviation.board.pages.flight import FlightMoment, moment_of
from aviation.board.posted import posted_as, takes
from aviation.board.quieted import Quieted, who
from aviation.errors import ParameterError
from aviation.printable import printable

Disruption = Literal["cancelled", "diverted", "delayed", "turn", "forecast"]
router = APIRouter()

OF = Field(
    pattern="^(flight|airline|airport|route):.+",
    max_length=200,
    description="What: flight, airline, airport or route, a colon, and its key or code: airline:B6, route:JFK-LAX.",
)
NOTE = Field("", max_length=200, description="Why, for others to read.")
TOKEN = Field("", max_length=100, description="Of /api/quiet, for the cookie that came with it.")


class Acknowledging(BaseModel):
    """Somebody has a flight's disruption in hand."""

    flight_key: str = Field(max_length=200)
    disruption: Disruption
    note: str = NOTE
    csrf_token: str = TOKEN


class Muting(BaseModel):
    """Nobody is to be told of these flights for some hours."""

    of: str = OF
    hours: int = Field(24, ge=1, le=720)
    note: str = NOTE
    csrf_token: str = TOKEN


class Unmuting(BaseModel):
    """An acknowledgement or a mute is taken back."""

    kind: quiet.Kind
    of: str = OF
    disruption: Disruption | None = None
    csrf_token: str = TOKEN


class Quiets(BaseModel):
    """What is acknowledged and muted by now. `error` says why that is not known, `refusal` why this board can change
    nothing of it; both are empty otherwise. `who` is who asks, `csrf_token` what a post must bring."""

    quiets: list[Quiet]
    error: str
    refusal: str
    who: str
    csrf_token: str


def _quieted(request: Request) -> Quieted:
    quieted: Quieted = request.app.state.quieted
    return quieted


QuietedOf = Annotated[Quieted, Depends(_quieted)]


@router.get("/quiet/{flight_key:path}", name="quiet", include_in_schema=False)
def forms(request: Request, tables: TablesOf, at: FlightMoment, flight_key: str, quieted: QuietedOf) -> HTMLResponse:
    """The part of a page in which a flight is acknowledged and muted."""
    about = codes.about(tables, at, flight_key)
    wrong, session = disruption(tables, at, flight_key), form.session(request)
    values = {
        "flight_key": flight_key,
        "day": at.day,
        "about": about,
        "disruption": wrong,
        "quiets": quiet.of(quieted.seen().quiets, flight_key, about.airline, about.route, wrong),
        "refusal": quieted.refusal(),
        "who": who(request),
        "as_of": f"{at.as_of.isoformat()}Z" if at.as_of else "",
        "csrf_token": form.token(session, who(request)),
        "words": words,
    }
    answer = HTMLResponse(str(templates.render("board/quiet.html", **values)), headers={"Cache-Control": "no-store"})
    form.keep(answer, session)
    return answer


@router.get("/api/quiet")
def quiets(request: Request, response: Response, quieted: QuietedOf) -> Quiets:
    """What is acknowledged and muted, whether this board can change it, and what a post must bring."""
    seen, session, now = quieted.seen(), form.session(request), quiet.now()
    form.keep(response, session)
    return Quiets(
        quiets=[one for one in seen.quiets if one.holds(now)],
        error=seen.error,
        refusal=quieted.refusal(),
        who=who(request),
        csrf_token=form.token(session, who(request)),
    )


@router.post("/api/acknowledge", **takes(Acknowledging))
async def acknowledge(
    request: Request,
    tables: TablesOf,
    quieted: QuietedOf,
    posted: Annotated[Acknowledging, Depends(posted_as(Acknowledging))],
    as_of: Annotated[str, Query(description="The moment (ISO 8601, UTC) at which the flight is seen so.")] = "",
) -> Quiet:
    """Say that somebody has a flight's disruption in hand: it sinks on *Now*, and no alert tells of it. What befalls
    the flight after that is told."""

    def make() -> Quiet:
        at = moment_of(tables, posted.flight_key, as_of)
        key = codes.known(tables, at, "flight", posted.flight_key)
        if disruption(tables, at, key) != posted.disruption:
            raise ParameterError(f"{key} does not stand so any more ({posted.disruption}): load the page again")
        return Quiet(
            "acknowledged", "flight", key, posted.disruption, who(request), quiet.now(), None, _line(posted.note)
        )

    return await _kept(quieted, make)


@router.post("/api/mute", **takes(Muting))
async def mute(
    request: Request,
    tables: TablesOf,
    at: MomentOf,
    quieted: QuietedOf,
    posted: Annotated[Muting, Depends(posted_as(Muting))],
) -> Quiet:
    """Have no alert tell of a flight, an airline, an airport or a route for some hours."""
    scope, code = codes.named(posted.of)

    def make() -> Quiet:
        then = moment_of(tables, code) if scope == "flight" else at
        until = quiet.now() + timedelta(hours=posted.hours)
        known = codes.known(tables, then, scope, code)
        return Quiet("muted", scope, known, None, who(request), quiet.now(), until, _line(posted.note))

    return await _kept(quieted, make)


@router.post("/api/unmute", **takes(Unmuting))
async def unmute(quieted: QuietedOf, posted: Annotated[Unmuting, Depends(posted_as(Unmuting))]) -> Quiet:
    """Take back an acknowledgement or a mute, and get what it was."""
    what = (posted.kind, *codes.named(posted.of), posted.disruption or "")
    try:
        taken = await run_in_threadpool(quieted.take_back, what)
    except ForbiddenError as error:
        raise HTTPException(403, str(error)) from None
    if not taken:
        raise UnknownError(f"nothing of the kind is {posted.kind} any more: {posted.of}")
    return taken


async def _kept(quieted: Quieted, make: Callable[[], Quiet]) -> Quiet:
    """Keep what `make` makes, and return it."""
    try:
        made = await run_in_threadpool(make)
        await run_in_threadpool(quieted.put, made)
    except ForbiddenError as error:
        raise HTTPException(403, str(error)) from None
    return made


def _line(text: str) -> str:
    return " ".join(printable(text).split())
