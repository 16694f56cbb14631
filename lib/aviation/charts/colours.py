"""The colours of all charts: of a status, of early and late, of what has no colour of its own."""

import altair as alt

INK, QUIET = "#1f2933", "#616e7c"  # of text on white
GREY, FAINT_GREY = "#8d99ae", "#b8c2cc"
UNKNOWN = "#6c757d"

# In the order in which they are stacked.
STATUSES = {
    "landed": "#2a9d8f",
    "active": "#4c78a8",
    "scheduled": GREY,
    "diverted": "#e9a23b",
    "cancelled": "#d1495b",
    "incident": "#7b2d8b",
    "unknown": UNKNOWN,
}
EARLY, BETWEEN, LATE = STATUSES["landed"], "#fbf3e0", STATUSES["cancelled"]
NEUTRAL = STATUSES["active"]
OUTCOMES = STATUSES | {
    "left on time": EARLY,
    "on time": EARLY,
    "left late": "#f3d9a4",
    "late": "#f3d9a4",
    "by departure": EARLY,
    "after departure": LATE,
    "left within it": EARLY,
    "left outside it": LATE,
    "not yet left": STATUSES["scheduled"],
    "overdue": "#8e4fd0",
    "to come": FAINT_GREY,
    "not seen": "#59626b",
    "at least so far": NEUTRAL,
    "expected": "#e07a1f",
}
# For groups without a colour of their own, such as airports, in this order.
SERIES = ["#1f6f8b", "#e07a1f", "#7b2d8b", "#4f772d", "#d1495b", "#8d99ae"]

# The shades of a heat map of shares, 0 to 1, where more is better.
SHARES = alt.Scale(domain=[0, 0.5, 1], range=[LATE, BETWEEN, EARLY])


def of(column: str, names: list[str]) -> list[str]:
    """A colour for each of a column's values: its own where it has one, else the next of SERIES. A status that
    STATUSES does not have is as grey as an unknown one."""
    if column == "flight_status":
        return [STATUSES.get(name, UNKNOWN) for name in names]
    spare = iter(SERIES * (1 + len(names) // len(SERIES)))
    return [OUTCOMES.get(name) or next(spare) for name in names]


def scale(column: str, names: list[str]) -> alt.Scale:
    """`of` as the scale of an encoding."""
    return alt.Scale(domain=names, range=of(column, names))
