"""The laptop in AWS's place: DuckDB for Athena, the notebook on this machine's Spark for Glue, the replay's past."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aviation import home
from aviation.report import RunRecord

if TYPE_CHECKING:
    import pandas as pd

    from aviation.sql.question import Question


class Laptop:
    """See `aviation.backend.Backend`."""

    def unreachable(self, url: str) -> str:
        return f"the local stack does not answer at {url}: start it with 'aviation up'"

    @property
    def alerts_file(self) -> Path | None:
        return home.home() / "alerts.jsonl"

    @property
    def board(self) -> str | None:
        from aviation.local.board import BoardProcess

        return BoardProcess(home.home()).url

    @property
    def runs_schedules(self) -> str:
        from aviation.local.processes import Process

        if Process(home.home(), "schedules").running():
            return "on this laptop the emulator starts the polls, and a process beside it each load"
        return "on this laptop nothing runs them: 'aviation up --schedule' does"

    def frame(self, question: "Question") -> "pd.DataFrame":
        from aviation.engine import duck

        return duck.frame(question)

    def rows(self, text: str) -> list[dict[str, Any]]:
        from aviation.engine import duck

        return duck.rows(text)

    def load(self, choices: dict[str, Any]) -> RunRecord:
        from aviation.local.load import run_load

        return run_load(choices)

    def publish(self, choices: dict[str, Any]) -> RunRecord:
        from aviation.local.publish import run_publish

        return run_publish(choices)

    def train(self, choices: dict[str, Any]) -> RunRecord:
        from aviation.runs import notebook
        from aviation.runs.declared import TRAIN

        return notebook.execute(home.root() / TRAIN.notebook, choices, job=TRAIN.name, reads_key=False)

    def past_instants(self, day: str, every: timedelta | None) -> list[str]:
        from aviation.local.stack import LocalStack

        return LocalStack(home.root()).past_instants(day, every)
