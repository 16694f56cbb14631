"""Executes a notebook in a process of its own, through papermill, and says in one line why it failed.

Whatever a notebook does to its process (modules, signals, Spark's session, an end in the middle) ends with it. It has
no kernel: it begins as a copy of this process, which has imported what it needs.
"""

import logging
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from aviation import errors
from aviation.runs import endings
from aviation.runs.endings import Ended

INTERRUPTED = "interrupted"
SPARK_IS_GONE = (
    "Spark's process (Java) ended before the cell did, killed or out of memory; its last words are in the executed "
    "notebook"
)
STOP_SECONDS = 5
"""How long a notebook that is stopped may take to say where it was."""
FROM_JAVA = re.compile(r"\AAn error occurred while calling \S+\n: ")
"""What py4j puts before the message of an exception of Java's."""


@dataclass(frozen=True)
class Failure:
    """Why a notebook failed: one line, and the number beside the failed cell (`In [4]`), None outside of a cell."""

    line: str
    cell: int | None = None


@dataclass(frozen=True)
class Run:
    """A notebook to execute into `output`, whose folder is for it alone. Its process's environment names the run
    (AVIATION_RUN_ID)."""

    notebook: Path
    parameters: dict[str, Any]
    output: Path
    run_id: str


def run(wanted: Run, timeout_seconds: int | None, ended: Ended) -> Failure | None:
    """Execute a notebook; why it failed, if it did. A person's Ctrl-C is the failure INTERRUPTED.

    A notebook that takes longer than `timeout_seconds` fails, and so does one that a signal ends.
    """
    from aviation.runs import cells  # noqa: F401  # what the copy would import otherwise, each time

    context: Any = multiprocessing.get_context(start_method())
    ours, its = context.Pipe()
    process = context.Process(target=_execute_for, args=(ours, its, wanted))
    process.start()
    its.close()
    with ours:
        try:
            heard = wait([ours, process.sentinel, ended.told], timeout_seconds)
            if ended.by:
                _stopped(process, ours)
                return Failure(f"ended by {ended.by.name}")
            if not heard:
                stopped = _stopped(process, ours)
                line = f"TimeoutError: it took longer than {timeout_seconds} s"
                return Failure(line, stopped.cell if stopped else None)
            return _told(process, ours)
        except KeyboardInterrupt:
            _stopped(process, ours)
            return Failure(INTERRUPTED)
        finally:
            _end(process)


def start_method() -> str:
    """How the process starts: as a copy, or anew where a copy could hang.

    A copy has one thread only; what other threads held at that moment is held in it for ever, and DuckDB's own threads
    are missed. On macOS the system's libraries do not survive it.
    """
    is_safe = sys.platform == "linux" and threading.active_count() == 1 and "duckdb" not in sys.modules
    return "fork" if is_safe else "spawn"


def _told(process: Any, ours: Connection) -> Failure | None:
    """What the process says of its end, or that it ended without a word."""
    try:
        told: Failure | None = ours.recv()
    except (EOFError, OSError):
        process.join()
        code = process.exitcode
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return Failure(f"its process died: {how}")
    return told


def _stopped(process: Any, ours: Connection) -> Failure | None:
    """Interrupt the cell that runs, so that the executed notebook shows where it was; what the process says then."""
    with suppress(ProcessLookupError):  # what ended us may have ended it, too
        os.kill(process.pid, signal.SIGINT)
    return _told(process, ours) if ours.poll(STOP_SECONDS) else None


def _end(process: Any) -> None:
    """Wait for the end of the process, or bring it about: of all that it has started, too."""
    process.join(STOP_SECONDS)
    if process.is_alive():
        with suppress(ProcessLookupError):  # it had no time yet to make a group of its own
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.join()


def _execute_for(parents: Connection, ours: Connection, wanted: Run) -> None:
    """Execute a notebook and tell the parent why it failed, if it did: what the process runs.

    It is of another session than the parent, whose Ctrl-C is not meant for Spark's JVM.
    """
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    endings.forget()
    parents.close()
    threading.Thread(target=_end_with_the_parent, args=(ours,), daemon=True).start()
    _forget_logging()
    os.environ["AVIATION_RUN_ID"] = wanted.run_id
    # What is temporary goes with the folder, however this ends.
    tempfile.tempdir = os.environ["TMPDIR"] = str(wanted.output.parent)
    ours.send(_failure(wanted))


def _failure(wanted: Run) -> Failure | None:
    from papermill import PapermillExecutionError, execute_notebook

    from aviation.runs import cells

    try:
        # What the cells print goes elsewhere: here is where lines of progress and the bar are shown.
        with os.fdopen(os.dup(2), "w") as sys.stderr:
            execute_notebook(
                str(wanted.notebook),
                str(wanted.output),
                wanted.parameters,
                engine_name=cells.NAME,
                progress_bar=sys.stderr.isatty(),
                folder=str(wanted.output.parent / "ipython"),
                shown=sys.stderr,
            )
    except PapermillExecutionError as error:
        if _spark_is_gone(error):
            return Failure(SPARK_IS_GONE, error.exec_count)
        # Our own errors need no class name; others do.
        line = first_line(error.evalue)
        return Failure(line if hasattr(errors, error.ename) else f"{error.ename}: {line}", error.exec_count)
    except (Exception, KeyboardInterrupt) as error:
        return Failure(f"{type(error).__name__}: {first_line(str(error))}")
    return None


def _spark_is_gone(error: Any) -> bool:
    """Whether a cell failed because the gateway to Spark's JVM had nobody to talk to (papermill's error)."""
    told = "".join(error.traceback)
    return "Py4JNetworkError" in told or (error.ename.startswith("Connection") and "py4j" in told)


def _end_with_the_parent(ours: Connection) -> None:
    """The parent says nothing: what is heard is its end."""
    ours.poll(None)
    os.killpg(0, signal.SIGKILL)


def _forget_logging() -> None:
    """What the program shows of the logs is not for the notebook."""
    for logger in [logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict)]:
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.WARNING if logger is logging.root else logging.NOTSET)


def first_line(text: str) -> str:
    """The first line of a message that can have many; of one from Java its own, not the bridge's before it."""
    text = FROM_JAVA.sub("", text)
    return next((line.strip() for line in text.splitlines() if line.strip()), "it gave no message")
