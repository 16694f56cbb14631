"""Charts for a page: drawn by the marks that the notebooks use, each once, with their figures beneath them."""

import altair as alt
import pandas as pd
import vl_convert
from markupsafe import Markup

from aviation import templates
from aviation.charts.text import specification


def figure(title: str, note: str, frame: pd.DataFrame, chart: alt.LayerChart | None) -> Markup:
    """The chart under its note, and the rows of `frame` to unfold; words where there is no chart."""
    # Made by the renderer, which escapes what the chart holds.
    drawn = Markup(vl_convert.vegalite_to_svg(specification(chart), vl_version="v6_1")) if chart else None
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    columns = [str(name).replace("_", " ") for name in frame.columns]
    return templates.render("board/figure.html", title=title, note=note, chart=drawn, columns=columns, rows=rows)


def _cell(value: object) -> str:
    if value is None or value is pd.NA or value != value:
        return "–"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
