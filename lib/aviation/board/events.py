"""Events for pages that are open (server-sent events): a load has finished."""

import asyncio
from collections.abc import AsyncIterator

SECONDS_OF_SILENCE = 15.0
"""After so long without an event a comment is sent: it shows that the board still runs."""


class Events:
    """Tells everybody who listens, in the loop that serves them."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[str | None]] = set()
        self._is_over = False

    def tell(self, event: str, data: str) -> None:
        """Send an event of that name to all who listen."""
        for queue in self._listeners:
            queue.put_nowait(f"event: {event}\ndata: {data}\n\n")

    def end(self) -> None:
        """End every stream: the board ends."""
        self._is_over = True
        for queue in self._listeners:
            queue.put_nowait(None)

    async def listen(self) -> AsyncIterator[str]:
        """The text of a stream of events."""
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            yield "retry: 2000\n\n"
            while not self._is_over:
                try:
                    if event := await asyncio.wait_for(queue.get(), SECONDS_OF_SILENCE):
                        yield event
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            self._listeners.discard(queue)
