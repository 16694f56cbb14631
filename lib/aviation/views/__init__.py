"""The views of the Glue database: what decision makers ask, written once in Athena's SQL.

In: the tables that `aviation.load` fills. Out: views over them, in the Glue catalog, which the load publishes and
`aviation.sql` reads. Before it: `aviation.load`. After it: `aviation.sql`. Standard library and boto3 only: the Glue
job publishes them.
"""

from decimal import Decimal, InvalidOperation
from typing import Any

from aviation.errors import ParameterError
from aviation.views import (
    aircraft,
    airports,
    connections,
    delays,
    exposure,
    exposure_days,
    forecasts,
    operations,
    so_far,
)
from aviation.views.declaration import PASSENGERS, PLACEHOLDER, View
from aviation.views.glue import put, table_input

VIEWS = (
    delays.ON_TIME_BY_AIRLINE_DAY,
    delays.ON_TIME_BY_AIRPORT_HOUR,
    delays.DELAYS_BY_ROUTE_DAY,
    delays.DELAYS_BY_HOUR_WEEKDAY,
    delays.CANCELLATIONS_DIVERSIONS,
    aircraft.TURN_AROUNDS,
    aircraft.FLEET,
    operations.DELAY_COST,
    operations.DATA_FRESHNESS,
    so_far.FLIGHTS_SO_FAR,
    so_far.DAYS_SO_FAR,
    exposure.PASSENGER_EXPOSURE,
    exposure_days.PASSENGER_EXPOSURE_BY_AIRLINE_DAY,
    connections.CONNECTIONS_AT_RISK,
    forecasts.FORECAST_SCORES,
    airports.AIRPORTS,
)
# The views of this version by name, but those with a price; of one with passengers, of how many is not known.
UNPRICED = {view.name: view.sql.replace(PASSENGERS, "null") for view in VIEWS if PLACEHOLDER not in view.sql}


def view_sql(view: View, *, delay_cost_per_minute: float | str, passengers_per_flight: int = 0) -> str:
    """The view's SQL in Athena's dialect, with the cost of a minute of delay (USD) and the passengers of a flight (0:
    not known) filled in.

    ParameterError where one of them is no number from 0 up.
    """
    try:
        cost = Decimal(str(delay_cost_per_minute))
    except InvalidOperation:
        cost = Decimal("NaN")
    if not cost.is_finite() or cost < 0:
        raise ParameterError(f"delay_cost_per_minute is '{delay_cost_per_minute}': give USD, a number from 0 up")
    if passengers_per_flight < 0:
        raise ParameterError(f"passengers_per_flight is {passengers_per_flight}: give a whole number from 0 up")
    text = view.sql.replace(PLACEHOLDER, f"{cost.normalize():f}")
    return text.replace(PASSENGERS, str(passengers_per_flight or "null"))


def publish(
    glue: Any, database: str, *, delay_cost_per_minute: float | str, passengers_per_flight: int = 0
) -> list[str]:
    """Create each view in the Glue database, or update it where it differs; the names of those that changed.

    `glue` is a boto3 client. Views that are no longer declared are not touched.
    """
    chosen: dict[str, Any] = {
        "delay_cost_per_minute": delay_cost_per_minute,
        "passengers_per_flight": passengers_per_flight,
    }
    return put(glue, database, [table_input(view, view_sql(view, **chosen), database) for view in VIEWS])
