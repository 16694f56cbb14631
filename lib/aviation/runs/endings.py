"""Signals that ask a process to end: noted while a run is under way, so that it ends in order and says why."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@dataclass
class Ended:
    """Which signal has asked this process to end, if any has (`by`). `told` is a file descriptor that can be read from
    then on."""

    told: int
    by: signal.Signals | None = None


@contextmanager
def noted() -> Iterator[Ended]:
    """Note SIGTERM and SIGHUP in place of what they do, but for one that this process ignores.

    Outside of the main thread Python lets nobody note them: there they do what they did.
    """
    told, telling = os.pipe()
    ended = Ended(told)

    def note(number: int, frame: FrameType | None) -> None:
        ended.by = signal.Signals(number)
        os.write(telling, b"!")

    before = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                if (handler := signal.getsignal(number)) is not signal.SIG_IGN:
                    signal.signal(number, note)
                    before[number] = handler
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(told)
        os.close(telling)


def forget() -> None:
    """Let the signals do in a copy of the process what they do in any."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
