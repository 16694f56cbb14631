"""Charts for the exploration notebooks, drawn on white with their titles: a kept picture of one says all that it shows.

Each takes a DataFrame with at least one row, the names of its columns, `title` and `subtitle`; rows are drawn in the
order they come in, unless it says otherwise. An axis is named `x_title` or `unit`, else as its column is.
"""

import altair as alt
import pandas as pd

from aviation.charts.style import EARLY, LATE, STATUS_COLOURS

WIDTH = 620
INK, FAINT, GRID = "#1f2933", "#616e7c", "#e4e7eb"
NEUTRAL = "#4c78a8"
SERIES = ["#1f6f8b", "#e07a1f", "#7b2d8b", "#4f772d", "#d1495b", "#8d99ae"]
# From good to bad; what statuses are called keeps their colours.
COLOURS = STATUS_COLOURS | {
    "left on time": EARLY,
    "on time": EARLY,
    "left late": "#f3d9a4",
    "late": "#f3d9a4",
    "by departure": EARLY,
    "after departure": LATE,
    "not yet left": STATUS_COLOURS["scheduled"],
}


def bars(
    frame: pd.DataFrame, *, label: str, value: str, text: str | None = None, unit: str | None = None, form: str = ",d",
    colour: str = NEUTRAL, title: str, subtitle: str = "", zero_to: float | None = None,
) -> alt.LayerChart:  # fmt: skip
    """Horizontal bars with what they measure written beside them: `text` (a column), else the value in `form`.

    `colour` is one colour, or the name of a column whose values COLOURS has."""
    scale = alt.Scale(domain=[min(0, float(frame[value].min())), zero_to]) if zero_to else alt.Scale()
    base = alt.Chart(frame).encode(
        x=alt.X(
            f"{value}:Q", title=unit or value, scale=scale, axis=alt.Axis(format=form, tickCount=5, tickMinStep=1e-9)
        ),
        y=alt.Y(f"{label}:N", sort=None, title=None, axis=alt.Axis(labelLimit=260, grid=False)),
    )
    drawn = base.mark_bar()
    if colour in frame:
        names = list(frame[colour].unique())
        shades = alt.Scale(domain=names, range=_colours(names))
        drawn = drawn.encode(color=alt.Color(f"{colour}:N", scale=shades, legend=None if colour == label else LEGEND))
    else:
        faint = f"indexof(datum['{label}'], 'unknown') == 0"
        drawn = drawn.encode(color=alt.condition(faint, alt.value("#b8c2cc"), alt.value(colour)))
    # A negative bar's end is on its left: its figure goes where it covers nothing.
    end = alt.X("end:Q", scale=scale)
    written = alt.Chart(frame.assign(end=frame[value].astype(float).clip(lower=0))).encode(
        x=end, y=alt.Y(f"{label}:N", sort=None), text=(text and f"{text}:N") or alt.Text(f"{value}:Q", format=form)
    )
    return _framed(
        drawn + written.mark_text(align="left", dx=5, color=INK), title, subtitle, rows=frame[label].nunique()
    )


def stacked(
    frame: pd.DataFrame, *, x: str, value: str, group: str, order: list[str] | None = None, title: str,
    subtitle: str = "", x_title: str | None = None, unit: str | None = None,
) -> alt.Chart:  # fmt: skip
    """Columns over `x`, stacked by `group`: `order` (else as they come) from the bottom up."""
    names = [name for name in (order or frame[group].unique()) if name in set(frame[group])]
    lines = "split(datum.label, '\\n')"
    axis = alt.Axis(labelAngle=0, labelOverlap="greedy", labelExpr=lines, grid=False)
    ranked = frame.assign(rank=frame[group].map({name: rank for rank, name in enumerate(names)}))
    chart = alt.Chart(ranked).mark_bar().encode(
        x=alt.X(f"{x}:O", sort=None, title=x_title or x, axis=axis),
        y=alt.Y(f"{value}:Q", title=unit or value, axis=alt.Axis(tickCount=6, tickMinStep=1)),
        color=alt.Color(f"{group}:N", scale=alt.Scale(domain=names, range=_colours(names)), legend=LEGEND),
        order=alt.Order("rank:Q"),
    )  # fmt: skip
    return _framed(chart, title, subtitle, height=280)


def lines(
    frame: pd.DataFrame,
    *,
    x: str,
    value: str,
    group: str,
    title: str,
    subtitle: str = "",
    x_title: str | None = None,
    unit: str | None = None,
) -> alt.LayerChart:
    """A line a `group` over `x` (a number or a time), each named at its end."""
    names = list(frame[group].unique())
    kind = "T" if pd.api.types.is_datetime64_any_dtype(frame[x]) else "Q"
    when = "[timeFormat(datum.value, '%d %b'), timeFormat(datum.value, '%H:%M')]"
    axis = alt.Axis(grid=False, tickCount=8, **({"labelExpr": when} if kind == "T" else {"tickMinStep": 1}))
    base = alt.Chart(frame).encode(
        x=alt.X(f"{x}:{kind}", title=x_title or x, scale=alt.Scale(nice=False), axis=axis),
        y=alt.Y(f"{value}:Q", title=unit or value, axis=alt.Axis(tickCount=6)),
        color=alt.Color(f"{group}:N", scale=alt.Scale(domain=names, range=_colours(names)), legend=None),
    )
    last = frame.sort_values(x).groupby(group, sort=False).tail(1)
    ends = alt.Chart(_apart(last, value, frame)).mark_text(align="left", dx=8, fontWeight="bold", fontSize=13).encode(
        x=alt.X(f"{x}:{kind}"), y=alt.Y("at:Q"), text=f"{group}:N",
        color=alt.Color(f"{group}:N", scale=alt.Scale(domain=names, range=_colours(names)), legend=None),
    )  # fmt: skip
    return _framed(
        base.mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=40)) + ends, title, subtitle, height=280
    )


def heat(
    frame: pd.DataFrame, *, x: str, x_title: str | None, y: str, value: str, form: str, unit: str, title: str,
    subtitle: str = "",
) -> alt.LayerChart:  # fmt: skip
    """A cell for each `x` and `y`, both in their own order, with its value (a share, 0 to 1) written in it."""
    base = alt.Chart(frame).encode(
        x=alt.X(f"{x}:O", title=x_title or x, axis=alt.Axis(labelAngle=0, orient="bottom", grid=False)),
        y=alt.Y(f"{y}:N", title=None, axis=alt.Axis(grid=False)),
    )
    shade = alt.Color(
        f"{value}:Q",
        title=unit or value,
        legend=None,
        scale=alt.Scale(domain=[0, 0.5, 1], range=[LATE, "#fbf3e0", EARLY]),
    )
    strong = alt.condition(f"datum['{value}'] < 0.2 || datum['{value}'] > 0.85", alt.value("white"), alt.value(INK))
    cells = base.mark_rect(stroke="white", strokeWidth=2).encode(color=shade)
    written = base.mark_text(fontSize=11).encode(text=alt.Text(f"{value}:Q", format=form), color=strong)
    return _framed(cells + written, title, subtitle, rows=frame[y].nunique())


def dots(
    frame: pd.DataFrame, *, label: str, value: str, group: str, unit: str, title: str, subtitle: str = ""
) -> alt.LayerChart:
    """A dot a row on the line of its `label`, in the colour of its `group`; a rule joins those of one label."""
    names = sorted(frame[group].unique())
    y = alt.Y(f"{label}:N", sort=list(frame[label].unique()), title=None, axis=alt.Axis(grid=False, labelLimit=260))
    base = alt.Chart(frame).encode(y=y)
    rule = base.mark_rule(color="#9aa5b1", strokeWidth=2).encode(x=alt.X(f"min({value}):Q"), x2=f"max({value}):Q")
    marks = base.mark_circle(size=110, opacity=1).encode(
        x=alt.X(f"{value}:Q", title=unit or value, axis=alt.Axis(tickCount=8)),
        color=alt.Color(f"{group}:N", scale=alt.Scale(domain=names, range=_colours(names)), legend=LEGEND),
    )
    return _framed(rule + marks, title, subtitle, rows=frame[label].nunique())


def scatter(
    frame: pd.DataFrame, *, x: str, x_title: str, y: str, y_title: str, title: str, subtitle: str = ""
) -> alt.LayerChart:
    """A dot a row, both axes alike, with the line on which both values are the same."""
    low, high = (float(getattr(frame[[x, y]].astype(float), edge)().agg(edge)) for edge in ("min", "max"))
    scale = alt.Scale(domain=[low - 5, high + 5], nice=False)
    points = alt.Chart(frame).mark_circle(size=55, opacity=0.55, color=NEUTRAL).encode(
        x=alt.X(f"{x}:Q", title=x_title or x, scale=scale, axis=alt.Axis(tickCount=8)),
        y=alt.Y(f"{y}:Q", title=y_title, scale=scale),
    )  # fmt: skip
    ends = pd.DataFrame({"at": [low, high]})
    same = alt.Chart(ends).mark_line(color=FAINT, strokeDash=[5, 4]).encode(x="at:Q", y="at:Q")
    three_quarters = pd.DataFrame({"at": [low + 0.75 * (high - low)]})
    note = alt.Chart(three_quarters).mark_text(align="right", dx=-12, dy=-2, color=FAINT).encode(
        x="at:Q", y="at:Q", text=alt.value("as late as before")
    )  # fmt: skip
    return _framed(same + points + note, title, subtitle, height=360)


def grouped(
    frame: pd.DataFrame, *, label: str, group: str, value: str, unit: str, form: str = ".0f", title: str,
    subtitle: str = "",
) -> alt.LayerChart:  # fmt: skip
    """Bars side by side: for each `label` one for each `group`, their values written beside them."""
    names = list(frame[group].unique())
    base = alt.Chart(frame).encode(
        y=alt.Y(f"{label}:N", sort=None, title=None, axis=alt.Axis(grid=False, labelLimit=260)),
        yOffset=alt.YOffset(f"{group}:N", sort=names),
        x=alt.X(f"{value}:Q", title=unit or value, axis=alt.Axis(tickCount=6)),
    )
    shades = alt.Color(f"{group}:N", scale=alt.Scale(domain=names, range=_colours(names)), legend=LEGEND)
    written = base.mark_text(align="left", dx=5, color=INK).encode(text=alt.Text(f"{value}:Q", format=form))
    return _framed(base.mark_bar().encode(color=shades) + written, title, subtitle, rows=len(frame))


LEGEND = alt.Legend(title=None, orient="top", direction="horizontal", symbolType="square", columns=6)


def _colours(names: list[str]) -> list[str]:
    """A colour for each name, its own where it has one."""
    spare = iter(SERIES * (1 + len(names) // len(SERIES)))
    return [COLOURS.get(name) or next(spare) for name in names]


def _apart(last: pd.DataFrame, value: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The lines' last points with `at`: where a name can stand without covering the one below it."""
    numbers = frame[value].astype(float)
    step = (numbers.max() - min(0, numbers.min())) / 16
    places, below = [], float("-inf")
    ordered = last.sort_values(value)
    for height in ordered[value].astype(float):
        below = max(height, below + step)
        places.append(below)
    return ordered.assign(at=places)


def _framed(chart, title: str, subtitle: str, *, rows: int | None = None, height: int | None = None):
    """The look that these charts share; `rows` sizes a chart by the number of its bars."""
    heading = alt.TitleParams(title, subtitle=subtitle.split("\n") if subtitle else [])
    return (
        chart.properties(width=WIDTH, height=height or max(2, rows) * 25, title=heading)
        .configure(background="white", font="Arial, Liberation Sans, sans-serif", padding=14)
        .configure_view(strokeWidth=0)
        .configure_title(
            anchor="start", frame="group", color=INK, fontSize=17, offset=14,
            subtitleColor=FAINT, subtitleFontSize=13, subtitlePadding=5,
        )
        .configure_axis(
            labelColor=INK, titleColor=FAINT, titleFontWeight="normal", labelFontSize=12, titleFontSize=12,
            gridColor=GRID, domainColor="#cbd2d9", tickColor="#cbd2d9",
        )
        .configure_legend(labelColor=INK, labelFontSize=12, symbolSize=120)
        .configure_text(fontSize=12)
    )  # fmt: skip
