"""Ends processes as the system does when memory is short: at once, with all that they have started."""

import contextlib
from pathlib import Path

import psutil

from aviation.local.processes import Process


def tree(process: psutil.Process | None) -> list[psutil.Process]:
    """The process and all below it; none if it is gone."""
    if process is None:
        return []
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def kill(processes: list[psutil.Process]) -> int:
    """Kill each, without a chance to say anything; how many were there."""
    killed = 0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
            killed += 1
    # Nobody waits for them here: that would take the exit code from the parent that does.
    return killed


def functions(home: Path) -> list[psutil.Process]:
    """The processes in which the emulator of this state folder runs Lambda functions."""
    return tree(Process(home, "ministack").running())[1:]


def jvms(home: Path, load: psutil.Process | None) -> list[psutil.Process]:
    """The JVMs of a load: its own, or that of the warm driver."""
    below = [*tree(load), *tree(Process(home, "driver").running())]
    return [process for process in below if _name(process) == "java"]


def alive(pids: set[int]) -> list[psutil.Process]:
    """Those of the processes that run."""
    found = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def words(process: psutil.Process) -> str:
    """What it runs, as far as it fits a line."""
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())[:100]
    return "a process that has just ended"


def _name(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return process.name()
    return ""
