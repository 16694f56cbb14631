"""The look that all charts share. Colours follow the text colour of the page where they can (`currentColor`), so that a
chart reads in light and dark."""

import altair as alt

WIDTH = 440
PADDING = {"left": 16, "right": 24, "top": 4, "bottom": 4}
STATUS_COLOURS = {
    "landed": "#2a9d8f",
    "active": "#4c78a8",
    "scheduled": "#8d99ae",
    "diverted": "#e9a23b",
    "cancelled": "#d1495b",
    "incident": "#7b2d8b",
    "unknown": "#6c757d",
}
EARLY, LATE = "#2a9d8f", "#d1495b"


def styled(chart: alt.Chart | alt.LayerChart, *, rows: int | None = None, height: int | None = None) -> alt.Chart:
    """The look that all charts share; `rows` sizes a bar chart by the number of its bars."""
    return (
        chart.properties(width=WIDTH, height=height or max(1, rows or 1) * 24)
        # The page's font is wider than the one that the text was measured with: leave it some room.
        .configure(background="transparent", font="Arial, Helvetica, sans-serif", padding=PADDING)
        .configure_view(strokeWidth=0)
        .configure_axis(
            labelColor="currentColor",
            titleColor="currentColor",
            titleFontWeight="normal",
            domainColor="currentColor",
            tickColor="currentColor",
            gridColor="#8d99ae44",
            labelFontSize=12,
            titleFontSize=12,
        )
        .configure_legend(labelColor="currentColor", labelFontSize=12)
    )


def labels(bars: alt.Chart, field: str, form: str) -> alt.Chart:
    return bars.mark_text(align="left", dx=4, color="currentColor").encode(text=alt.Text(field, format=form))
