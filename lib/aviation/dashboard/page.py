"""The dashboard: one HTML file that needs nothing else, drawn from the tables by the same SQL on AWS and a laptop."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import airportsdata
import altair as alt
import pandas as pd
import vl_convert
from markupsafe import Markup

from aviation import home, query, templates
from aviation.charts.maps import route_map
from aviation.charts.text import specification
from aviation.charts.themes import PAGE
from aviation.dashboard import queries as asked
from aviation.dashboard.departures import board
from aviation.dashboard.panels import ARRIVED_ON_TIME, OVER, PANELS, Panel
from aviation.errors import QueryError
from aviation.status import age, freshness_lines

Ask = Callable[[str], pd.DataFrame]


@dataclass(frozen=True)
class Section:
    """A part of the page: its heading, and its content or why there is none."""

    title: str
    body: Markup | None = None
    problem: str = ""


@dataclass(frozen=True)
class Tile:
    """A number at the top of the page; `label` says what it is of, where its name alone does not."""

    name: str
    value: str
    label: str


def write(path: Path) -> Path:
    """Render the page into `path`, whole or not at all; the path."""
    home.write(path, render())
    return path.resolve()


def render() -> str:
    """The page's HTML. QueryError where the tables are not there yet; a part that cannot be drawn says why."""
    ask = cache(query.sql)
    figures = ask(asked.FIGURES).iloc[0]
    page = templates.render(
        "dashboard/page.html",
        span=_span(figures),
        tiles=_tiles(figures),
        on_time=ARRIVED_ON_TIME,
        panels=[_section(panel.title, partial(_chart, panel, ask)) for panel in PANELS],
        map=_section("Routes, and aircraft in the air", partial(_map, ask)),
        board=_section("Departures and arrivals", partial(board, ask)),
        freshness="".join(f"Freshness: {line}." for line in freshness_lines() if line),
        rendered=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    )
    return str(page)


def _span(figures: "pd.Series[Any]") -> str:
    if not figures["flights"]:
        return "no flights yet"
    first, last = (f"{figures[name]:%Y-%m-%d}" for name in ("first_date", "last_date"))
    return first if first == last else f"{first} to {last}"


def _tiles(figures: "pd.Series[Any]") -> list[Tile]:
    over = figures["flights_over"]
    labels = {"on time": f"on time, of {OVER}"}
    values = {
        "flights": f"{int(figures['flights']):,}",
        "on time": _number(figures["on_time"] / over if over else None, "{:.1%}"),
        "cancelled": _number(figures["cancelled"], "{:,.0f}"),
        "diverted": _number(figures["diverted"], "{:,.0f}"),
        "median departure delay": _number(figures["median_dep_delay_min"], "{:.0f} min"),
        "p90 departure delay": _number(figures["p90_dep_delay_min"], "{:.0f} min"),
        "median arrival delay": _number(figures["median_arr_delay_min"], "{:.0f} min"),
        "p90 arrival delay": _number(figures["p90_arr_delay_min"], "{:.0f} min"),
        "data age": age("flights"),
    }
    return [Tile(name, value, labels.get(name, name)) for name, value in values.items()]


def _number(value: float | None, form: str) -> str:
    return "–" if value is None or pd.isna(value) else form.format(value)


def _section(title: str, body: Callable[[], Markup]) -> Section:
    """A part of the page; where the tables lack what it needs, it says so and the rest of the page stands."""
    try:
        return Section(title, body())
    except QueryError as error:
        return Section(title, problem=str(error))


def _chart(panel: Panel, ask: Ask) -> Markup:
    answer = ask(panel.query)
    frame = answer[list(panel.columns)] if panel.columns else answer
    note = panel.note if isinstance(panel.note, str) else panel.note(frame)
    return _figure(panel.title, note, frame, lambda: panel.draw(frame, title=panel.title, theme=PAGE))


def _map(ask: Ask) -> Markup:
    routes, aircraft = _placed(ask(asked.ROUTES)), ask(asked.IN_THE_AIR)
    counts = {0: "No aircraft is in the air.", 1: "1 aircraft is in the air."}
    flying = counts.get(len(aircraft), f"{len(aircraft):,} aircraft are in the air.")
    note = f"{flying} Line width shows the number of flights; triangles are aircraft."
    figures = routes[["dep_iata", "arr_iata", "flights"]]
    return _figure("Map of the routes", note, figures, lambda: route_map(routes, aircraft))


def _placed(routes: pd.DataFrame) -> pd.DataFrame:
    """The routes whose airports' places are known, with the degrees of both ends."""
    places = pd.DataFrame.from_dict(airportsdata.load("IATA"), orient="index")[["lon", "lat"]]
    for end, code in (("from", "dep_iata"), ("to", "arr_iata")):
        degrees = places.rename(columns={"lon": f"{end}_longitude", "lat": f"{end}_latitude"})
        routes = routes.merge(degrees, left_on=code, right_index=True)
    return routes


def _figure(title: str, note: str, frame: pd.DataFrame, draw: Callable[[], alt.LayerChart]) -> Markup:
    """A chart with its note above it and its figures beneath."""
    chart = None
    if not frame.empty:
        # Made by the renderer, which escapes what the chart holds.
        chart = Markup(vl_convert.vegalite_to_svg(specification(draw()), vl_version="v6_1"))
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    return templates.render(
        "dashboard/figure.html", title=title, note=note, chart=chart, columns=list(frame.columns), rows=rows
    )


def _cell(value: Any) -> str:
    if pd.isna(value):
        return "–"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
