"""How a notebook shows what it asked: a finding in words, an answer as a chart or a table with its SQL folded below."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import altair as alt
import pandas as pd
import PIL.Image
import sqlglot
import vl_convert
from IPython.display import HTML, Image, Markdown, display

from aviation import templates
from aviation.charts.text import specification
from aviation.printable import in_markdown
from aviation.report import Report

# Pixels a unit of the chart: sharp on a dense screen, and small enough for a repository.
SCALE = 1.25
COLOURS = 32

Mark = Callable[..., alt.TopLevelMixin]


@dataclass(frozen=True)
class Answer:
    """The answer to one question.

    `frame` has its rows, with the columns that the question's docstring names, and `sql` the SELECT that gave them, in
    Athena's dialect. A notebook shows the chart that `mark` (of `aviation.charts.marks`) makes of `drawn`, the rows as
    the mark takes them (else `frame`), with `options`; without a mark it shows them as a table.
    """

    frame: pd.DataFrame
    sql: str
    mark: Mark | None = None
    drawn: pd.DataFrame | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def picture(self) -> Image | HTML | Markdown:
        """The chart, or the table; words where there is nothing to draw."""
        rows = self.frame if self.drawn is None else self.drawn
        return picture(self.mark, rows, **self.options) if self.mark else table(rows)

    def query(self) -> HTML:
        """The SELECT, folded: a click opens it, in JupyterLab and where a notebook is shown as a page."""
        text = sqlglot.transpile(self.sql, read="athena", write="athena", pretty=True)[0]
        return HTML(templates.render("explore/sql.html", text=text))  # type: ignore[no-untyped-call]

    def _ipython_display_(self) -> None:
        display(self.picture(), self.query())  # type: ignore[no-untyped-call]


def chart(
    sql: str, frame: pd.DataFrame, mark: Mark, *, title: str, drawn: pd.DataFrame | None = None, **options: Any
) -> Answer:
    """The Answer that is drawn as `mark(drawn, title=title, **options)`."""
    return Answer(frame, sql, mark, drawn, {"title": title, **options})


@dataclass(frozen=True)
class Finding:
    """What was found, in two sentences. `warning` says in a line which parameter selects nothing; then the run that
    shows the finding has the status `warning`, and that line as its reason."""

    text: str
    warning: str | None = None

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        warning = self.warning if self.warning and self.warning not in self.text else ""
        # Names in both come from the tables.
        marked = in_markdown(self.text) + (f"\n\n**Warning:** {in_markdown(warning)}" if warning else "")
        plain = self.text + (f"\n\n**Warning:** {warning}" if warning else "")
        report = Report(status="warning", warning=self.warning)._repr_mimebundle_() if self.warning else {}
        return report | {"text/markdown": marked, "text/plain": plain}


def picture(draw: Mark, frame: pd.DataFrame, *, title: str, **options: Any) -> Image | Markdown:
    """The chart `draw(frame, title=title, **options)` as a PNG on white; a line that says so where `frame` is empty."""
    if frame.empty:
        return Markdown(  # type: ignore[no-untyped-call]
            f"*{in_markdown(title)}: there is nothing to draw, because the tables have no such rows.*"
        )
    drawn = png(draw(frame, title=title, **options))
    # Shown in the chart's own units, all charts have text of one size.
    width = PIL.Image.open(BytesIO(drawn)).width
    return Image(drawn, format="png", alt=title, width=round(width / SCALE))  # type: ignore[no-untyped-call]


def table(frame: pd.DataFrame) -> HTML | Markdown:
    """The rows as a table, nothing cut off; a line that says so where there are none."""
    if frame.empty:
        return Markdown(  # type: ignore[no-untyped-call]
            "*There is nothing to list, because the tables have no such rows.*"
        )
    with pd.option_context("display.max_colwidth", None):
        shown = frame.astype(object).where(frame.notna(), "–").to_html(index=False, border=0, justify="right")
    return HTML(shown)  # type: ignore[no-untyped-call]


def png(chart: alt.TopLevelMixin) -> bytes:
    """The chart as a PNG of at most COLOURS colours. The same chart gives the same bytes on the same machine."""
    drawn = PIL.Image.open(BytesIO(vl_convert.vegalite_to_png(specification(chart), scale=SCALE)))
    packed = BytesIO()
    drawn.convert("RGB").quantize(COLOURS).save(packed, "PNG", optimize=True)
    return packed.getvalue()
