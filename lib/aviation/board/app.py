"""The web application: its pages together, behind the guard, with an event after each load."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from anyio.to_thread import run_sync
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool

from aviation.board.events import Events
from aviation.board.guard import Access, Guard
from aviation.board.pages import data, flight, flights, map, now, places, quiet, raw, sql
from aviation.board.quieted import Quieted
from aviation.board.refusals import REFUSALS, refuse
from aviation.board.stack import Stack
from aviation.board.tables import Tables

STATIC = Path(__file__).parent / "static"
PAGES = (now, flights, flight, raw, places, map, data, sql, quiet)
SECONDS_BETWEEN_LOOKS = 1.0


def application(
    tables: Tables, access: Access | None = None, stack: Stack | None = None, quieted: Quieted | None = None
) -> FastAPI:
    """The board over these tables, for those whom `access` lets in (None: who asks by a name of loopback)."""
    events, access, quieted = Events(), access or Access(), quieted or Quieted()

    @asynccontextmanager
    async def alive(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(task) for task in (_prepare(tables), _look(tables, quieted, events))]
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    app = FastAPI(
        title="Aviation board", lifespan=alive, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    app.state.tables, app.state.events, app.state.stack = tables, events, stack or Stack()
    app.state.access, app.state.quieted = access, quieted
    app.add_middleware(Guard, access=access)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    refuse(app)
    app.add_api_route("/events", _events, include_in_schema=False)
    for module in PAGES:
        app.include_router(module.router, responses=REFUSALS)
    return app


async def _look(tables: Tables, quieted: Quieted, events: Events) -> None:
    """Tell whoever has a page open when a load has finished, and when somebody has acknowledged or muted something."""
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        has_finished = False
        with suppress(Exception):  # the stack is down, or being made: the next look tells
            has_finished = await run_in_threadpool(tables.refresh)
        if has_finished:
            await _prepare(tables)
            events.tell("loaded", tables.loaded.version)
        if await run_in_threadpool(quieted.refresh):
            events.tell("quiet", "")


async def _prepare(tables: Tables) -> None:
    """Have the newest day ready. Where that fails, the page itself says what is wrong."""
    with suppress(Exception):
        await run_sync(now.prepare, tables, abandon_on_cancel=True)


async def _events(request: Request) -> StreamingResponse:
    events: Events = request.app.state.events
    return StreamingResponse(events.listen(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})
