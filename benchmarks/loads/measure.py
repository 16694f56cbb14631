"""A process of its own, measured from outside: seconds, CPU seconds, memory."""

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
EVERY_SECONDS = 0.1


class Measured(NamedTuple):
    """`seconds` from the process's start to its first line of output; until then, of it and of all it started, `cpu`
    seconds and the `peak` of resident memory in bytes, shared pages counted once a process; its `lines`, parsed."""

    seconds: float
    cpu: float
    peak: int
    lines: list[dict[str, Any]]


def run(command: Sequence[str], told: str = "") -> Measured:
    """Run a command, which is `told` something on its standard input.

    Its lines of output are JSON with `at` (seconds since 1970) and `cpu`. SystemExit if it fails.
    """
    peak, done, lines = 0, threading.Event(), []
    begun = time.time()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def sample() -> None:
        nonlocal peak
        while not done.wait(EVERY_SECONDS):
            peak = max(peak, _resident(process.pid))

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        assert process.stdin and process.stdout
        process.stdin.write(told)
        process.stdin.close()
        for line in process.stdout:
            done.set()
            lines.append(json.loads(line))
        code = process.wait()
    finally:
        done.set()
        sampler.join()
    if code or not lines:
        sys.exit(f"load: {' '.join(command)[:200]} ended with {code}")
    return Measured(lines[0]["at"] - begun, lines[0]["cpu"], peak, lines)


def load(folder: Path, steps: list[dict[str, Any]]) -> Measured:
    """Loads in one cold process, see `driver`."""
    return run([sys.executable, str(HERE / "driver.py"), str(folder)], json.dumps(steps))


def _resident(pid: int) -> int:
    total = 0
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for process in processes:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total
