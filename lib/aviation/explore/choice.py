"""Which flights a notebook asks about: its parameters, checked, and the SQL and the words that follow from them."""

import re
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any, Self, TypeVar, overload

import pandas as pd

from aviation.errors import ParameterError, QueryError
from aviation.explore.tables import ask
from aviation.explore.words import counted, listed
from aviation.parameters import resolve
from aviation.sql.as_of import instant


@dataclass(frozen=True)
class Choice:
    """The flights of one day. `airports` are IATA codes of departure and `airlines` IATA or ICAO codes; an empty list
    means all. `as_of` (ISO 8601; UTC where it names no zone) asks for what was known then; empty means now.

    A choice asks each question once: a finding and the chart below it have the same rows, whatever is loaded between.
    """

    day: str
    airports: list[str] = field(default_factory=list)
    airlines: list[str] = field(default_factory=list)
    as_of: str = ""

    def ask(self, text: str) -> pd.DataFrame:
        """The answer to Athena's SQL as of the moment that was chosen; tables that are not there have no rows."""
        if text not in self._answers:
            self._answers[text] = ask(text, as_of=self.as_of or None)
        return self._answers[text]

    def at(self, moment: str) -> Self:
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
            parts.append(f"dep_iata in ({_quoted(self.airports)})")
        if self.airlines:
            codes = _quoted(self.airlines)
            parts.append(f"(airline_iata in ({codes}) or airline_icao in ({codes}))")
        return " and ".join(parts)

    @property
    def label(self) -> str:
        """The choice in a few words, for titles: `10 July 2013, from JFK, by B6`."""
        parts = [self._date]
        if self.airports:
            parts.append(f"from {', '.join(self.airports)}")
        if self.airlines:
            parts.append(f"by {', '.join(self.airlines)}")
        if self.as_of:
            parts.append(f"as of {instant(self.as_of):%Y-%m-%d %H:%M} UTC")
        return ", ".join(parts)

    @property
    def flights(self) -> int:
        """How many flights were chosen."""
        return int(self.ask(f"select count(*) as flights from flights where {self.condition}")["flights"].iloc[0])

    @property
    def nothing(self) -> str:
        """What there is to say where no such flight is in the tables, in two sentences: that, and why."""
        none = f"No flight of {self.label} is in the tables."
        if self._whole_day.flights == 0:
            return (
                f"{none} `make demo` loads 10 July 2013, and `aviation backfill --from {self.day} --to {self.day}` the "
                "day that was asked for."
            )
        if self.unmatched:
            return f"{none} There is {self.unmatched}."
        if self.as_of and self._now.flights:
            return f"{none} By now they have {counted(self._now.flights, 'such flight')}: ask for a later moment."
        return f"{none} The airlines that were chosen fly from other airports that day."

    @property
    def unmatched(self) -> str | None:
        """The chosen airports and airlines of which the day has no flight, in a line that says which it has; None
        where there are none such, or no flight of that day at all."""
        if not (self.airports or self.airlines):
            return None
        day = self._whole_day.ask(
            "select distinct dep_iata, airline_iata, airline_icao from flights "
            f"where {self._whole_day.condition} order by 1, 2, 3"
        )
        if day.empty:
            return None
        parts = []
        for verb, noun, codes, columns in (
            ("from", "airports", self.airports, ["dep_iata"]),
            ("by", "airlines", self.airlines, ["airline_iata", "airline_icao"]),
        ):
            known = [set(day[column].dropna()) for column in columns]
            if lacking := [code for code in codes if not any(code in some for some in known)]:
                flown = listed(sorted(known[0])) or "not named"
                parts.append(f"no flight {verb} {listed(lacking)} that day, whose {noun} are {flown}")
        return "; ".join(parts) or None

    @property
    def _date(self) -> str:
        day = date.fromisoformat(self.day)
        return f"{day.day} {day:%B %Y}"

    @cached_property
    def _answers(self) -> dict[str, pd.DataFrame]:
        return {}

    @cached_property
    def _now(self) -> Self:
        return replace(self, as_of="")

    @cached_property
    def _whole_day(self) -> "Choice":
        return Choice(self.day)


C = TypeVar("C", bound=Choice)


@overload
def choose(**values: object) -> Choice: ...
@overload
def choose(declared: type[C], /, **values: object) -> C: ...
def choose(declared: type[Any] = Choice, /, **values: object) -> Choice:
    """The parameters of a notebook, checked; ParameterError names the one that does not fit."""
    chosen: Choice = resolve(declared, **values)
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


def _quoted(codes: list[str]) -> str:
    return ", ".join(f"'{code}'" for code in codes)
