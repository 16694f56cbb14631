"""A process of its own, measured from outside: seconds, CPU seconds, memory."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psutil

HERE = Path(__file__).parent
EVERY_SECONDS = 0.25


class Measured(NamedTuple):
    """`seconds` from the process's start to its first line of output; until then, of it and of all it started, `cpu`
    seconds and the `peak` of resident memory in bytes, pages that they share counted once.

    `lines` are its lines of output, parsed, each with the `cpu` seconds until then.
    """

    seconds: float
    cpu: float
    peak: int
    lines: list[dict[str, Any]]


def pss(process: psutil.Process) -> int:
    """The bytes of its resident memory, of pages that it shares its part; 0 for one that has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return int(process.memory_full_info().pss)
    return 0


class _Tree:
    """A process and all that it starts. What has ended counts as it was last seen: Spark's workers end unseen by
    whoever would add up their time."""

    def __init__(self, pid: int):
        self.root = psutil.Process(pid)
        self.cpu: dict[tuple[int, float], float] = {}
        self.peak = 0
        self.one_at_a_time = threading.Lock()

    def look(self) -> None:
        """See what each process has used by now."""
        resident = 0
        with self.one_at_a_time, contextlib.suppress(psutil.NoSuchProcess):
            for process in (self.root, *self.root.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    user, system, *_ = process.cpu_times()
                    self.cpu[process.pid, process.create_time()] = user + system
                resident += pss(process)
            self.peak = max(self.peak, resident)


def run(command: Sequence[str], told: str = "") -> Measured:
    """Run a command, which is `told` something on its standard input.

    Its lines of output are JSON with `at` (seconds since 1970). SystemExit if it fails.
    """
    lines: list[dict[str, Any]] = []
    peaks, ended = [], threading.Event()
    begun = time.time()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    tree = _Tree(process.pid)

    def watch() -> None:
        while not ended.wait(EVERY_SECONDS):
            tree.look()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        assert process.stdin and process.stdout
        process.stdin.write(told)
        process.stdin.close()
        for line in process.stdout:
            tree.look()
            if not line.startswith("progress: "):  # a load in batches says how far it is
                lines.append(json.loads(line) | {"cpu": sum(tree.cpu.values())})
                peaks.append(tree.peak)
        code = process.wait()
    finally:
        ended.set()
        watcher.join()
    if code or not lines:
        sys.exit(f"load: {' '.join(command)[:200]} ended with {code}")
    return Measured(lines[0]["at"] - begun, lines[0]["cpu"], peaks[0], lines)


def load(folder: Path, steps: list[dict[str, Any]], *settings: str) -> Measured:
    """Loads in one cold process, see `driver`."""
    return run([sys.executable, str(HERE / "driver.py"), str(folder), *settings], json.dumps(steps))
