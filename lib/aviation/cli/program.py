"""The commands together: what they log is shown, and every error ends as one line and an exit code."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from aviation import backend
from aviation.cli import board, deployment, jobs, runs, stack, tables, tell
from aviation.errors import AviationError, InterruptError, on_disk, one_line
from aviation.redact import guard_logs, redact


@dataclass(frozen=True)
class Ending:
    """How a command ends with an error of this kind: the line on stderr, and the exit code (None: the error's own)."""

    kind: type[BaseException]
    line: Callable[[Any], str] = one_line
    exit_code: int | None = None
    has_traceback: bool = True


UNREACHABLE = (EndpointConnectionError, ConnectTimeoutError, ReadTimeoutError, ConnectionClosedError)
"""No answer from AWS. A proxy or a certificate that is in the way is told as botocore tells it."""


def _usage(error: click.UsageError) -> str:
    where = error.ctx.command_path if error.ctx else "aviation"
    return f"{error.format_message()} See '{where} --help'."


def _unreachable(error: BotoCoreError) -> str:
    url = urlsplit(error.kwargs.get("endpoint_url", ""))
    return backend.in_use().unreachable(f"{url.scheme}://{url.netloc}" if url.netloc else "its endpoint")


ENDINGS = (
    Ending(AviationError),
    Ending(InterruptError, lambda error: f"interrupted: {error}", has_traceback=False),
    Ending(KeyboardInterrupt, lambda error: "interrupted: run the same command again", 130, has_traceback=False),
    Ending(click.UsageError, _usage, has_traceback=False),
    *(Ending(kind, _unreachable, 1) for kind in UNREACHABLE),
    Ending(ClientError, lambda error: f"AWS said: {one_line(error)}", 1),
    Ending(BotoCoreError, lambda error: f"AWS could not be asked: {one_line(error)}", 1),
    Ending(OSError, on_disk, 1),
)
"""The first one that fits counts."""


class Commands(click.Group):
    """Every error of ENDINGS ends as one line on stderr and its exit code; --debug shows the traceback."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except BrokenPipeError:  # `| head` has read enough
            sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - it is open until the process ends
            context.exit(0)
        except tuple(ending.kind for ending in ENDINGS) as error:
            ending = next(ending for ending in ENDINGS if isinstance(error, ending.kind))
            if ending.has_traceback and context.params.get("debug"):
                raise
            click.echo(f"aviation: {redact(ending.line(error))}", err=True)
            context.exit(getattr(error, "exit_code", 1) if ending.exit_code is None else ending.exit_code)


class Echo(logging.Handler):
    """Log records as plain lines on stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(self.format(record), err=True)


@contextmanager
def progress_shown(level: int) -> Iterator[None]:
    """What the package logs from `level` up is shown: the progress of a command."""
    logger, echo = logging.getLogger("aviation"), Echo()
    before = logger.level, logger.propagate
    logger.addHandler(echo)
    logger.setLevel(level)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(echo)
        logger.setLevel(before[0])
        logger.propagate = before[1]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error, and what libraries log.")
def main(debug: bool) -> None:
    """Flight data from the aviationstack API to tables, polled every 30 minutes unless you choose otherwise: 'aviation
    cost' says how old it gets."""
    guard_logs()
    logging.basicConfig(level=logging.DEBUG if debug else logging.WARNING)
    logging.getLogger("sqlglot").setLevel(logging.DEBUG if debug else logging.ERROR)  # what it cannot parse, we say
    click.get_current_context().with_resource(progress_shown(logging.DEBUG if debug else logging.INFO))


for module in (stack, jobs, runs, tables, board, tell, deployment):
    for command in module.COMMANDS:
        main.add_command(command)
