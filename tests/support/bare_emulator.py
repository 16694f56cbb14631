"""An emulator of AWS with nothing in it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from aviation.local.emulator import start
from aviation.local.processes import Process, choose_port
from aviation.local.state import State
from support import ROOT


@contextlib.contextmanager
def started_emulator(folder: Path) -> Iterator[dict[str, str]]:
    """An emulator with nothing in it, behind its guard, with `folder` as its state folder; what reaches it."""
    state, process = State(emulator_port=choose_port(None, None, "")), Process(folder, "ministack")
    start(process, state, root=ROOT, folder=folder)
    try:
        yield {name: value for name, value in state.environment(folder).items() if name.startswith("AWS_")}
    finally:
        process.stop()
