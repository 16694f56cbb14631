"""Trying again: how long to wait before it, and until when to go on."""

import random
import time
from collections.abc import Callable

LONGEST_WAIT_SECONDS = 20.0


class Deadline:
    """A moment `seconds` from now, on a clock that nobody can set."""

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic):
        self._now = now
        self._end = now() + seconds

    def seconds_left(self) -> float:
        """Seconds until the deadline; negative once it has passed."""
        return self._end - self._now()


def backoff(attempt: int, base_seconds: float = 0.5) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 0): exponential, with full jitter.

    Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    return random.uniform(0, min(LONGEST_WAIT_SECONDS, base_seconds * 2 ** min(attempt, 16)))
