"""The kinds of charts that notebooks and pages draw.

Each takes a DataFrame with at least one row, the names of its columns, `title` and `subtitle`, and a theme: that of the
notebooks unless said otherwise. Rows are drawn in the order they come in, unless a mark says otherwise; a name that is
missing is drawn as "not given". An axis is named `x_title` or `unit`, else as its column is.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from aviation.charts import colours
from aviation.charts.text import readable
from aviation.charts.themes import NOTEBOOK, Theme

NAME_HEIGHT = 18
"""The pixels that the name of a line takes, with room for an axis that is rounded up."""


def bars(
    frame: pd.DataFrame, *, label: str, value: str, text: str | None = None, unit: str | None = None, form: str = ",d",
    colour: str = colours.NEUTRAL, title: str, subtitle: str = "", zero_to: float | None = None,
    theme: Theme = NOTEBOOK,
) -> alt.LayerChart:  # fmt: skip
    """Horizontal bars with what they measure written beside them: `text` (a column), else the value in `form`.

    `colour` is one colour, or the name of a column: of a status, or of another group. `zero_to` is where the axis ends.
    """
    frame = readable(frame, label, text, colour)
    scale = alt.Scale(domain=[min(0, float(frame[value].min())), zero_to]) if zero_to else alt.Scale()
    axis = alt.Axis(format=form, tickCount=5, tickMinStep=1e-9)
    base = alt.Chart(frame).encode(
        x=alt.X(f"{value}:Q", title=unit or value, scale=scale, axis=axis), y=_rows(label, theme, sort=None)
    )
    if colour in frame:
        shades = colours.scale(colour, list(frame[colour].unique()))
        legend = None if colour == label else theme.legend()
        drawn = base.mark_bar().encode(color=alt.Color(f"{colour}:N", scale=shades, legend=legend))
    else:
        faint = f"test(/^(unknown|not given)/, datum['{label}'])"
        shade = alt.condition(faint, alt.value(colours.FAINT_GREY), alt.value(colour))
        drawn = base.mark_bar().encode(color=shade)
    # A negative bar's end is on its left: its figure goes where it covers nothing.
    written = alt.Chart(frame.assign(end=frame[value].astype(float).clip(lower=0))).encode(
        x=alt.X("end:Q", scale=scale),
        y=alt.Y(f"{label}:N", sort=None),
        text=alt.Text(f"{text}:N") if text else alt.Text(f"{value}:Q", format=form),
    )
    labels = written.mark_text(align="left", dx=5, color=theme.ink)
    return theme.dress(drawn, labels, title=title, subtitle=subtitle, rows=frame[label].nunique())


def stacked(
    frame: pd.DataFrame, *, x: str, value: str, group: str, order: Sequence[str] | None = None, title: str,
    subtitle: str = "", x_title: str | None = None, unit: str | None = None, across: Sequence[Any] | None = None,
    theme: Theme = NOTEBOOK,
) -> alt.LayerChart:  # fmt: skip
    """Columns over `x`, stacked by `group` from the bottom up: those of `order` first, others as they come. Every value
    of `across` has its place, if given, whether there is a column of it or not."""
    frame = readable(frame, x, group)
    first = list(order or ())
    names = sorted(frame[group].unique(), key=lambda name: first.index(name) if name in first else len(first))
    lines = "split(datum.label, '\\n')"
    axis = alt.Axis(labelAngle=0, labelOverlap="greedy", labelExpr=lines, grid=False)
    places = alt.Scale(domain=list(across)) if across else alt.Scale()
    highest = float(frame.groupby(x, sort=False)[value].sum().max())
    # Few are counted one by one: left to itself the axis would have halves.
    ticks = (
        {"values": list(range(int(highest) + 2)), "format": "d"} if highest <= 5 else {"tickCount": 6, "tickMinStep": 1}
    )
    ranked = frame.assign(rank=frame[group].map({name: rank for rank, name in enumerate(names)}))
    chart = alt.Chart(ranked).mark_bar().encode(
        x=alt.X(f"{x}:O", sort=None, title=x_title or x, axis=axis, scale=places),
        y=alt.Y(f"{value}:Q", title=unit or value, axis=alt.Axis(**ticks)),
        color=alt.Color(f"{group}:N", scale=colours.scale(group, names), legend=theme.legend()),
        order=alt.Order("rank:Q"),
    )  # fmt: skip
    return theme.dress(chart, title=title, subtitle=subtitle)


def lines(
    frame: pd.DataFrame, *, x: str, value: str, group: str, title: str, subtitle: str = "", x_title: str | None = None,
    unit: str | None = None, x_labels: str = "", theme: Theme = NOTEBOOK,
) -> alt.LayerChart:  # fmt: skip
    """A line a `group` over `x` (a number or a time), each named at its end; a value that is missing leaves a gap.

    `x_labels` is Vega's expression of an axis label, where it is not the number itself.
    """
    frame = readable(frame, group)
    kind = "T" if pd.api.types.is_datetime64_any_dtype(frame[x]) else "Q"
    when = "[timeFormat(datum.value, '%d %b'), timeFormat(datum.value, '%H:%M')]"
    labels = {"labelExpr": x_labels} if x_labels else {}
    axis = alt.Axis(grid=False, tickCount=8, **({"labelExpr": when} if kind == "T" else {"tickMinStep": 1, **labels}))
    span = _span(frame[value])
    colour = alt.Color(f"{group}:N", scale=colours.scale(group, list(frame[group].unique())), legend=None)
    base = alt.Chart(frame).encode(
        x=alt.X(f"{x}:{kind}", title=x_title or x, scale=alt.Scale(nice=False), axis=axis),
        y=alt.Y(
            f"{value}:Q",
            title=unit or value,
            axis=alt.Axis(tickCount=6),
            scale=alt.Scale(padding=8) if span else alt.Scale(domain=[0, 1]),
        ),
        color=colour,
    )
    last = frame.dropna(subset=[value]).sort_values(x).groupby(group, sort=False).tail(1)
    ends = alt.Chart(_apart(last, value, (span or 1.0) * NAME_HEIGHT / theme.height)).mark_text(
        align="left", dx=8, fontWeight="bold", fontSize=13
    )
    named = ends.encode(x=alt.X(f"{x}:{kind}"), y=alt.Y("at:Q"), text=f"{group}:N", color=colour)
    drawn = base.mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=40))
    return theme.dress(drawn, named, title=title, subtitle=subtitle)


def heat(
    frame: pd.DataFrame, *, x: str, x_title: str | None, y: str, value: str, form: str, unit: str, title: str,
    subtitle: str = "", theme: Theme = NOTEBOOK,
) -> alt.LayerChart:  # fmt: skip
    """A cell for each `x` and `y`, in the colours of shares; its value, in `form`, is written in it."""
    frame = readable(frame, x, y)
    base = alt.Chart(frame).encode(
        x=alt.X(f"{x}:O", title=x_title or x, axis=alt.Axis(labelAngle=0, orient="bottom", grid=False)),
        y=alt.Y(f"{y}:N", sort="ascending", title=None, axis=alt.Axis(grid=False)),
    )
    shade = alt.Color(f"{value}:Q", title=unit or value, legend=None, scale=colours.SHARES)
    on_dark = f"luminance(scale('color', datum['{value}'])) < 0.4"
    ink = alt.condition(on_dark, alt.value("white"), alt.value(colours.INK))
    written = base.mark_text(fontSize=11).encode(text=alt.Text(f"{value}:Q", format=form), color=ink)
    cells = base.mark_rect(stroke=theme.gap, strokeWidth=2).encode(color=shade)
    return theme.dress(cells, written, title=title, subtitle=subtitle, rows=frame[y].nunique())


def dots(
    frame: pd.DataFrame, *, label: str, value: str, group: str, unit: str, title: str, subtitle: str = "",
    theme: Theme = NOTEBOOK,
) -> alt.LayerChart:  # fmt: skip
    """A dot a row on the line of its `label`, in the colour of its `group`; a rule joins those of one label."""
    frame = readable(frame, label, group)
    shades = colours.scale(group, sorted(frame[group].unique()))
    base = alt.Chart(frame).encode(y=_rows(label, theme, sort=list(frame[label].unique())))
    rule = base.mark_rule(color="#9aa5b1", strokeWidth=2).encode(x=alt.X(f"min({value}):Q"), x2=f"max({value}):Q")
    marks = base.mark_circle(size=110, opacity=1).encode(
        x=alt.X(f"{value}:Q", title=unit or value, axis=alt.Axis(tickCount=8)),
        color=alt.Color(f"{group}:N", scale=shades, legend=theme.legend()),
    )
    return theme.dress(rule, marks, title=title, subtitle=subtitle, rows=frame[label].nunique())


def scatter(
    frame: pd.DataFrame, *, x: str, x_title: str, y: str, y_title: str, title: str, subtitle: str = "",
    theme: Theme = NOTEBOOK,
) -> alt.LayerChart:  # fmt: skip
    """A dot a row, both axes alike, with the line on which both values are the same."""
    low, high = (float(getattr(frame[[x, y]].astype(float), edge)().agg(edge)) for edge in ("min", "max"))
    scale = alt.Scale(domain=[low - 5, high + 5], nice=False)
    points = alt.Chart(frame).mark_circle(size=55, opacity=0.55, color=colours.NEUTRAL).encode(
        x=alt.X(f"{x}:Q", title=x_title or x, scale=scale, axis=alt.Axis(tickCount=8)),
        y=alt.Y(f"{y}:Q", title=y_title, scale=scale),
    )  # fmt: skip
    ends = pd.DataFrame({"at": [low, high]})
    same = alt.Chart(ends).mark_line(color=theme.quiet, strokeDash=[5, 4]).encode(x="at:Q", y="at:Q")
    three_quarters = pd.DataFrame({"at": [low + 0.75 * (high - low)]})
    note = alt.Chart(three_quarters).mark_text(align="right", dx=-12, dy=-2, color=theme.quiet).encode(
        x="at:Q", y="at:Q", text=alt.value("as late as before")
    )  # fmt: skip
    return theme.dress(same, points, note, title=title, subtitle=subtitle, height=360)


def intervals(
    frame: pd.DataFrame, *, x: str, low: str, high: str, value: str, group: str, title: str, subtitle: str = "",
    x_title: str | None = None, unit: str | None = None, theme: Theme = NOTEBOOK,
) -> alt.LayerChart:  # fmt: skip
    """A rule a row, at the time `x` from `low` to `high`, and a dot at its `value` in the colour of its `group`."""
    frame = readable(frame, group)
    axis = alt.Axis(grid=False, tickCount=8, labelExpr="timeFormat(datum.value, '%H:%M')")
    base = alt.Chart(frame).encode(x=alt.X(f"{x}:T", title=x_title or x, axis=axis))
    rules = base.mark_rule(color=colours.FAINT_GREY, strokeWidth=1).encode(
        y=alt.Y(f"{low}:Q", title=unit or value), y2=f"{high}:Q"
    )
    shades = colours.scale(group, sorted(frame[group].unique()))
    marks = base.mark_circle(size=24, opacity=1).encode(
        y=f"{value}:Q", color=alt.Color(f"{group}:N", scale=shades, legend=theme.legend())
    )
    return theme.dress(rules, marks, title=title, subtitle=subtitle)


def grouped(
    frame: pd.DataFrame, *, label: str, group: str, value: str, unit: str, form: str = ".0f", title: str,
    subtitle: str = "", theme: Theme = NOTEBOOK,
) -> alt.LayerChart:  # fmt: skip
    """Bars side by side: for each `label` one for each `group`, their values written beside them."""
    frame = readable(frame, label, group)
    names = list(frame[group].unique())
    base = alt.Chart(frame).encode(
        y=_rows(label, theme, sort=None),
        yOffset=alt.YOffset(f"{group}:N", sort=names),
        x=alt.X(f"{value}:Q", title=unit or value, axis=alt.Axis(tickCount=6)),
    )
    shades = alt.Color(f"{group}:N", scale=colours.scale(group, names), legend=theme.legend())
    written = base.mark_text(align="left", dx=5, color=theme.ink).encode(text=alt.Text(f"{value}:Q", format=form))
    drawn = base.mark_bar().encode(color=shades)
    return theme.dress(drawn, written, title=title, subtitle=subtitle, rows=len(frame))


def _rows(label: str, theme: Theme, *, sort: list[str] | None) -> alt.Y:
    """The axis of a chart whose rows have names."""
    return alt.Y(f"{label}:N", sort=sort, title=None, axis=alt.Axis(labelLimit=theme.label_limit, grid=False))


def _span(values: "pd.Series[Any]") -> float:
    """How far an axis reaches that has these values and 0; 0 where there is no other."""
    numbers = values.astype(float).dropna()
    return float(max(0, numbers.max()) - min(0, numbers.min())) if len(numbers) else 0.0


def _apart(last: pd.DataFrame, value: str, step: float) -> pd.DataFrame:
    """The lines' last points with `at`: where a name can stand, `step` above the one below it."""
    places: list[float] = []
    ordered = last.sort_values(value)
    for height in ordered[value].astype(float):
        places.append(max(height, places[-1] + step) if places else height)
    return ordered.assign(at=pd.Series(places, index=ordered.index, dtype=float))
