"""Charts of the flight tables: a DataFrame in, an Altair chart out. Notebooks and the dashboard draw with these."""

from aviation.charts.maps import route_map
from aviation.charts.overview import (
    cancellations_by_hour,
    delay_by_hour,
    delay_by_hour_weekday,
    most_delayed_routes,
    on_time_by_airline,
    on_time_by_airport,
    status_bar,
    status_by_hour,
)

__all__ = [
    "cancellations_by_hour",
    "delay_by_hour",
    "delay_by_hour_weekday",
    "most_delayed_routes",
    "on_time_by_airline",
    "on_time_by_airport",
    "route_map",
    "status_bar",
    "status_by_hour",
]
