"""The views of the Glue database: what decision makers ask, written once in Athena's SQL.

In: the tables that `aviation.load` fills. Out: views over them, in the Glue catalog, which the load publishes and
`aviation.sql` reads. Before it: `aviation.load`. After it: `aviation.sql`. Standard library and boto3 only: the Glue
job publishes them.
"""

from decimal import Decimal, InvalidOperation
from typing import Any

from aviation.errors import ParameterError
from aviation.views import aircraft, delays, operations, so_far
from aviation.views.declaration import PLACEHOLDER, View
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
)


def view_sql(view: View, *, delay_cost_per_minute: float | str) -> str:
    """The view's SQL in Athena's dialect, with the cost of a minute of delay (USD) filled in.

    ParameterError where the cost is no number from 0 up.
    """
    try:
        cost = Decimal(str(delay_cost_per_minute))
    except InvalidOperation:
        cost = Decimal("NaN")
    if not cost.is_finite() or cost < 0:
        raise ParameterError(f"delay_cost_per_minute is '{delay_cost_per_minute}': give USD, a number from 0 up")
    return view.sql.replace(PLACEHOLDER, f"{cost.normalize():f}")


def publish(glue: Any, database: str, *, delay_cost_per_minute: float | str) -> list[str]:
    """Create each view in the Glue database, or update it where it differs; the names of those that changed.

    `glue` is a boto3 client. Views that are no longer declared are not touched.
    """
    return put(
        glue,
        database,
        [table_input(view, view_sql(view, delay_cost_per_minute=delay_cost_per_minute), database) for view in VIEWS],
    )
