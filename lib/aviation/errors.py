"""Every error that Aviation raises on purpose.

The text of each is one line: what went wrong, where, and what to do next. A command prints it and exits with
`exit_code`; with `--debug` it prints the traceback too.
"""

import errno
import signal
from typing import Any

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""No room on the disk, or no more of it for this user or this process."""


class AviationError(Exception):
    """Base of all of them. Its text is one line: the message, then each note that was added on the way up."""

    exit_code = 1

    def __str__(self) -> str:
        return "; ".join([super().__str__(), *getattr(self, "__notes__", ())])


def one_line(error: BaseException) -> str:
    """The error's message and its notes (PEP 678) in one line; the name of its class where it has no message."""
    notes = [] if isinstance(error, AviationError) else getattr(error, "__notes__", [])
    text = " ".join("; ".join(filter(None, [str(error), *notes])).split())
    return text or type(error).__name__


def on_disk(error: OSError) -> str:
    """What could not be done to which file, and what to do next, in one line."""
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in FULL:
        return f"the disk is full{where}: make room, and run the same command again"
    return one_line(error)


class ParameterError(AviationError):
    """A parameter is unknown, missing or of the wrong type."""

    exit_code = 2


class PlaceError(AviationError):
    """A place (bucket, stream, secret, job) is not known: nothing is deployed, or the environment is not set."""


class ApiError(AviationError):
    """The flight API said no. `status` is the HTTP status, `code` the API's own error code (either can be None)."""

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None):
        super().__init__(message)
        self.status = status
        self.code = code


class AccessKeyError(ApiError):
    """The key is missing, wrong or inactive."""


class PlanError(ApiError):
    """The API plan lacks what was asked for."""


class NotFoundError(ApiError):
    """The endpoint does not exist."""


class InvalidRequestError(ApiError):
    """The API refused the request's parameters."""


class QuotaError(ApiError):
    """The month's calls are used up; another try can only fail."""


class RateLimitError(ApiError):
    """Too many calls at once; worth another try after `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: float | None = None, **details: Any):
        super().__init__(message, **details)
        self.retry_after = retry_after


class UnavailableError(ApiError):
    """The API did not answer, or answered with nonsense, until the deadline."""


class LeaseError(AviationError):
    """Another poll of the same entity is under way."""


class DeliveryError(AviationError):
    """Kinesis did not say that it took `undelivered` records of a run; it may have taken `unanswered` of them."""

    def __init__(self, message: str, *, undelivered: int, unanswered: int = 0):
        super().__init__(message)
        self.undelivered = undelivered
        self.unanswered = unanswered


class NotebookError(AviationError):
    """A cell of a notebook failed. `run_id` names the run, `cell` the failed cell (1-based)."""

    def __init__(self, message: str, *, run_id: str, cell: int | None = None):
        super().__init__(message)
        self.run_id = run_id
        self.cell = cell


class InterruptError(KeyboardInterrupt):
    """A person interrupted it (Ctrl-C), or another signal ended it. The text says what is kept and how to go on.

    No AviationError: what tries the next one after an error must not do so after this.
    """

    def __init__(self, message: str, ended_by: signal.Signals = signal.SIGINT):
        super().__init__(message)
        self.ended_by = ended_by
        self.exit_code = 128 + ended_by


class RefusedShareError(AviationError):
    """A load refused a larger share of its lines than it may; nothing was written."""


class StackError(AviationError):
    """The stack, local or on AWS, could not be started, deployed or found."""


class QueryError(AviationError):
    """A query is wrong or could not be run."""


class JobError(AviationError):
    """A job ran and failed; its message is the job's own."""


class NotYetError(AviationError):
    """There is too little data for what was asked; nothing was changed."""

    exit_code = 3


class BuildError(AviationError):
    """An artefact cannot be built from what is in the checkout."""
