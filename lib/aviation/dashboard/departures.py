"""The board of departures and arrivals: a table of the newest day's flights, filtered in the page."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pandas as pd
from markupsafe import Markup

from aviation import templates
from aviation.dashboard.queries import BOARD, BOARD_DAY, BOARD_ROWS

COLUMNS = ("Leaves", "Flight", "Airline", "From", "To", "Gate", "Arrives", "Status", "Late, minutes")


class Row(NamedTuple):
    """A flight as the board lists it, in the order of COLUMNS; a dash is what is not known."""

    leaves: str
    flight: str
    airline: str
    origin: str
    destination: str
    gate: str
    arrives: str
    status: str
    late: str


def board(ask: Callable[[str], pd.DataFrame]) -> Markup:
    """The section's content: filters, a count that is read aloud when it changes, and the table. `ask` answers SQL."""
    flights = ask(BOARD)
    if flights.empty:
        return Markup("<p>No flights to show yet.</p>")
    newest = ask(BOARD_DAY).iloc[0]
    return templates.render(
        "dashboard/board.html",
        day=f"{newest['day']:%Y-%m-%d}",
        total=int(newest["flights"]),
        most=BOARD_ROWS,
        airports=sorted({*flights["departs_from"].dropna(), *flights["arrives_at"].dropna()}),
        airlines=sorted(set(flights["airline"].dropna())),
        columns=COLUMNS,
        rows=[_row(flight) for flight in flights.itertuples()],
    )


def _row(flight: Any) -> Row:
    late = flight.arr_delay_min if pd.notna(flight.arr_delay_min) else flight.dep_delay_min
    return Row(
        leaves=_clock(flight.dep_scheduled_local),
        flight=_text(flight.flight),
        airline=_text(flight.airline),
        origin=_text(flight.departs_from),
        destination=_text(flight.arrives_at),
        gate=_text(flight.dep_gate),
        arrives=_clock(flight.arr_scheduled_local),
        status=_text(flight.flight_status),
        late=f"{int(late)}" if pd.notna(late) and flight.flight_status != "cancelled" else "–",
    )


def _clock(moment: Any) -> str:
    return f"{moment:%H:%M}" if pd.notna(moment) else "–"


def _text(value: Any) -> str:
    return str(value) if pd.notna(value) and value != "" else "–"
