"""What the launcher notebook calls: the state of things, a run of what was chosen, the dashboard in the page."""

from dataclasses import dataclass
from typing import Any

from IPython.display import HTML, Markdown

from aviation import backend, parameters, status, templates
from aviation.board import offline
from aviation.board.tables import Tables
from aviation.entities import entity_named
from aviation.errors import QueryError
from aviation.jobs import start as jobs
from aviation.printable import in_markdown
from aviation.report import Report


@dataclass(frozen=True)
class Choices:
    """What the launcher does: polls one entity (none: ""), loads all that is new."""

    produce: str
    load: bool


def resolve(**values: Any) -> Choices:
    """The choices, checked; ParameterError names the one that does not fit."""
    chosen = parameters.resolve(Choices, **values)
    if chosen.produce:
        entity_named(chosen.produce)
    return chosen


def state() -> HTML:
    """How old each table is and what the last runs did, as `aviation status` says it."""
    return HTML(templates.render("lab/state.html", text=status.render()))  # type: ignore[no-untyped-call]


def run(chosen: Choices) -> Report:
    """Do what was chosen, in its order: poll, then load. What each did is in its run record, too."""
    done = Report(status="ok", polled=0, loaded=0)
    if chosen.produce:
        done["polled"] = jobs.run_producer(chosen.produce).counts.get("records", 0)
    if chosen.load:
        done["loaded"] = backend.in_use().load({"entities": []}).counts.get("lines_read", 0)
    return done


def page(height: int = 900) -> HTML | Markdown:
    """The dashboard, in a frame of the notebook (`height` pixels); words where there is nothing to draw yet."""
    try:
        drawn = offline.render(Tables())
    except QueryError as error:
        said = f"*There is no dashboard yet: {in_markdown(str(error))}.*"
        return Markdown(said)  # type: ignore[no-untyped-call]  # IPython's classes have no types
    return HTML(templates.render("lab/frame.html", page=drawn, height=height))  # type: ignore[no-untyped-call]
