"""A run's settings: its choices from the notebook's parameters or the Glue job's arguments, its places from the job's
arguments."""

import os
import uuid
from dataclasses import asdict, dataclass
from typing import Any

from aviation.errors import ParameterError
from aviation.load import arguments
from aviation.parameters import resolve

PLACES = {
    "stack": "AVIATION_STACK",
    "published_bucket": "AVIATION_PUBLISHED_BUCKET",
    "runs_bucket": "AVIATION_RUNS_BUCKET",
    "database": "AVIATION_DATABASE",
}
"""The job's arguments that say where things are, with the variables by which `aviation.places` finds them."""


@dataclass(frozen=True)
class TrainParameters:
    """The notebook's parameters: see its `parameters` cell."""

    days: int
    compared_days: int
    replace: bool


@dataclass(frozen=True)
class Settings:
    """A run's resolved settings: what was chosen, its id, and `runs_bucket`, where it leaves its run record (None where
    its runner does)."""

    chosen: TrainParameters
    run_id: str
    runs_bucket: str | None = None

    @property
    def choices(self) -> dict[str, Any]:
        """What was chosen, as the notebook's parameters name it."""
        return asdict(self.chosen)


def settings(**choices: Any) -> Settings:
    """The settings of this run; on Glue a choice among the job's arguments comes before the notebook's.

    ParameterError for a choice that is unknown or does not fit, PlaceError where the job lacks one of its arguments.
    """
    given = arguments.given("training", TrainParameters, PLACES)
    chosen = resolve(TrainParameters, **(choices | given.choices))
    if not 1 <= chosen.compared_days < chosen.days:
        raise ParameterError(
            f"parameter 'compared_days' must be from 1 to less than 'days' ({chosen.days}), not {chosen.compared_days}"
        )
    return Settings(
        chosen=chosen,
        run_id=os.environ.get("AVIATION_RUN_ID") or given.run_id or uuid.uuid4().hex,
        runs_bucket=given.arguments.get("runs_bucket"),
    )
