"""The dashboard: one HTML file that needs nothing else, drawn from the tables by the same SQL on AWS and a laptop."""

from datetime import UTC, datetime
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

import altair as alt
import pandas as pd
import vl_convert

from aviation import charts, query
from aviation.status import age

# On time: arrived less than 15 minutes after schedule. A cancelled or diverted flight counts as not on time, as in
# the Air Travel Consumer Report of the US Department of Transportation.
FIGURES = """
select count(*) as flights,
       avg(case when flight_status in ('landed', 'diverted', 'cancelled')
           then case when flight_status = 'landed' and arr_delay_min < 15 then 1e0 else 0e0 end end) as on_time_share,
       count_if(flight_status = 'cancelled') as cancelled,
       count_if(flight_status = 'diverted') as diverted,
       avg(dep_delay_min) as mean_dep_delay_min,
       avg(arr_delay_min) as mean_arr_delay_min,
       min(flight_date) as first_date,
       max(flight_date) as last_date,
       max(observed_at) as newest
from flights"""
BY_STATUS = "select flight_status, count(*) as flights from flights group by flight_status order by flights desc"
BY_AIRLINE = """
select coalesce(airline_name, airline_icao, airline_iata) as airline_name,
       avg(case when flight_status = 'landed' and arr_delay_min < 15 then 1e0 else 0e0 end) as on_time_share,
       count(*) as flights
from flights
where flight_status in ('landed', 'diverted', 'cancelled')
group by 1
order by on_time_share desc, airline_name"""
BY_HOUR = """
select hour(dep_scheduled_local) as hour,
       avg(dep_delay_min) as mean_dep_delay_min,
       avg(arr_delay_min) as mean_arr_delay_min,
       count_if(flight_status = 'cancelled') as cancelled,
       count_if(flight_status <> 'cancelled') as operated
from flights
where dep_scheduled_local is not null
group by 1
order by 1"""
BY_ROUTE = """
select dep_iata || ' → ' || arr_iata as route,
       avg(arr_delay_min) as mean_arr_delay_min,
       count(arr_delay_min) as flights
from flights
group by 1
having count(arr_delay_min) >= 3
order by mean_arr_delay_min desc, route
limit 12"""


def write(path: Path) -> Path:
    """Render the page into `path`, whole or not at all; the path."""
    page = render()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(page, encoding="utf-8")
    partial.replace(path)
    return path.resolve()


def render() -> str:
    """The page's HTML. QueryError where the tables are not there yet."""
    figures = query.sql(FIGURES).iloc[0]
    template = Template(files("aviation").joinpath("dashboard.html").read_text(encoding="utf-8"))
    return template.substitute(
        span=_span(figures),
        tiles=_tiles(figures),
        panels="\n".join(_panels()),
        rendered=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    )


def _span(figures: pd.Series) -> str:
    if not figures["flights"]:
        return "no flights yet"
    first, last = (f"{figures[name]:%Y-%m-%d}" for name in ("first_date", "last_date"))
    return first if first == last else f"{first} to {last}"


def _tiles(figures: pd.Series) -> str:
    values = {
        "flights": f"{figures['flights']:,}",
        "on time": _number(figures["on_time_share"], "{:.1%}"),
        "cancelled": f"{int(figures['cancelled'] or 0):,}",
        "diverted": f"{int(figures['diverted'] or 0):,}",
        "mean departure delay": _number(figures["mean_dep_delay_min"], "{:.0f} min"),
        "mean arrival delay": _number(figures["mean_arr_delay_min"], "{:.0f} min"),
        "data age": age("flights"),
    }
    return "\n".join(
        f'<div class="tile"><dt>{escape(name)}</dt><dd data-figure="{escape(name)}">{escape(value)}</dd></div>'
        for name, value in values.items()
    )


def _number(value: float | None, form: str) -> str:
    return "–" if pd.isna(value) else form.format(value)


def _panels() -> list[str]:
    hours = query.sql(BY_HOUR)
    return [
        _panel("Flights by status", "As last known.", query.sql(BY_STATUS), charts.status_bar),
        _panel(
            "On-time performance by airline",
            "Arrived less than 15 minutes late, of all flights that are over; cancelled and diverted count as late.",
            query.sql(BY_AIRLINE),
            charts.on_time_by_airline,
        ),
        _panel(
            "Delay by hour",
            "Mean of the flights that left and arrived.",
            hours[["hour", "mean_dep_delay_min", "mean_arr_delay_min"]],
            charts.delay_by_hour,
        ),
        _panel("Cancellations by hour", "", hours[["hour", "cancelled", "operated"]], charts.cancellations_by_hour),
        _panel(
            "Most delayed routes",
            "Routes with at least three arrivals.",
            query.sql(BY_ROUTE),
            charts.most_delayed_routes,
        ),
    ]


def _panel(title: str, note: str, frame: pd.DataFrame, draw) -> str:
    if frame.empty:
        body = "<p>No flights to show yet.</p>"
    else:
        body = f'<figure role="img" aria-label="{escape(title)}">{_svg(draw(frame))}</figure>{_table(frame)}'
    return f"<section><h2>{escape(title)}</h2><p>{escape(note)}</p>{body}</section>"


def _svg(chart: alt.Chart) -> str:
    return vl_convert.vegalite_to_svg(chart.to_dict(), vl_version="v6_1")


def _table(frame: pd.DataFrame) -> str:
    html = frame.to_html(index=False, border=0, float_format="{:.2f}".format, na_rep="–")
    return f"<details><summary>The figures</summary>{html}</details>"
