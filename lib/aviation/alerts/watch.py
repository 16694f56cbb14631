"""What a watch looks for, and what an alert says about a flight."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from aviation import parameters
from aviation.errors import ParameterError

CODE = re.compile(r"[A-Z0-9-]{2,10}")


@dataclass(frozen=True)
class Watch:
    """What to look for: the notebook's parameters. An empty list watches everything; with several lists a flight must
    be in each.

    `airlines` and `airports` are IATA or ICAO codes, `routes` pairs like JFK-LAX, `tails` registrations.
    `delay_minutes` is the least departure, arrival or forecast delay worth an alert; 0: no alerts on delays. Flights
    scheduled more than `hours` before the newest observation are history, not news. Of a flight that is still to leave,
    a forecast is told that it leaves `forecast_minutes` late or later, or never, with at least this `probability`
    (`aviation.chance.at_least`); 0 minutes: none is.
    """

    watch: str
    airlines: list[str]
    airports: list[str]
    routes: list[str]
    tails: list[str]
    delay_minutes: int
    cancelled: bool
    diverted: bool
    hours: int
    forecast_minutes: int
    probability: float


@dataclass(frozen=True)
class Alert:
    """One disruption of one leg. `kind` is cancelled, diverted or delayed, or forecast; `changed` is the change that
    made it so (`field`, `from`, `to`, `known_from`), None where the leg was like that when it was first seen. `text`
    says it in words, with times local to the airport of departure; all other times are UTC. `minutes_ahead` says how
    early it is: from the newest observation to the scheduled departure, negative after it. `forecast` is what was
    forecast (`flight_forecasts`, and the `probability` that the watch asks for), None for what is known; `minutes` then
    is its p50."""

    watch: str
    kind: str
    flight_key: str
    flight: str
    route: str
    airline: str
    scheduled_utc: str | None
    minutes: int | None
    changed: dict[str, Any] | None
    text: str
    airline_name: str = ""
    minutes_ahead: int | None = None
    forecast: dict[str, Any] | None = None

    @property
    def alert_id(self) -> str:
        """The same for the same disruption of the same leg, whichever load it shows up in."""
        return hashlib.sha256(f"{self.watch}|{self.flight_key}|{self.kind}".encode()).hexdigest()[:24]


def resolve(**values: Any) -> Watch:
    """The watch, checked; ParameterError names the parameter that does not fit."""
    watch = parameters.resolve(Watch, **values)
    if not re.fullmatch(r"[a-z0-9_-]{1,40}", watch.watch):
        raise ParameterError(f"parameter 'watch' must be a name of a-z, 0-9, - and _, not {watch.watch!r}")
    for name in ("airlines", "airports", "routes", "tails"):
        for code in getattr(watch, name):
            if not CODE.fullmatch(code.upper()):
                raise ParameterError(
                    f"parameter '{name}' holds '{code}', which is not a code; write it like B6 or JFK-LAX"
                )
    for route in watch.routes:
        if route.count("-") != 1:
            raise ParameterError(f"parameter 'routes' holds '{route}'; write a route like JFK-LAX")
    if min(watch.delay_minutes, watch.forecast_minutes) < 0 or watch.hours < 1:
        raise ParameterError(
            "parameters 'delay_minutes' and 'forecast_minutes' must be at least 0, and 'hours' at least 1"
        )
    if not 0 < watch.probability < 1:
        raise ParameterError(f"parameter 'probability' must be above 0 and below 1, not {watch.probability}")
    return watch
