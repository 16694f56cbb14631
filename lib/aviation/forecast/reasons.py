"""Why a forecast says what it says: the three reasons that weigh most, in words.

What a feature weighs is how far it moves a leg's log-odds to be late from the mean, summed over the trees (Saabas,
"Interpreting random forests", 2014). Features that say one thing in several ways weigh together.
"""

from collections.abc import Callable

import numpy as np

from aviation import words
from aviation.forecast import levels
from aviation.forecast.features import Features
from aviation.forecast.known import Reals
from aviation.forecast.model import Model

MOST = 3

Value = Callable[[str], float]

_STARTS = {
    "aircraft": ("aircraft_",),
    "schedule": tuple(f"{name}_scheduled" for name in ("origin", "airline", "city", "dest")),
    "origin": ("origin_",),
    "city": ("city_",),
    "airline": ("airline_",),
    "dest": ("dest_",),
    "route": ("level_", "block"),
    "weekday": ("weekday",),
    "time": ("time_of_day", "minutes_ahead"),
}
"""The reasons, and how the names of their features begin; a feature belongs to the first that fits."""


def reasons(model: Model, features: Features) -> list[list[str]]:
    """Of each row the reasons that weigh most, the heaviest first, such as `JFK: flights due in the last hour left 34
    min late on average (more likely late)`."""
    names = levels.names(features)
    values = model.levels.matrix(features)
    weights = _weights(model.trees["late"].contributions(values), names)
    kinds = list(_STARTS)
    heaviest = np.argsort(-np.abs(weights), axis=1, kind="stable")[:, :MOST]
    codes = {name: each.tolist() for name, each in features.codes.items()}
    places = {name: place for place, name in enumerate(names)}

    def said(row: int, kind: int) -> str:
        of = {name: each[row] for name, each in codes.items()}
        text = _WORDS[kinds[kind]](of, lambda name: float(values[row, places[name]]))
        return f"{text} ({'more' if weights[row, kind] > 0 else 'less'} likely late)"

    return [[said(row, kind) for kind in of_row] for row, of_row in enumerate(heaviest.tolist())]


def _weights(contributions: Reals, names: tuple[str, ...]) -> Reals:
    """Rows by reasons."""
    kind = [next(at for at, starts in enumerate(_STARTS.values()) if name.startswith(starts)) for name in names]
    weights = np.zeros((len(contributions), len(_STARTS)))
    for place, of in enumerate(kind):
        weights[:, of] += contributions[:, place]
    return weights


def _aircraft(of: dict[str, str], value: Value) -> str:
    late, slack = value("aircraft_late"), value("aircraft_slack")
    if np.isnan(late):
        return "no earlier flight of its aircraft is known"
    if value("aircraft_gap") < 0:
        return "its aircraft is planned on a flight that lands after this one leaves"
    turn = f"{words.duration(slack)} to spare" if slack >= 0 else f"a turn-around {words.duration(-slack)} too short"
    return f"its aircraft's flight before is {words.late(late)}, with {turn}"


def _around(place: str, value: Value, name: str) -> str:
    """What is known of a group's legs: of those due in the last hour, else of the day so far."""
    behind, cancelled = value(f"{name}_behind_60"), value(f"{name}_cancelled_180")
    some = f", {100 * cancelled:.0f} % of the last three hours' cancelled" if cancelled > 0.005 else ""
    if not np.isnan(behind):
        return f"{place}: flights due in the last hour are {words.late(behind)} on average{some}"
    if not np.isnan(day := value(f"{name}_late_day")):
        return f"{place}: the day's flights so far left {words.late(day)} on average{some}"
    return f"{place}: nothing has left yet that day"


def _time(of: dict[str, str], value: Value) -> str:
    if (ahead := value("minutes_ahead")) < 0:
        return f"it is {words.duration(-ahead)} overdue"
    return f"it is due to leave at {value('time_of_day') // 60:02.0f}:{value('time_of_day') % 60:02.0f}"


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WORDS: dict[str, Callable[[dict[str, str], Value], str]] = {
    "aircraft": _aircraft,
    "schedule": lambda of, value: (
        f"{words.counted(int(value('origin_scheduled')), 'flight')} to leave {of['origin']} around then"
    ),
    "origin": lambda of, value: _around(of["origin"], value, "origin"),
    "city": lambda of, value: _around(f"airports around {of['origin']}", value, "city"),
    "airline": lambda of, value: _around(f"{of['airline']} at {of['origin']}", value, "airline"),
    "dest": lambda of, value: _around(f"to {of['dest']}", value, "dest"),
    "route": lambda of, value: (
        f"{of['airline']} from {of['origin']} to {of['dest']}: "
        f"{words.late(value('level_airline_origin_dest_late'))} over months"
    ),
    "weekday": lambda of, value: f"it is a {_WEEKDAYS[int(value('weekday'))]}",
    "time": _time,
}
