"""What a request is about, and a page for an answer: what all pages share."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from aviation import templates
from aviation.alerts.quiet import Quiet
from aviation.board import words
from aviation.board.freshness import Age, ages
from aviation.board.moment import Moment, moment
from aviation.board.quieted import Quieted
from aviation.board.stack import Stack
from aviation.board.tables import Tables
from aviation.errors import AviationError, ParameterError


class UnknownError(ParameterError):
    """What an address names is not there: no such flight, airport, airline or aircraft."""


def _tables(request: Request) -> Tables:
    tables: Tables = request.app.state.tables
    return tables


def _moment(tables: Annotated[Tables, Depends(_tables)], date: str = "", as_of: str = "") -> Moment | None:
    """`date` is a flight date (the newest, if empty), `as_of` a moment (ISO 8601, UTC) of which the answer is."""
    return moment(tables, date, as_of)


def _quiets(request: Request) -> list[Quiet]:
    quieted: Quieted = request.app.state.quieted
    return quieted.seen().quiets


TablesOf = Annotated[Tables, Depends(_tables)]
MomentOf = Annotated[Moment | None, Depends(_moment)]
QuietsOf = Annotated[list[Quiet], Depends(_quiets)]


def page(
    request: Request, name: str, at: Moment | None, *, values: Mapping[str, object], status: int = 200
) -> HTMLResponse:
    """The page of the template `board/NAME.html`, filled with the values."""
    kiosk, state = "kiosk" in request.query_params, request.app.state
    age = age_of(state.tables, state.stack)
    shared = {"page": name, "moment": at, "words": words, "kiosk": kiosk, "age": age}
    text = templates.render(f"board/{name}.html", **shared, **values)
    return HTMLResponse(str(text), status)


def age_of(tables: Tables, stack: Stack) -> Age | None:
    """The age of the newest flights; None where it cannot be told now."""
    with suppress(AviationError, BotoCoreError, ClientError):
        promised: dict[str, float | None] = {}
        with suppress(AviationError, BotoCoreError, ClientError):  # the age counts without the promise
            promised = stack.promised()
        return next(age for age in ages(tables, promised) if age.entity == "flights")
    return None
