"""Executes a notebook in a kernel of its own, through papermill, and says in one line why it failed.

papermill and jupyter are imported inside functions: a Lambda must set up their folders first, and importing them
takes seconds that reading run records need not wait for.
"""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aviation import errors
from aviation.redact import redact
from aviation.report import PROGRESS

STARTS = 3
NEVER_STARTED = "Kernel died before replying to kernel_info"
"""Two kernels that start at once on one machine can choose the same port: one dies, before any cell has run."""
INTERRUPTED = "interrupted"
SILENT = "--Application.log_level=CRITICAL"
"""What a kernel logs beside its cells' output is of no use: it calls the interrupt that ends every kernel an error."""


@dataclass(frozen=True)
class Failure:
    """Why a notebook failed: one line, and the number beside the failed cell (`In [4]`), None outside of a cell."""

    line: str
    cell: int | None = None


def run(
    notebook: Path, parameters: dict[str, Any], output: Path, run_id: str, timeout_seconds: int | None
) -> Failure | None:
    """Execute `notebook` into `output`; why it failed, if it did. A person's Ctrl-C is the failure INTERRUPTED.

    The kernel's environment names its run (AVIATION_RUN_ID). A cell longer than `timeout_seconds` fails.
    """
    papermill = load_papermill()
    for start in range(1, STARTS + 1):
        try:
            with _environment(AVIATION_RUN_ID=run_id):
                _execute(notebook, parameters, output, timeout_seconds)
        except papermill.PapermillExecutionError as error:
            # Our own errors need no class name; others do.
            line = first_line(error.evalue)
            return Failure(line if hasattr(errors, error.ename) else f"{error.ename}: {line}", error.exec_count)
        except Exception as error:  # a kernel that died or never started, a cell that took too long
            if NEVER_STARTED in str(error) and start < STARTS:
                continue
            return Failure(f"{type(error).__name__}: {first_line(str(error))}")
        except KeyboardInterrupt:
            # The task that waited for the cell is abandoned: asyncio would log how it ended, a hundred lines of it.
            logging.getLogger("asyncio").setLevel(logging.CRITICAL)
            return Failure(INTERRUPTED)
        return None
    return None


def load_papermill() -> Any:
    """papermill, imported with the first call."""
    # jsonschema takes this checker of IRIs where it is installed, and importing it compiles a grammar for seconds.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None: an import of it fails at once
    import papermill

    return papermill


def _execute(notebook: Path, parameters: dict[str, Any], output: Path, timeout_seconds: int | None) -> None:
    from traitlets.config import Config

    load_papermill().execute_notebook(
        str(notebook),
        str(output),
        parameters,
        progress_bar=sys.stderr.isatty(),
        log_output=False,
        stdout_file=_Progress(),
        execution_timeout=timeout_seconds,
        extra_arguments=[SILENT],
        # What runs in the kernel passes through sockets that others on this machine could read.
        config=Config({"KernelManager": {"transport_encryption": "auto"}}),
    )


class _Progress:
    """Takes what the cells print and shows the lines that say how far they are (`report.progress`), above the bar of
    the cells where there is one."""

    def write(self, text: str) -> None:
        from tqdm import tqdm

        for line in text.splitlines():
            if line.startswith(PROGRESS):
                tqdm.write(redact(line.removeprefix(PROGRESS)), file=sys.stderr)

    def flush(self) -> None:
        """tqdm has written it."""


def first_line(text: str) -> str:
    """The first line of a message that can have many."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "it gave no message")


@contextlib.contextmanager
def _environment(**added: str) -> Iterator[None]:
    """The environment that the kernel inherits."""
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
