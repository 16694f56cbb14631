"""The brief as a page, as text and as pictures in a folder; and sent."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import altair as alt
import vl_convert

from aviation import home, tell, templates
from aviation.board.pages import hours
from aviation.board.tables import Tables
from aviation.brief.content import Content, content
from aviation.charts.text import specification
from aviation.charts.themes import NOTEBOOK
from aviation.printable import printable


@dataclass(frozen=True)
class Brief:
    """The brief: its `html` shows the pictures by the names of their files, which lie beside it."""

    title: str
    text: str
    html: str
    pictures: list[Path]


@dataclass(frozen=True)
class Picture:
    """A chart of the brief: its file's name, its title, and what it is of."""

    name: str
    title: str
    note: str
    chart: alt.LayerChart


def write(tables: Tables, folder: Path, *, as_of: datetime | None = None) -> Brief:
    """Write brief.html, brief.txt and the pictures of the brief into the folder: as of that instant (UTC where it names
    no zone), or now."""
    said = content(tables, as_of)
    pictures = _pictures(said)
    for picture in pictures:
        drawn = vl_convert.vegalite_to_png(specification(picture.chart), vl_version="v6_1", scale=2)
        home.write(folder / picture.name, drawn)
    page = templates.render("brief/brief.html", said=said, pictures=pictures)
    brief = Brief(said.title, _text(said), str(page), [folder / picture.name for picture in pictures])
    home.write(folder / "brief.html", brief.html)
    home.write(folder / "brief.txt", brief.text)
    return brief


def send(brief: Brief) -> Counter[str]:
    """Send the brief to the addresses of the stack in use: mail gets the page, others the text, with the pictures. Of
    each kind of address how many the brief did not reach."""
    mail = brief.html.replace('<img src="', '<img src="cid:')  # the pictures of the same message
    return tell.send([tell.Message(brief.title, brief.text, mail, tuple(brief.pictures))])


def _pictures(said: Content) -> list[Picture]:
    figures, found = said.figures, []
    if figures and figures.outcomes:
        chart = hours.outcomes_chart(figures.outcomes, NOTEBOOK, hours.OUTCOMES_TITLE)
        found.append(Picture("outcomes.png", hours.OUTCOMES_TITLE, hours.OUTCOMES_NOTE, chart))
    if figures and figures.delays:
        chart = hours.delays_chart(figures.delays, NOTEBOOK, hours.DELAYS_TITLE)
        found.append(Picture("delays.png", hours.DELAYS_TITLE, hours.delays_note(figures.delays), chart))
    return found


def _text(said: Content) -> str:
    parts = [said.title, said.lead]
    parts += ["\n".join([section.title, *(f"- {line}" for line in section.lines)]) for section in said.sections]
    return printable("\n\n".join(parts)) + "\n"
