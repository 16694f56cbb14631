"""How a notebook shows an answer: a chart as a picture that every viewer draws, or words where there is nothing."""

from collections.abc import Callable

import altair as alt
import pandas as pd
import vl_convert
from IPython.display import Image, Markdown

# Pixels a unit of the chart: sharp on a dense screen, and small enough for a repository.
SCALE = 1.75


def picture(draw: Callable[..., alt.TopLevelMixin], frame: pd.DataFrame, *, title: str, **options) -> Image | Markdown:
    """The chart `draw(frame, title=title, **options)` as a PNG on white; a line that says so where `frame` is empty."""
    if frame.empty:
        return Markdown(f"*{title}: there is nothing to draw, for the tables have no such rows.*")
    return Image(png(draw(frame, title=title, **options)), format="png", alt=title, width=720)


def png(chart: alt.TopLevelMixin) -> bytes:
    """The chart as a PNG. The same chart gives the same bytes on the same machine."""
    return vl_convert.vegalite_to_png(chart.to_json(), scale=SCALE)
