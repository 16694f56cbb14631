"""A warm driver: a JVM of Spark that has loaded a few records and waits for a real load to connect to it.

A load starts seconds sooner with it. It serves one load: no session, and so no state, goes from one to the next.
"""

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from aviation.local.processes import Process, plain_environment
from aviation.local.state import State


class WarmDriver:
    """The warm driver of the stack whose state folder is `folder`: one process, and a file that is there while the
    driver waits for a load. The file holds the secret to connect with: only its owner can read it."""

    def __init__(self, folder: Path) -> None:
        self.home = folder
        self.process = Process(folder, "driver")
        self.waiting = folder / "spark/driver.json"
        self.conf = folder / "spark/spark-defaults.conf"

    def start(self) -> None:
        """Begin to warm one for the next load, in the background."""
        self.stop()
        stack = State.read(self.home / "stack.json").environment(self.home)
        command = [sys.executable, "-m", "aviation.local.warming"]
        self.process.start(command, plain_environment(HOME=str(self.home), **stack), None)

    def stop(self) -> bool:
        """End it, whatever it does; whether it was running."""
        self.waiting.unlink(missing_ok=True)
        return self.process.stop()

    @contextlib.contextmanager
    def lent(self) -> Iterator[bool]:
        """Have Spark connect to the driver, in this process and those that it starts; whether one waits that has the
        settings of now. It ends afterwards, and where one is kept, the next is warmed.

        One that is not ready ends at once: it would only slow the load down.
        """
        kept = self.process.pid_file.exists()  # even if it has died
        connection = self._connection() if self.process.running() else {}
        if not connection:
            self.stop()
        os.environ.update(connection)
        try:
            yield bool(connection)
        finally:
            for name in connection:
                del os.environ[name]
            if kept:
                self.start()

    def _connection(self) -> dict[str, str]:
        """The variables with which PySpark connects to the driver that waits, which then waits no longer; none if there
        is none, or it was started with other settings."""
        try:
            said = json.loads(self.waiting.read_text())
            self.waiting.unlink()
            connection = {str(name): str(value) for name, value in said["connection"].items()}
            return connection if said["conf"] == self.conf.read_text() else {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return {}
