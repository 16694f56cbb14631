"""Charts of the flight tables: a DataFrame in, an Altair chart out. Notebooks and the dashboard draw with these."""

from aviation.charts.overview import (
    cancellations_by_hour,
    delay_by_hour,
    most_delayed_routes,
    on_time_by_airline,
    status_bar,
)

__all__ = [
    "cancellations_by_hour",
    "delay_by_hour",
    "most_delayed_routes",
    "on_time_by_airline",
    "status_bar",
]
