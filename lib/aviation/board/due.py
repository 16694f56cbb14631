"""What a flight's passengers may be due, in words."""

from collections.abc import Mapping
from typing import Any

from aviation.board.moment import Moment
from aviation.board.tables import Tables
from aviation.views.exposure import EXPECTED_LATE
from aviation.views.rights import REFUND

EXPOSURE = """
select flight_key, because, amount_per_passenger, currency, refund_offered
from passenger_exposure
where because is not null or refund_offered"""


def by_flight(tables: Tables, moment: Moment) -> dict[str, str]:
    """What the passengers of each flight may be due at that moment, by the flight's key."""
    found = tables.records(EXPOSURE, day=moment.day, as_of=moment.as_of)
    return {exposure["flight_key"]: due(exposure) for exposure in found}


def due(exposure: Mapping[str, Any]) -> str:
    """`up to 600 EUR a passenger` of a row of the view passenger_exposure, whose words it uses; empty for nothing.

    Nothing is said of what is not late yet and not expected to be, and of flights of no regime.
    """
    because, amount = exposure["because"], exposure["amount_per_passenger"]
    if because and amount:
        expected = " expected" * (because == EXPECTED_LATE)
        return f"up to {amount:.0f} {exposure['currency']} a passenger{expected}"
    return REFUND if exposure["refund_offered"] else ""
