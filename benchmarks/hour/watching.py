"""The memory of a running stack's processes, looked at each second from a thread."""

import threading
import time
from collections.abc import Iterator
from typing import NamedTuple

import psutil

from aviation.local.processes import Process
from aviation.local.stack import LocalStack
from loads.measure import pss

EVERY_SECONDS = 1.0
GROUPS = ("API", "schedules", "loads", "Lambda", "emulator")
"""The flight API; the process that starts the loads; all that a load runs in (its notebook, the JVM that it finds warm,
Python workers) or that waits for one; the functions that the emulator runs; the emulator itself."""


class Sample(NamedTuple):
    """When (seconds since 1970), and bytes by group: pages that processes share counted once."""

    at: float
    used: dict[str, int]


class Watching:
    """Watches from `with` to its end; `samples` are in order."""

    def __init__(self, stack: LocalStack, api: Process) -> None:
        self.stack, self.api = stack, api
        self.samples: list[Sample] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Watching":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def between(self, group: str, begun: float, ended: float) -> list[int]:
        """The bytes of a group at each look between two instants."""
        return [sample.used[group] for sample in self.samples if begun <= sample.at <= ended]

    def _watch(self) -> None:
        while not self._ended.wait(EVERY_SECONDS):
            self.samples.append(Sample(time.time(), {group: sum(map(pss, of)) for group, of in self._groups().items()}))

    def _groups(self) -> dict[str, set[psutil.Process]]:
        api, schedules, driver, emulator = (
            process.running()
            for process in (self.api, self.stack.schedules, self.stack.driver.process, self.stack.emulator)
        )
        loads = {*_below(schedules), *_below(driver), *_itself(driver)}
        parts = (_itself(api), _itself(schedules), loads, _below(emulator), _itself(emulator))
        return {group: set(part) for group, part in zip(GROUPS, parts, strict=True)}


def _itself(process: psutil.Process | None) -> Iterator[psutil.Process]:
    if process:
        yield process


def _below(process: psutil.Process | None) -> list[psutil.Process]:
    try:
        return process.children(recursive=True) if process else []
    except psutil.NoSuchProcess:
        return []
