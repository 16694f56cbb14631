"""The board of departures and arrivals: a table of the newest day's flights, filtered in the page."""

from html import escape

import pandas as pd

from aviation import query
from aviation.dashboard.queries import BOARD, BOARD_DAY, BOARD_ROWS

COLUMNS = ("Leaves", "Flight", "Airline", "From", "To", "Gate", "Arrives", "Status", "Late, minutes")


def board() -> str:
    """The section's content: filters, a count that is read aloud when it changes, and the table."""
    flights = query.sql(BOARD)
    if flights.empty:
        return "<p>No flights to show yet.</p>"
    day = query.sql(BOARD_DAY).iloc[0]
    left_out = int(day["flights"]) - len(flights)
    note = f" The first {BOARD_ROWS:,} of {int(day['flights']):,} flights are listed." if left_out > 0 else ""
    airports = sorted(set(flights["departs_from"].dropna()) | set(flights["arrives_at"].dropna()))
    airlines = sorted(set(flights["airline"].dropna()))
    heads = "".join(f'<th scope="col">{head}</th>' for head in COLUMNS)
    rows = "".join(_row(flight) for flight in flights.itertuples())
    return (
        f"<p>Flights of {day['day']:%Y-%m-%d}, by local time at each airport.{note}</p>"
        '<form class="filters" id="filters">'
        f"{_select('airport', 'Airport', airports)}"
        '<label>Direction <select id="direction"><option value="">both</option>'
        '<option value="from">departures</option><option value="to">arrivals</option></select></label>'
        f"{_select('airline', 'Airline', airlines)}"
        '<button type="reset">Show all</button></form>'
        f'<p id="shown" role="status" aria-live="polite">{len(flights):,} flights</p>'
        '<div class="board" tabindex="0" role="region" aria-label="Departures and arrivals">'
        f'<table id="board"><caption class="unseen">Departures and arrivals</caption><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _select(name: str, label: str, values: list[str]) -> str:
    options = "".join(f"<option>{escape(value)}</option>" for value in values)
    return f'<label>{label} <select id="{name}"><option value="">all</option>{options}</select></label>'


def _row(flight) -> str:
    start, end, carrier = (_text(value) for value in (flight.departs_from, flight.arrives_at, flight.airline))
    late = flight.arr_delay_min if pd.notna(flight.arr_delay_min) else flight.dep_delay_min
    cells = (
        _clock(flight.dep_scheduled_local),
        _text(flight.flight),
        carrier,
        start,
        end,
        _text(flight.dep_gate),
        _clock(flight.arr_scheduled_local),
        _text(flight.flight_status),
        f"{int(late)}" if pd.notna(late) and flight.flight_status != "cancelled" else "–",
    )
    shown = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr data-from="{start}" data-to="{end}" data-airline="{carrier}" class="{cells[7]}">{shown}</tr>'


def _clock(value) -> str:
    return f"{value:%H:%M}" if pd.notna(value) else "–"


def _text(value) -> str:
    return escape(str(value)) if pd.notna(value) and value != "" else "–"
