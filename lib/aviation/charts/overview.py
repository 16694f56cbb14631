"""Charts of how a day or a network is doing, as the dashboard shows them first."""

import altair as alt
import pandas as pd

from aviation.charts.style import EARLY, LATE, STATUS_COLOURS, labels, styled


def status_bar(flights: pd.DataFrame) -> alt.Chart:
    """`flight_status, flights` (a count): one bar a status."""
    bars = alt.Chart(flights).encode(
        x=alt.X("flights:Q", title="flights"),
        y=alt.Y("flight_status:N", sort="-x", title=None),
    )
    colour = alt.Color(
        "flight_status:N",
        scale=alt.Scale(domain=list(STATUS_COLOURS), range=list(STATUS_COLOURS.values())),
        legend=None,
    )
    return styled(bars.mark_bar().encode(color=colour) + labels(bars, "flights:Q", ",d"), rows=len(flights))


def on_time_by_airline(airlines: pd.DataFrame) -> alt.Chart:
    """`airline_name, on_time_share` (0 to 1), `flights`: one bar an airline, best first."""
    bars = alt.Chart(airlines).encode(
        x=alt.X(
            "on_time_share:Q",
            title="on time, of all scheduled",
            axis=alt.Axis(format="%", tickCount=5),
            scale={"domain": [0, 1]},
        ),
        y=alt.Y("airline_name:N", sort="-x", title=None, axis=alt.Axis(labelLimit=190)),
    )
    return styled(
        bars.mark_bar(color=STATUS_COLOURS["landed"]) + labels(bars, "on_time_share:Q", ".0%"), rows=len(airlines)
    )


def delay_by_hour(hours: pd.DataFrame) -> alt.Chart:
    """`hour` (0 to 23, local to the departure), `mean_dep_delay_min`, `mean_arr_delay_min`: two lines."""
    names = {"mean_dep_delay_min": "departure", "mean_arr_delay_min": "arrival"}
    long = hours.rename(columns=names).melt("hour", list(names.values()), "delay", "minutes")
    lines = alt.Chart(long).encode(
        x=alt.X("hour:Q", title="scheduled departure, local hour", axis=alt.Axis(tickMinStep=1), scale={"nice": False}),
        y=alt.Y("minutes:Q", title="mean delay, minutes"),
        color=alt.Color(
            "delay:N",
            title=None,
            scale=alt.Scale(domain=list(names.values()), range=["#4c78a8", LATE]),
            legend=alt.Legend(orient="top"),
        ),
    )
    return styled(lines.mark_line(point=True), height=230)


def cancellations_by_hour(hours: pd.DataFrame) -> alt.Chart:
    """`hour`, `cancelled`, `operated` (counts): one stacked bar an hour."""
    long = hours.melt("hour", ["operated", "cancelled"], "outcome", "flights")
    bars = (
        alt.Chart(long)
        .mark_bar()
        .encode(
            x=alt.X("hour:O", title="scheduled departure, local hour", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("flights:Q", title="flights"),
            color=alt.Color(
                "outcome:N",
                title=None,
                scale=alt.Scale(domain=["operated", "cancelled"], range=["#8d99ae", STATUS_COLOURS["cancelled"]]),
                legend=alt.Legend(orient="top"),
            ),
            order=alt.Order("outcome:N", sort="ascending"),
        )
    )
    return styled(bars, height=230)


def most_delayed_routes(routes: pd.DataFrame) -> alt.Chart:
    """`route`, `mean_arr_delay_min`, `flights`: one bar a route, worst first."""
    bars = alt.Chart(routes).encode(
        x=alt.X("mean_arr_delay_min:Q", title="mean arrival delay, minutes", axis=alt.Axis(tickCount=6)),
        y=alt.Y("route:N", sort="-x", title=None),
    )
    return styled(bars.mark_bar(color=LATE) + labels(bars, "mean_arr_delay_min:Q", ".0f"), rows=len(routes))


def status_by_hour(hours: pd.DataFrame) -> alt.Chart:
    """`hour` (0 to 23, local to the departure), `flight_status`, `flights` (a count): one stacked bar an hour."""
    names = [name for name in STATUS_COLOURS if name in set(hours["flight_status"])]
    bars = alt.Chart(hours.assign(rank=hours["flight_status"].map(names.index))).mark_bar()
    encoded = bars.encode(
        x=alt.X("hour:O", title="scheduled departure, local hour", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("flights:Q", title="flights", axis=alt.Axis(tickCount=6, tickMinStep=1)),
        color=alt.Color(
            "flight_status:N",
            title=None,
            scale=alt.Scale(domain=names, range=[STATUS_COLOURS[name] for name in names]),
            legend=alt.Legend(orient="top", columns=4),
        ),
        order=alt.Order("rank:Q"),
    )
    return styled(encoded, height=230)


def on_time_by_airport(airports: pd.DataFrame) -> alt.Chart:
    """`airport`, `on_time_share` (0 to 1) of its departures, `flights`: one bar an airport, as they come."""
    bars = alt.Chart(airports).encode(
        x=alt.X(
            "on_time_share:Q",
            title="departures on time, of all scheduled",
            axis=alt.Axis(format="%", tickCount=5),
            scale={"domain": [0, 1]},
        ),
        y=alt.Y("airport:N", sort=None, title=None),
    )
    return styled(
        bars.mark_bar(color=STATUS_COLOURS["active"]) + labels(bars, "on_time_share:Q", ".0%"), rows=len(airports)
    )


def delay_by_hour_weekday(cells: pd.DataFrame) -> alt.Chart:
    """`weekday` (1 Monday to 7), `hour`, `median_dep_delay_min`, `flights`: a cell for each, the later the redder."""
    days = dict(enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), start=1))
    named = cells.dropna(subset=["median_dep_delay_min"]).assign(day=lambda frame: frame["weekday"].map(days))
    most = max(60, int(named["median_dep_delay_min"].max() or 0)) if len(named) else 60
    base = alt.Chart(named).encode(
        x=alt.X("hour:O", title="scheduled departure, local hour", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("day:O", sort=[day for day in days.values() if day in set(named["day"])], title=None),
    )
    shade = alt.Color(
        "median_dep_delay_min:Q",
        title="minutes",
        scale=alt.Scale(domain=[0, 15, most], range=[EARLY, "#f1e3c4", LATE], clamp=True),
        legend=alt.Legend(orient="top", gradientLength=160),
    )
    return styled(base.mark_rect(stroke="#8d99ae44").encode(color=shade), rows=max(3, named["day"].nunique() + 2))
