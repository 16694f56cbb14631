"""What cannot be answered: one line that says why, as a page or as JSON."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from aviation import backend
from aviation.board.asked import UnknownError, page
from aviation.errors import AviationError, ParameterError, QueryError, one_line


class Refusal(BaseModel):
    """Why there is no answer, in one line."""

    error: str


REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Refusal, "description": "The question is wrong, or asks for what is not there."},
    404: {"model": Refusal, "description": "What the address names is not there."},
    422: {"model": Refusal, "description": "A parameter is none."},
    503: {"model": Refusal, "description": "The stack does not answer, or is being made."},
}


def refuse(app: FastAPI) -> None:
    """Have the application answer so where it has an error of these kinds."""
    for kind in (AviationError, BotoCoreError, ClientError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _refused)


def _refused(request: Request, error: Exception) -> JSONResponse | HTMLResponse:
    status, text = _status(error), _text(error)
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": text}, status)
    values = {"title": HTTPStatus(status).phrase.capitalize(), "error": text.removesuffix(".")}
    return page(request, "refused", None, values=values, status=status)


def _status(error: Exception) -> int:
    if isinstance(error, HTTPException):
        return error.status_code
    if isinstance(error, RequestValidationError):
        return 422
    if isinstance(error, UnknownError):
        return 404
    return 400 if isinstance(error, ParameterError | QueryError) else 503


def _text(error: Exception) -> str:
    if isinstance(error, RequestValidationError):
        # Without what was given: it may be long.
        return "; ".join(f"{'.'.join(map(str, wrong['loc'][1:]))}: {wrong['msg']}" for wrong in error.errors())
    if isinstance(error, HTTPException):
        return "there is no such page" if error.status_code == 404 else str(error.detail)
    if isinstance(error, HTTPClientError):
        url = urlsplit(str(error.kwargs.get("endpoint_url", "")))
        return backend.in_use().unreachable(f"{url.scheme}://{url.netloc}" if url.netloc else "its endpoint")
    return one_line(error)
