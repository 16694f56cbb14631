"""Background processes of the local stack: started detached, known by a pid file, stopped for certain."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path

import psutil
import requests

from aviation.errors import StackError

READY_SECONDS = 30
STOP_SECONDS = 10


class Process:
    """One background process, known by `<home>/<name>.pid` and logged to `<home>/logs/<name>.log`.

    The pid file holds the process's start time too, so that a pid which the system gave to another is never taken
    for ours.
    """

    def __init__(self, home: Path, name: str):
        self.name = name
        self.pid_file = home / f"{name}.pid"
        self.log = home / "logs" / f"{name}.log"

    def running(self) -> psutil.Process | None:
        """The process, None where it is not there any more."""
        try:
            noted = json.loads(self.pid_file.read_text())
            process = psutil.Process(noted["pid"])
            alive = process.create_time() == noted["started"] and process.status() != psutil.STATUS_ZOMBIE
        except (OSError, ValueError, KeyError, psutil.NoSuchProcess):
            return None
        return process if alive else None

    def start(self, command: list[str], environment: dict[str, str], ready_url: str | None) -> None:
        """Start it and wait until `ready_url`, where it has one, answers; StackError with the log's last line where it
        does not."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        noted = {"pid": process.pid, "started": psutil.Process(process.pid).create_time()}
        self.pid_file.write_text(json.dumps(noted))
        deadline = time.monotonic() + READY_SECONDS
        while ready_url and not answers(ready_url):
            if process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise StackError(f"{self.name} did not start: {self.last_line()} (log: {self.log})")
            time.sleep(0.05)

    def stop(self) -> bool:
        """Stop it and its children; whether it was running."""
        process = self.running()
        if process:
            family = [process, *process.children(recursive=True)]
            process.terminate()
            _, alive = psutil.wait_procs(family, timeout=STOP_SECONDS)
            for survivor in alive:
                survivor.kill()
            psutil.wait_procs(alive, timeout=STOP_SECONDS)
        self.pid_file.unlink(missing_ok=True)
        return process is not None

    def last_line(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.is_file() else []
        return lines[-1] if lines else "it said nothing"


def answers(url: str) -> bool:
    """Whether `url` answers with a success."""
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


def choose_port(wanted: int | None, last: int | None, option: str) -> int:
    """`wanted`, which must be free (StackError names `option`); else `last` where it is free; else any free one."""
    if wanted:
        if not _is_free(wanted):
            raise StackError(f"port {wanted} is in use: stop what listens there, or give another one with {option}")
        return wanted
    if last and _is_free(last):
        return last
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port whose last connection is still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def plain_environment(**added: str) -> dict[str, str]:
    """An environment without anything of the caller's but what programs need to run at all: no keys leak into it."""
    kept = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE")
    return {name: os.environ[name] for name in kept if name in os.environ} | added
