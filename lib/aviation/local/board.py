"""The operations board as one of the stack's processes: `aviation board` on loopback, as long as the stack is up."""

import logging
import sys
from pathlib import Path

import psutil

from aviation.local.processes import Process, plain_environment
from aviation.local.state import State

logger = logging.getLogger(__name__)

PORT = 8800
"""Where it listens, if that is free and nobody said otherwise."""


class BoardProcess:
    """The board of the stack whose state folder is `folder`."""

    def __init__(self, folder: Path) -> None:
        self.home = folder
        self.process = Process(folder, "board")

    @property
    def url(self) -> str | None:
        """Its address; None where it does not run."""
        return self._url(State.read(self.home / "stack.json")) if self.process.running() else None

    def tell_port(self, wanted: int | None, planned: State) -> None:
        """Say so where it does not get the port at which a person would look for it."""
        rather = wanted or State.read(self.home / "stack.json").board_port or PORT
        if planned.board_port != rather:
            logger.info(
                "up: port %d is in use: the board gets port %d (--board-port chooses one)", rather, planned.board_port
            )

    def open(self) -> str:
        """Have it run, for the stack as it is now; its address. StackError where it does not start."""
        state = State.read(self.home / "stack.json")
        environment = state.environment(self.home)
        command = [sys.executable, "-m", "aviation", "board", "--port", str(state.board_port)]
        if not self._is_so(command, environment):
            self.process.stop()
            logger.info("up: starting the board at %s", self._url(state))
            stack = plain_environment(HOME=str(self.home), **environment)
            self.process.start(command, stack, f"{self._url(state)}static/mark.svg")
        return self._url(state)

    def _is_so(self, command: list[str], environment: dict[str, str]) -> bool:
        """Whether it runs by this command, in this environment."""
        try:
            running = self.process.running()
            return (
                running is not None
                and running.cmdline() == command
                and environment.items() <= running.environ().items()
            )
        except psutil.Error:
            return False

    def _url(self, state: State) -> str:
        return f"http://127.0.0.1:{state.board_port}/"
