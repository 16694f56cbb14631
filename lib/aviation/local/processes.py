"""Background processes of the local stack: started detached, tracked by a pid file, stopped for certain."""

import contextlib
import json
import logging
import os
import socket
import subprocess
import time
from pathlib import Path

import psutil
import requests

from aviation import home
from aviation.errors import StackError

logger = logging.getLogger(__name__)

READY_SECONDS = 30
STOP_SECONDS = 10
MARK = "AVIATION_PROCESS"
"""The variable by which a process, and what it started, is found without its pid file."""


class Process:
    """One background process, tracked by `<home>/<name>.pid`, with its output in `<home>/logs/<name>.log`.

    The pid file also holds the process's start time, so a pid that the system has since reused is not mistaken for it.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.pid_file = folder / f"{name}.pid"
        self.log = folder / "logs" / f"{name}.log"

    def running(self) -> psutil.Process | None:
        """The process, None if it has ended or the pid file is not one."""
        try:
            tracked = json.loads(self.pid_file.read_text())
            process = psutil.Process(tracked["pid"])
            alive = process.create_time() == tracked["started"] and process.status() != psutil.STATUS_ZOMBIE
        except (OSError, ValueError, KeyError, TypeError, OverflowError, psutil.Error):
            return None
        return process if alive else None

    def start(self, command: list[str], environment: dict[str, str], ready_url: str | None) -> None:
        """Start it and wait until `ready_url`, if it has one, answers.

        StackError with the last line of its log if it does not. A process whose start fails never stays behind.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                env=environment | {MARK: self._mark},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            tracked = {"pid": process.pid, "started": psutil.Process(process.pid).create_time()}
            home.write(self.pid_file, json.dumps(tracked))
            deadline = time.monotonic() + READY_SECONDS
            while ready_url and not answer(ready_url):
                if process.poll() is not None:
                    raise StackError(f"{self.name} did not start: {self.last_line()} (log: {self.log})")
                if time.monotonic() > deadline:
                    raise StackError(
                        f"{self.name} did not answer within {READY_SECONDS} s: {self.last_line()} (log: {self.log})"
                    )
                time.sleep(0.05)
        except BaseException:
            _end(self.family())
            process.wait()
            with contextlib.suppress(OSError):
                self.pid_file.unlink(missing_ok=True)
            raise

    @property
    def _mark(self) -> str:
        return str(self.pid_file.absolute())

    def family(self) -> list[psutil.Process]:
        """It and all that it started, whatever its pid file says."""
        tracked, found = self.running(), []  # one that has just begun shows no environment yet
        for process in psutil.process_iter():
            # Others' processes, and those that end meanwhile, cannot be looked into.
            with contextlib.suppress(psutil.Error, OSError):
                is_own = process == tracked or process.environ().get(MARK) == self._mark
                if is_own and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def stop(self) -> bool:
        """Stop it and its children; whether it was running."""
        return stop(self)

    def last_line(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.is_file() else []
        return lines[-1] if lines else "it printed nothing"


def stop(*processes: Process) -> bool:
    """Stop them and what they started, all at once; whether anything of them was running."""
    families = {process: process.family() for process in processes}
    for process, family in families.items():
        if family and not process.running():
            logger.warning("%s ran although %s did not tell: it is stopped", process.name, process.pid_file)
    _end([member for family in families.values() for member in family])
    for process in processes:
        process.pid_file.unlink(missing_ok=True)
    return any(families.values())


def _end(family: list[psutil.Process]) -> None:
    """End processes: by force those that do not end in time."""
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.terminate()
    _, alive = psutil.wait_procs(family, timeout=STOP_SECONDS)
    for survivor in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            survivor.kill()
    psutil.wait_procs(alive, timeout=STOP_SECONDS)


def answer(url: str) -> requests.Response | None:
    """What `url`, on loopback, answers; None if that is no success."""
    with requests.Session() as session:
        session.trust_env = False  # no proxy can reach this machine's loopback
        try:
            response = session.get(url, timeout=2)
        except requests.RequestException:
            return None
    return response if response.ok else None


def choose_port(wanted: int | None, last: int | None, option: str) -> int:
    """`wanted`, which must be free (StackError names `option`); else `last` if that is free; else any free port."""
    if wanted:
        if not _is_free(wanted):
            raise StackError(f"port {wanted} is in use: stop what listens there, or give another one with {option}")
        return wanted
    if last and _is_free(last):
        return last
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port whose last connection is still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def plain_environment(**added: str) -> dict[str, str]:
    """The caller's few variables that any program needs, and those `added`: no key and no proxy leaks into it."""
    kept = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE")
    return {name: os.environ[name] for name in kept if name in os.environ} | added
