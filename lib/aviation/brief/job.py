"""What the notebook of the brief calls."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aviation import home, parameters, tell, templates
from aviation.board.tables import Tables
from aviation.brief.writing import Brief, send, write
from aviation.report import Report
from aviation.times import parse_utc

if TYPE_CHECKING:
    from IPython.display import HTML


@dataclass(frozen=True)
class Choices:
    """As of which instant the brief speaks (ISO 8601, UTC where it names no zone; empty: now), whether it is sent, and
    the folder that it is written into (empty: `brief` in the project's home)."""

    as_of: str
    sends: bool
    folder: str


def resolve(**values: Any) -> Choices:
    """The choices, checked; ParameterError names the one that does not fit."""
    chosen = parameters.resolve(Choices, **values)
    if chosen.as_of:
        parse_utc(chosen.as_of)
    return chosen


def run(chosen: Choices) -> tuple[Brief, Report]:
    """Write the brief, send it if that was chosen, and report: a warning where it did not reach an address."""
    as_of = parse_utc(chosen.as_of) if chosen.as_of else None
    brief = write(Tables(), Path(chosen.folder or home.home() / "brief"), as_of=as_of)
    report = Report(status="ok", title=brief.title, pictures=len(brief.pictures), sent=chosen.sends)
    if chosen.sends and (lost := send(brief)):
        report |= Report(status="warning", warning=tell.not_delivered(lost))
    return brief, report


def page(brief: Brief, height: int = 900) -> "HTML":
    """The brief, with its pictures in it, in a frame of the notebook (`height` pixels)."""
    from IPython.display import HTML  # a notebook has it; the job that publishes on Glue has not

    whole = brief.html
    for picture in brief.pictures:
        data = b64encode(picture.read_bytes()).decode()
        whole = whole.replace(f'<img src="{picture.name}"', f'<img src="data:image/png;base64,{data}"')
    return HTML(templates.render("lab/frame.html", title="Brief", page=whole, height=height))  # type: ignore[no-untyped-call]
