"""A run's settings: its choice from the notebook's parameter or the Glue job's argument, its places from the job's
arguments."""

import os
import uuid
from dataclasses import asdict, dataclass
from typing import Any

from aviation.load import arguments
from aviation.parameters import resolve

PLACES = {
    "stack": "AVIATION_STACK",
    "published_bucket": "AVIATION_PUBLISHED_BUCKET",
    "runs_bucket": "AVIATION_RUNS_BUCKET",
    "database": "AVIATION_DATABASE",
    "addresses_secret": "AVIATION_ADDRESSES_SECRET",
}
"""The job's arguments that say where things are, with the variables by which `aviation.places` finds them."""
OLDEST = "oldest_minutes"
"""The job's argument for what elsewhere follows from the schedules and the checkout, neither of which it can read."""


@dataclass(frozen=True)
class PublishParameters:
    """The notebook's parameters: see its `parameters` cell."""

    brief: bool


@dataclass(frozen=True)
class Settings:
    """A run's resolved settings: what was chosen, its id, and `runs_bucket`, where it leaves its run record (None where
    its runner does). `oldest_minutes` is how old flights may be before the page says that they are too old; None: as
    the stack's schedules promise."""

    chosen: PublishParameters
    run_id: str
    runs_bucket: str | None = None
    oldest_minutes: float | None = None

    @property
    def choices(self) -> dict[str, Any]:
        """What was chosen, as the notebook's parameters name it."""
        return asdict(self.chosen)


def settings(**choices: Any) -> Settings:
    """The settings of this run.

    On Glue the job's arguments say where things are (`--runs_bucket`, …), and a choice among them (`--brief true`)
    comes before the notebook's. ParameterError for a choice that is unknown or does not fit, PlaceError where the job
    lacks one of its arguments.
    """
    given = arguments.given("publishing", PublishParameters, PLACES, [OLDEST])
    return Settings(
        chosen=resolve(PublishParameters, **(choices | given.choices)),
        run_id=os.environ.get("AVIATION_RUN_ID") or given.run_id or uuid.uuid4().hex,
        runs_bucket=given.arguments.get("runs_bucket"),
        oldest_minutes=float(given.arguments[OLDEST]) if given.arguments else None,
    )
