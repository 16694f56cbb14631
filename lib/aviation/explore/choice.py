"""Which flights a notebook asks about: its parameters, checked, and the SQL and the words that follow from them."""

import re
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

import pandas as pd

from aviation.errors import ParameterError, QueryError
from aviation.explore.tables import ask
from aviation.parameters import resolve
from aviation.sql.as_of import instant


@dataclass(frozen=True)
class Choice:
    """The flights of one day. `airports` are IATA codes of departure and `airlines` IATA or ICAO codes; an empty list
    means all. `as_of` (ISO 8601; UTC where it names no zone) asks for what was known then; empty means now."""

    day: str
    airports: list[str] = field(default_factory=list)
    airlines: list[str] = field(default_factory=list)
    as_of: str = ""

    def ask(self, text: str) -> pd.DataFrame:
        """The answer to Athena's SQL as of the moment that was chosen; tables that are not there have no rows."""
        return ask(text, as_of=self.as_of or None)

    def at(self, moment: str) -> "Choice":
        """The same flights as they were known at `moment`; ParameterError where it is no ISO 8601 time."""
        try:
            instant(moment)
        except QueryError as error:
            raise ParameterError(f"parameter 'as_of': {error}") from None
        return replace(self, as_of=moment)

    @property
    def condition(self) -> str:
        """The chosen flights, as an SQL condition on the columns of `flights`."""
        parts = [f"flight_date = date '{self.day}'"]
        if self.airports:
            parts.append(f"dep_iata in ({_listed(self.airports)})")
        if self.airlines:
            codes = _listed(self.airlines)
            parts.append(f"(airline_iata in ({codes}) or airline_icao in ({codes}))")
        return " and ".join(parts)

    @property
    def label(self) -> str:
        """The choice in a few words, for titles: `10 July 2013, from JFK, by B6`."""
        day = date.fromisoformat(self.day)
        parts = [f"{day.day} {day:%B %Y}"]
        if self.airports:
            parts.append(f"from {', '.join(self.airports)}")
        if self.airlines:
            parts.append(f"by {', '.join(self.airlines)}")
        if self.as_of:
            parts.append(f"as of {instant(self.as_of):%Y-%m-%d %H:%M} UTC")
        return ", ".join(parts)

    @property
    def nothing(self) -> str:
        """What there is to say where no such flight is in the tables."""
        return (
            f"No flight of {self.label} is in the tables. `make demo` loads 10 July 2013, and `aviation backfill "
            f"--from {self.day} --to {self.day}` the day that was asked for."
        )


C = TypeVar("C", bound=Choice)


def choose(declared: type[C] = Choice, /, **values) -> C:
    """The parameters of a notebook, checked; ParameterError names the one that does not fit."""
    chosen = resolve(declared, **values)
    try:
        if date.fromisoformat(chosen.day).isoformat() != chosen.day:
            raise ValueError
    except ValueError:
        raise ParameterError(f"parameter 'day' is '{chosen.day}': write it like 2013-07-10") from None
    for name, form in (("airports", "[A-Z]{3}"), ("airlines", "[A-Z0-9]{2,3}")):
        for code in getattr(chosen, name):
            if not re.fullmatch(form, code):
                raise ParameterError(f"parameter '{name}' has '{code}': give codes such as JFK, or B6 for an airline")
    return chosen.at(chosen.as_of) if chosen.as_of else chosen


def _listed(codes: list[str]) -> str:
    return ", ".join(f"'{code}'" for code in codes)
