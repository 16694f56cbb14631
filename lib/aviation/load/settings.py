"""A load's settings: choices from the notebook's parameters, places from the Glue job's arguments."""

import os
import uuid
from dataclasses import dataclass, fields
from typing import Any

from aviation import aws
from aviation.entities import ENTITIES, entity_named
from aviation.errors import ParameterError, PlaceError
from aviation.load.arguments import GLUE_RUN, on_glue, parsed, passed
from aviation.parameters import resolve
from aviation.places import place

# What only the stack says: where things are, and what is the same for all of its runs.
DEPLOYED = (
    *("stack", "raw_bucket", "published_bucket", "runs_bucket", "database", "catalog"),
    *("delay_cost_per_minute", "passengers_per_flight", "timeout_minutes"),
)


@dataclass(frozen=True)
class LoadParameters:
    """The notebook's parameters: see its `parameters` cell."""

    entities: list[str]
    look_back_hours: int
    max_refused_share: float
    batch_megabytes: int
    reconcile: bool
    requeue: bool
    upkeep: bool


CHOICES = tuple(item.name for item in fields(LoadParameters))


@dataclass(frozen=True)
class Settings:
    """A load's resolved settings.

    `stack` is the CloudFormation stack that the load is part of. `raw_uri` (`s3a://bucket`) is read by Spark,
    `published_uri` (`s3://bucket`) is written by Iceberg. Of a batch, `max_refused_share` (0 to 1) bounds the refused
    lines and `batch_megabytes` the raw objects, unpacked. `reconcile` lists all of raw instead of its last hours,
    `requeue` reads the objects with lines in quarantine instead, `upkeep` has the tables tidied after the load.
    `timeout_minutes` is the job's time limit. `runs_bucket` is where the load leaves its run record, None where its
    runner does.
    """

    stack: str
    raw_bucket: str
    raw_uri: str
    published_uri: str
    database: str
    catalog: str
    entities: tuple[str, ...]
    look_back_hours: int
    max_refused_share: float
    batch_megabytes: int
    reconcile: bool
    requeue: bool
    upkeep: bool
    delay_cost_per_minute: float
    passengers_per_flight: int
    timeout_minutes: int
    run_id: str
    runs_bucket: str | None = None

    @property
    def choices(self) -> dict[str, Any]:
        """What was chosen, as the notebook's parameters name it."""
        return {name: getattr(self, name) for name in CHOICES}

    @property
    def published_bucket(self) -> str:
        """The bucket of the tables, in which the forecasts' model is, too."""
        return self.published_uri.removeprefix("s3://")

    @property
    def namespace(self) -> str:
        """`catalog.database`, what a table's name is prefixed with."""
        return f"{self.catalog}.{self.database}"


def settings(**choices: Any) -> Settings:
    """The settings of this run.

    On Glue the job's arguments (`--raw_bucket`, …, and a choice such as `--entities flights,cities`, which comes
    before the notebook's) are in sys.argv; elsewhere the deployed job is asked for its default arguments.
    Raises ParameterError for a choice that is unknown or does not fit, PlaceError where nothing is deployed.
    """
    arguments = passed([*DEPLOYED, *CHOICES]) if on_glue() else _deployed_arguments()
    glue_run = arguments.pop(GLUE_RUN, None)
    if missing := [name for name in DEPLOYED if not arguments.get(name)]:
        raise PlaceError(f"the load job has no argument --{missing[0]}: deploy it again with this version")
    given = {name: parsed(name, text, LoadParameters) for name, text in arguments.items() if name in CHOICES}
    chosen = resolve(LoadParameters, **(choices | given))
    for name in ("look_back_hours", "batch_megabytes"):
        if (value := getattr(chosen, name)) < 1:
            raise ParameterError(f"parameter '{name}' must be at least 1, not {value}")
    if not 0 <= chosen.max_refused_share <= 1:
        raise ParameterError(f"parameter 'max_refused_share' must be from 0 to 1, not {chosen.max_refused_share}")
    return Settings(
        stack=arguments["stack"],
        raw_bucket=arguments["raw_bucket"],
        raw_uri=f"s3a://{arguments['raw_bucket']}",
        published_uri=f"s3://{arguments['published_bucket']}",
        database=arguments["database"],
        catalog=arguments["catalog"],
        entities=tuple(entity_named(name).name for name in chosen.entities or ENTITIES),
        look_back_hours=chosen.look_back_hours,
        max_refused_share=chosen.max_refused_share,
        batch_megabytes=chosen.batch_megabytes,
        reconcile=chosen.reconcile,
        requeue=chosen.requeue,
        upkeep=chosen.upkeep,
        delay_cost_per_minute=float(arguments["delay_cost_per_minute"]),
        passengers_per_flight=int(arguments["passengers_per_flight"]),
        timeout_minutes=int(arguments["timeout_minutes"]),
        run_id=os.environ.get("AVIATION_RUN_ID") or glue_run or uuid.uuid4().hex,
        # Elsewhere the notebook's runner keeps the record.
        runs_bucket=arguments["runs_bucket"] if on_glue() else None,
    )


def _deployed_arguments() -> dict[str, str]:
    defaults = aws.client("glue").get_job(JobName=place("LoadJob"))["Job"]["DefaultArguments"]
    return {name: defaults[f"--{name}"] for name in DEPLOYED if f"--{name}" in defaults}
