"""AWS or this laptop, chosen once by what the environment says: nothing else in the package asks where it runs.

`aviation.local` is imported inside functions: neither a Lambda nor a Glue job has it.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from aviation import home
from aviation.report import RunRecord

if TYPE_CHECKING:
    import pandas as pd

    from aviation.sql.question import Question

LOCAL = "AVIATION_LOCAL"


class Backend(Protocol):
    """What differs between the two places.

    `alerts_file` is where alerts are kept beside the topic, a line of JSON each (None: nowhere else). `board` is
    the address of the stack's own board (None where none runs beside it), and `runs_schedules` says what runs them.
    """

    @property
    def alerts_file(self) -> Path | None: ...

    @property
    def board(self) -> str | None: ...

    @property
    def runs_schedules(self) -> str: ...

    def unreachable(self, url: str) -> str:
        """What to say and do, in one line, where an endpoint of AWS does not answer."""

    def frame(self, question: "Question") -> "pd.DataFrame":
        """The answer to a question as a DataFrame."""

    def rows(self, text: str) -> list[dict[str, Any]]:
        """The answer to Athena's SQL as rows, null as None. Needs no pandas on AWS: the Lambdas have none."""

    def load(self, choices: dict[str, Any]) -> RunRecord:
        """Run the load job with its choices as parameters and wait; its run record."""

    def publish(self, choices: dict[str, Any]) -> RunRecord:
        """Run the publishing job with its choices as parameters and wait; its run record."""

    def train(self, choices: dict[str, Any]) -> RunRecord:
        """Run the job that trains the forecast with its choices as parameters and wait; its run record."""

    def past_instants(self, day: str, every: timedelta | None) -> list[str]:
        """The instants (ISO 8601) as of which polls of a past day (ISO) ask the API, so far apart, or but the one after
        all of its flights; empty text: now, which is all that the real API knows."""


def in_use() -> Backend:
    """The backend of the stack in use."""
    home.load_environment()
    if os.environ.get(LOCAL) == "1":
        from aviation.local.backend import Laptop

        return Laptop()
    return Aws()


class Aws:
    """Athena, Glue and the real flight API."""

    alerts_file = None
    board = None
    runs_schedules = "EventBridge Scheduler runs them"

    def unreachable(self, url: str) -> str:
        return f"AWS does not answer at {url}: check the network, and the region in AWS_DEFAULT_REGION"

    def frame(self, question: "Question") -> "pd.DataFrame":
        from aviation.sql import athena

        return athena.frame(question)

    def rows(self, text: str) -> list[dict[str, Any]]:
        from aviation.sql import athena

        return athena.rows(text)

    def load(self, choices: dict[str, Any]) -> RunRecord:
        from aviation.runs import glue

        return glue.run_load(choices)

    def publish(self, choices: dict[str, Any]) -> RunRecord:
        from aviation.runs import glue

        return glue.run_publish(choices)

    def train(self, choices: dict[str, Any]) -> RunRecord:
        from aviation.runs import glue

        return glue.run_train(choices)

    def past_instants(self, day: str, every: timedelta | None) -> list[str]:
        return [""]  # the real API knows past days, as they are now
