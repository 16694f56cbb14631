"""Each thing is worked out once, however many ask for it at the same time."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

Made = TypeVar("Made")


class Once(Generic[Made]):
    """Values by key, the `most` that were asked for last."""

    def __init__(self, most: int):
        self._most = most
        self._made: dict[Hashable, Future[Made]] = {}
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """The value of `key`; the first who asks makes it, the others wait. An error is everybody's who waited for it,
        and nobody's after that."""
        with self._lock:
            known = self._made.pop(key, None)
            future: Future[Made] = known or Future()
            self._made[key] = future  # the last one again
        if not known:
            try:
                future.set_result(make())
            except BaseException as error:
                with self._lock:
                    self._made.pop(key, None)
                future.set_exception(error)
        value = future.result()
        self._shrink()
        return value

    def clear(self) -> None:
        """Give up everything."""
        with self._lock:
            self._made = {}

    def _shrink(self) -> None:
        with self._lock:
            for key in list(self._made)[: max(0, len(self._made) - self._most)]:
                if self._made[key].done():
                    del self._made[key]
