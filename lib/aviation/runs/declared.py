"""The jobs, declared: which notebook each runs, with which parameter files, and what starts it.

Retries, the Lambdas, the command line and the load at the end of which alerts go out read this table; a test holds it,
the template, the notebooks and the parameter files together.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from aviation.entities import ENTITIES, entity_named
from aviation.errors import ParameterError
from aviation.report import LOAD_JOB, PUBLISH_JOB, TRAIN_JOB, RunRecord


class StartedBy(StrEnum):
    """What starts a job, and where it runs on AWS."""

    LAMBDA = "a schedule, through a Lambda"
    GLUE = "a schedule, as a Glue job"
    LOAD = "the end of a load, through a Lambda"
    PUBLISH = "the end of a load, as a Glue job"
    TRAIN = "a schedule, as a Glue job of its own packages"
    PERSON = "a person, where they are"


@dataclass(frozen=True)
class Job:
    """A notebook that runs as a job.

    `name` is what its run records are filed under. `notebook` and the parameter files, each a case of it, are paths in
    the checkout (and in the Lambda's zip). `function` names the Lambda, after the stack's name and a dash; `entity` is
    what a producer polls.
    """

    name: str
    notebook: str
    started_by: StartedBy
    parameters: tuple[str, ...] = ()
    function: str | None = None
    entity: str | None = None


PRODUCERS = {
    entity: Job(
        name=f"producer/{entity}",
        notebook="notebooks/producer.ipynb",
        started_by=StartedBy.LAMBDA,
        parameters=(f"parameters/producer/{entity}.yaml",),
        function=f"producer-{entity}",
        entity=entity,
    )
    for entity in ENTITIES
}
LOAD = Job(
    name=LOAD_JOB,
    notebook=f"glue_notebooks/{LOAD_JOB}.ipynb",
    started_by=StartedBy.GLUE,
    parameters=tuple(
        f"parameters/{LOAD_JOB}/{case}.yaml"
        for case in ("all", "flights", "reconcile", "reference", "requeue", "upkeep")
    ),
)
PUBLISH = Job(
    name=PUBLISH_JOB,
    notebook=f"glue_notebooks/{PUBLISH_JOB}.ipynb",
    started_by=StartedBy.PUBLISH,
    parameters=tuple(f"parameters/{PUBLISH_JOB}/{case}.yaml" for case in ("each_load", "morning")),
)
TRAIN = Job(
    name=TRAIN_JOB,
    notebook=f"notebooks/{TRAIN_JOB}.ipynb",
    started_by=StartedBy.TRAIN,
    parameters=tuple(f"parameters/{TRAIN_JOB}/{case}.yaml" for case in ("look", "weekly")),
)
ALERTS = "notebooks/alerts.ipynb"


def producer(entity: str) -> Job:
    """The producer of an entity; ParameterError for an unknown one."""
    return PRODUCERS[entity_named(entity).name]


def watches(root: Path) -> list[Job]:
    """The alerts' job of each watch: every file in `parameters/alerts` is one, by its name."""
    files = sorted((root / "parameters/alerts").glob("*.yaml"))
    return [
        Job(
            name=f"alerts/{file.stem}",
            notebook=ALERTS,
            started_by=StartedBy.LOAD,
            parameters=(str(file.relative_to(root)),),
            function="alerts",
        )
        for file in files
    ]


def by_hand(notebook: Path, root: Path) -> Job:
    """The job that a person makes of any notebook: by its file's name, with the cases that it has in `parameters`."""
    cases = sorted((root / "parameters").rglob(f"{notebook.stem}/*.yaml"))
    return Job(
        name=notebook.stem,
        notebook=str(notebook),
        started_by=StartedBy.PERSON,
        parameters=tuple(str(file.relative_to(root)) for file in cases),
    )


def job_of(record: RunRecord, root: Path) -> Job:
    """The job that a run record is of. ParameterError where it is none of the table's and its notebook is not in
    `notebooks/` once."""
    for job in (LOAD, PUBLISH, TRAIN, *PRODUCERS.values(), *watches(root)):
        if job.name == record.job:
            return job
    # By its name, as data: a record may have been written by anybody, and a pattern or a path is neither.
    notebooks = [file for file in (root / "notebooks").rglob("*.ipynb") if file.name == record.notebook]
    if len(notebooks) != 1:
        raise ParameterError(f"run {record.run_id} is of {record.notebook}, which is not in notebooks/ once")
    return replace(by_hand(notebooks[0].relative_to(root), root), name=record.job)
