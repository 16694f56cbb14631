"""The dashboard: one HTML file that needs nothing else, drawn from the tables by the same SQL on AWS and a laptop."""

from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

import airportsdata
import altair as alt
import pandas as pd
import vl_convert

from aviation import charts, query
from aviation.dashboard import queries as asked
from aviation.dashboard.departures import board
from aviation.errors import QueryError
from aviation.status import age, freshness_lines

EMPTY = "No flights to show yet."


def write(path: Path) -> Path:
    """Render the page into `path`, whole or not at all; the path."""
    page = render()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(page, encoding="utf-8")
    partial.replace(path)
    return path.resolve()


def render() -> str:
    """The page's HTML. QueryError where the tables are not there yet; a part that cannot be drawn says why."""
    figures = query.sql(asked.FIGURES).iloc[0]
    template = Template(files("aviation.dashboard").joinpath("page.html").read_text(encoding="utf-8"))
    return template.substitute(
        span=_span(figures),
        tiles=_tiles(figures),
        panels="\n".join(_panels()),
        map=_section("Routes, and aircraft in the air", _map),
        board=_section("Departures and arrivals", board),
        freshness=escape("".join(f"Freshness: {line}." for line in freshness_lines() if line)),
        rendered=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    )


def _span(figures: pd.Series) -> str:
    if not figures["flights"]:
        return "no flights yet"
    first, last = (f"{figures[name]:%Y-%m-%d}" for name in ("first_date", "last_date"))
    return first if first == last else f"{first} to {last}"


def _tiles(figures: pd.Series) -> str:
    over = figures["flights_over"]
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
    return "\n".join(
        f'<div class="tile"><dt>{escape(name)}</dt><dd data-figure="{escape(name)}">{escape(value)}</dd></div>'
        for name, value in values.items()
    )


def _number(value: float | None, form: str) -> str:
    return "–" if pd.isna(value) else form.format(value)


def _panels() -> list[str]:
    hours = query.sql(asked.BY_HOUR)
    delays, counts = ["hour", "mean_dep_delay_min", "mean_arr_delay_min"], ["hour", "cancelled", "operated"]
    parts = (
        ("Flights by status", "As last known.", lambda: query.sql(asked.BY_STATUS), charts.status_bar),
        (
            "Status through the day",
            "All days together.",
            lambda: query.sql(asked.BY_HOUR_STATUS),
            charts.status_by_hour,
        ),
        (
            "On-time performance by airline",
            "Arrived less than 15 minutes late, of all flights that are over; cancelled and diverted count as late. "
            f"The {asked.MOST_AIRLINES} airlines with the most flights.",
            lambda: query.sql(asked.BY_AIRLINE),
            charts.on_time_by_airline,
        ),
        (
            "On-time departures by airport",
            "Left less than 15 minutes late, of all that are over; the busiest airports, busiest first.",
            lambda: query.sql(asked.BY_AIRPORT),
            charts.on_time_by_airport,
        ),
        ("Delay by hour", "Mean of the flights that left and arrived.", lambda: hours[delays], charts.delay_by_hour),
        ("Cancellations by hour", _cancelled(hours), lambda: hours[counts], charts.cancellations_by_hour),
        (
            "Delay by hour and weekday",
            "Median departure delay, in minutes. A weekday without flights in the tables has no row.",
            lambda: query.sql(asked.BY_HOUR_WEEKDAY),
            charts.delay_by_hour_weekday,
        ),
        (
            "Most delayed routes",
            "Routes with at least three arrivals.",
            lambda: query.sql(asked.BY_ROUTE),
            charts.most_delayed_routes,
        ),
    )
    return [_section(title, lambda part=part: _chart(*part)) for title, *part in ((part[0], *part) for part in parts)]


def _cancelled(hours: pd.DataFrame) -> str:
    if hours.empty:
        return ""
    total = int(hours["cancelled"].sum())
    return f"{total:,} flights were cancelled." if total else "No flight was cancelled."


def _section(title: str, body: Callable[[], str]) -> str:
    """A part of the page; where the tables lack what it needs, it says so and the rest of the page stands."""
    try:
        content = body()
    except QueryError as error:
        content = f"<p>This part cannot be shown: {escape(str(error))}</p>"
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _chart(title: str, note: str, ask: Callable[[], pd.DataFrame], draw: Callable) -> str:
    frame = ask()
    body = f"<p>{EMPTY}</p>" if frame.empty else f"{_figure(title, draw(frame))}{_table(title, frame)}"
    return (f"<p>{escape(note)}</p>" if note else "") + body


def _map() -> str:
    routes = _placed(query.sql(asked.ROUTES))
    aircraft = query.sql(asked.IN_THE_AIR)
    if routes.empty:
        return f"<p>{EMPTY}</p>"
    flying = f"{len(aircraft):,} aircraft are in the air." if len(aircraft) else "No aircraft is in the air."
    note = f"<p>{flying} A route is the wider the more flights it has; triangles are aircraft.</p>"
    figures = routes[["dep_iata", "arr_iata", "flights"]]
    return note + _figure("Map of the routes", charts.route_map(routes, aircraft)) + _table("Routes", figures)


def _placed(routes: pd.DataFrame) -> pd.DataFrame:
    """The routes whose airports' places are known, with the degrees of both ends."""
    places = airportsdata.load("IATA")
    for end, code in (("from", "dep_iata"), ("to", "arr_iata")):
        for name, short in (("longitude", "lon"), ("latitude", "lat")):
            degrees = [places[iata][short] if iata in places else None for iata in routes[code]]
            routes[f"{end}_{name}"] = pd.Series(degrees, index=routes.index, dtype=float)
    return routes.dropna()


def _figure(title: str, chart: alt.TopLevelMixin) -> str:
    svg = vl_convert.vegalite_to_svg(chart.to_dict(), vl_version="v6_1")
    return f'<figure role="img" aria-label="{escape(title)}">{svg}</figure>'


def _table(title: str, frame: pd.DataFrame) -> str:
    html = frame.to_html(index=False, border=0, float_format="{:.2f}".format, na_rep="–")
    named = html.replace("<thead>", f"<caption class='unseen'>{escape(title)}</caption><thead>", 1)
    return f"<details><summary>The figures</summary>{named.replace('<th>', '<th scope=col>')}</details>"
