"""The web application: its pages together, behind the guard, with an event after each load."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool

from aviation.board.asked import page
from aviation.board.events import Events
from aviation.board.guard import Access, Guard
from aviation.board.pages import flights, now
from aviation.board.tables import Tables
from aviation.errors import AviationError, ParameterError, QueryError

STATIC = Path(__file__).parent / "static"
PAGES = (now, flights)
SECONDS_BETWEEN_LOOKS = 1.0


def application(tables: Tables, access: Access = Access()) -> FastAPI:  # noqa: B008  # it never changes
    """The board over these tables, for those whom `access` lets in."""
    events = Events()

    @asynccontextmanager
    async def alive(_: FastAPI) -> AsyncIterator[None]:
        looking = asyncio.create_task(_look(tables, events))
        yield
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking

    app = FastAPI(
        title="Aviation board", lifespan=alive, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    app.state.tables, app.state.events = tables, events
    app.add_middleware(Guard, access=access)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(AviationError, _refused)
    app.add_api_route("/events", _events, include_in_schema=False)
    for module in PAGES:
        app.include_router(module.router)
    return app


async def _look(tables: Tables, events: Events) -> None:
    """Tell whoever has a page open when a load has finished."""
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        with suppress(Exception):  # the stack is down, or being made: the next look tells
            if await run_in_threadpool(tables.refresh):
                events.tell("loaded", tables.loaded.version)


async def _events(request: Request) -> StreamingResponse:
    events: Events = request.app.state.events
    return StreamingResponse(events.listen(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


def _refused(request: Request, error: Exception) -> JSONResponse | HTMLResponse:
    status = 400 if isinstance(error, ParameterError | QueryError) else 503
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": str(error)}, status)
    return page(request, "refused", None, values={"error": str(error)}, status=status)
