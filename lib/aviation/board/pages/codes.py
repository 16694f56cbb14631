"""What can be muted, by the codes that alerts go by: a flight, an airline, an airport, a route."""

from collections.abc import Callable
from typing import NamedTuple

from aviation.alerts.quiet import Scope
from aviation.board.asked import UnknownError
from aviation.board.moment import Moment
from aviation.board.narrowed import literal
from aviation.board.tables import Tables

# What finds the code; of a literal.
KNOWN: dict[str, Callable[[str], str]] = {
    "flight": lambda key: f"select flight_key as code from flights where flight_key = {key}",
    "airline": lambda code: (
        f"""
        select coalesce(airline_iata, airline_icao) as code
        from flights
        where {code} in (airline_iata, airline_icao)
        group by coalesce(airline_iata, airline_icao)
        order by count(*) desc, coalesce(airline_iata, airline_icao)
        limit 1"""
    ),
    "airport": lambda code: (
        f"""
        select coalesce(dep_iata, dep_icao) as code from flights where {code} in (dep_iata, dep_icao)
        union
        select coalesce(arr_iata, arr_icao) as code from flights where {code} in (arr_iata, arr_icao)
        order by code
        limit 1"""
    ),
    "route": lambda pair: (
        f"""
        select code
        from (
            select coalesce(dep_iata, dep_icao) || '-' || coalesce(arr_iata, arr_icao) as code from flights
        ) as routes
        where code = {pair}
        limit 1"""
    ),
}
ABOUT = """
select coalesce(airline_iata, airline_icao) as airline, airline_name,
       coalesce(dep_iata, dep_icao) as departs, coalesce(arr_iata, arr_icao) as arrives
from flights"""


class About(NamedTuple):
    """What a flight can be muted by."""

    airline: str
    airline_name: str
    departs: str
    arrives: str

    @property
    def route(self) -> str:
        """Like `JFK-LAX`."""
        return f"{self.departs}-{self.arrives}"


def named(of: str) -> tuple[Scope, str]:
    """What `of` is about: its kind and its name."""
    scope, _, code = of.partition(":")
    return scope, code  # type: ignore[return-value]  # by its pattern it is one


def known(tables: Tables, at: Moment | None, scope: Scope, code: str) -> str:
    """The code as alerts have it. UnknownError where no flight of the day has to do with it."""
    code = code if scope == "flight" else code.upper()
    found = tables.records(KNOWN[scope](literal(code)), day=at.day) if at else []
    if not found:
        day = f"the flights of {at.day}" if at else "the tables: nothing was loaded yet"
        raise UnknownError(f"there is no {scope} {code} in {day}")
    return str(found[0]["code"])


def about(tables: Tables, at: Moment, flight_key: str) -> About:
    """What a flight can be muted by. UnknownError where there is no such flight."""
    found = tables.records(f"{ABOUT}\nwhere flight_key = {literal(flight_key)}", day=at.day)
    if not found:
        raise UnknownError(f"there is no flight {flight_key} in the tables")
    return About(**{name: value or "" for name, value in found[0].items()})
