"""Charts for a page: drawn by the marks that the notebooks use, each once, with their figures beneath them."""

from dataclasses import replace

import altair as alt
import pandas as pd
import vl_convert
from markupsafe import Markup

from aviation import templates
from aviation.charts.text import specification
from aviation.charts.themes import PAGE

# Narrow enough that its text keeps its size on a phone; a wide page shows it larger.
PHONE = replace(PAGE, width=300, height=210, legend_columns=3, config=PAGE.config | {
    "padding": {"left": 2, "right": 12, "top": 4, "bottom": 2},
    "axis": PAGE.config["axis"] | {"labelSeparation": 10},
    "legend": PAGE.config["legend"] | {"columnPadding": 24, "labelLimit": 110},
})  # fmt: skip


def figure(title: str, note: str, frame: pd.DataFrame, chart: alt.LayerChart | None) -> Markup:
    """The chart under its note, and the rows of `frame`, to unfold; words where there is no chart."""
    # Made by the renderer, which escapes what the chart holds.
    drawn = Markup(vl_convert.vegalite_to_svg(specification(chart), vl_version="v6_1")) if chart else None
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    columns = [str(name).replace("_", " ") for name in frame.columns]
    return templates.render("board/figure.html", title=title, note=note, chart=drawn, columns=columns, rows=rows)


def _cell(value: object) -> str:
    if value is None or value is pd.NA or value != value:
        return "–"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
