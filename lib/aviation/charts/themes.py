"""The two looks of a chart.

NOTEBOOK is on white with its title: a picture that says all that it shows. PAGE is for HTML that writes the title
itself: transparent, its text in the page's own colour (`currentColor`), so that it reads in light and dark.
"""

from dataclasses import dataclass
from typing import Any

import altair as alt

from aviation.charts.colours import INK, QUIET


@dataclass(frozen=True)
class Theme:
    """A look: sizes in pixels, the ink of text, and Vega-Lite's configuration.

    `bar_height` is the height of a row of bars or cells, `height` that of a chart without rows, `gap` the colour of
    the line between two cells. Where `titled` is false, the chart leaves its title and subtitle to the page.
    """

    width: int
    height: int
    bar_height: int
    label_limit: int
    legend_columns: int
    ink: str
    quiet: str
    gap: str
    titled: bool
    config: dict[str, Any]

    def legend(self) -> alt.Legend:
        """The legend of a chart's groups, in a row above it."""
        return alt.Legend(
            title=None, orient="top", direction="horizontal", symbolType="square", columns=self.legend_columns
        )

    def dress(self, *layers: alt.Chart, title: str, subtitle: str, rows: int = 0, height: int = 0) -> alt.LayerChart:
        """The layers as a finished chart. Its height: `height`, else that of its `rows` of bars, else the theme's."""
        height = height or (max(2, rows) * self.bar_height if rows else self.height)
        chart = alt.LayerChart(layer=list(layers), width=self.width, height=height, config=self.config)
        if self.titled:
            chart.title = alt.TitleParams(title, subtitle=subtitle.split("\n") if subtitle else [])
        return chart


def _axis(ink: str, quiet: str, grid: str, line: str) -> dict[str, Any]:
    colours = {"labelColor": ink, "titleColor": quiet, "gridColor": grid, "domainColor": line, "tickColor": line}
    return {"titleFontWeight": "normal", "labelFontSize": 12, "titleFontSize": 12, **colours}


NOTEBOOK = Theme(
    width=620, height=280, bar_height=25, label_limit=260, legend_columns=6,
    ink=INK, quiet=QUIET, gap="white", titled=True,
    config={
        "background": "white",
        "font": "Arial, Liberation Sans, sans-serif",
        "padding": 14,
        "view": {"strokeWidth": 0},
        "axis": _axis(INK, QUIET, "#e4e7eb", "#cbd2d9"),
        "legend": {"labelColor": INK, "labelFontSize": 12, "symbolSize": 120},
        "text": {"fontSize": 12},
        "title": {
            "anchor": "start", "frame": "group", "color": INK, "fontSize": 17, "offset": 14,
            "subtitleColor": QUIET, "subtitleFontSize": 13, "subtitlePadding": 5,
        },
    },
)  # fmt: skip
PAGE = Theme(
    width=440, height=230, bar_height=24, label_limit=190, legend_columns=4,
    ink="currentColor", quiet="currentColor", gap="#8d99ae44", titled=False,
    config={
        "background": "transparent",
        "font": "Arial, Helvetica, sans-serif",
        # The page's font is wider than the one that the text was measured with: leave it some room.
        "padding": {"left": 16, "right": 24, "top": 4, "bottom": 4},
        "view": {"strokeWidth": 0},
        "axis": _axis("currentColor", "currentColor", "#8d99ae44", "currentColor"),
        "legend": {"labelColor": "currentColor", "titleColor": "currentColor", "labelFontSize": 12},
        "text": {"fontSize": 11},
    },
)  # fmt: skip
