"""What an address that takes a form reads, and says of itself."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from aviation.board import form
from aviation.board.quieted import who
from aviation.board.refusals import Refusal

Posted = TypeVar("Posted", bound=BaseModel)
REFUSED = {
    403: "No page of this board sent it, or this board may not change anything.",
    413: "It is more than a form sends.",
}


def posted_as(kind: type[Posted]) -> Callable[[Request], Awaitable[Posted]]:
    """What a form has posted, as that model, if a page of this board has sent it; for `Depends`."""

    async def read(request: Request) -> Posted:
        given = await form.fields(request)
        if given is None:
            raise HTTPException(413, "that is more than a form of the board sends")
        if not form.is_own(request, who(request), given.get("csrf_token", "")):
            raise HTTPException(403, "no page of this board sent it, or an old one: load the page again, and repeat it")
        try:
            return kind.model_validate(given)
        except ValidationError as error:
            wrong = [one | {"loc": ("body", *one["loc"])} for one in error.errors()]
            raise RequestValidationError(wrong) from None

    return read


def takes(kind: type[BaseModel]) -> dict[str, Any]:
    """What the address says in its description."""
    content = {"application/x-www-form-urlencoded": {"schema": kind.model_json_schema()}}
    return {
        "openapi_extra": {"requestBody": {"required": True, "content": content}},
        "responses": {status: {"model": Refusal, "description": text} for status, text in REFUSED.items()},
    }
