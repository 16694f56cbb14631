"""The API's answer to a request: pages, filters and errors, in their documented form.

Source: https://docs.apilayer.com/aviationstack/docs/api-error-codes and the pages of each endpoint.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from aviation.replay import quirks, records, reference

DEFAULT_LIMIT = 100
ENDPOINTS = ("flights", *reference.ENDPOINTS)
STATUSES = ("scheduled", "active", "landed", "cancelled", "incident", "diverted")

# code: HTTP status, message
ERRORS = {
    "missing_access_key": (401, "You have not supplied an API Access Key. [Required format: access_key=YOUR_KEY]"),
    "invalid_access_key": (401, "You have not supplied a valid API Access Key."),
    "inactive_user": (401, "The account of this API Access Key is not active."),
    "https_access_restricted": (403, "HTTPS access is not supported on the current subscription plan."),
    "function_access_restricted": (403, "This endpoint is not supported on the current subscription plan."),
    "invalid_api_function": (404, "This API Function does not exist."),
    "404_not_found": (404, "The requested resource does not exist."),
    "validation_error": (422, "Request failed with validation error"),
    "usage_limit_reached": (429, "Your monthly usage limit has been reached. Please upgrade your plan."),
    "rate_limit_reached": (429, "You have made too many requests in too short a time."),
    "internal_error": (500, "An internal error occurred."),
}

# Filters that compare a text of the record (block, key), ignoring case.
EQUAL = {
    "flight_status": (None, "flight_status"),
    "dep_iata": ("departure", "iata"),
    "arr_iata": ("arrival", "iata"),
    "dep_icao": ("departure", "icao"),
    "arr_icao": ("arrival", "icao"),
    "airline_name": ("airline", "name"),
    "airline_iata": ("airline", "iata"),
    "airline_icao": ("airline", "icao"),
    "flight_number": ("flight", "number"),
    "flight_iata": ("flight", "iata"),
    "flight_icao": ("flight", "icao"),
}
# Filters on the delay that the record shows: a flight without one never matches, however late it was.
DELAYS = {
    "min_delay_dep": ("departure", operator.ge),
    "min_delay_arr": ("arrival", operator.ge),
    "max_delay_dep": ("departure", operator.le),
    "max_delay_arr": ("arrival", operator.le),
}
PAGING = ("access_key", "limit", "offset")
FILTERS = {"flights": {"flight_date", *EQUAL, *DELAYS}} | {name: {"search"} for name in reference.ENDPOINTS}

Keep = Callable[[dict[str, Any]], bool]


@dataclass
class RefusedError(Exception):
    """The API refuses: `code` is one of ERRORS, `context` says what is wrong with each parameter."""

    code: str
    context: dict[str, Any] | None = None


def error_object(code: str, context: dict[str, Any] | None = None) -> dict[str, Any]:
    """The body of a refusal."""
    body = {"code": code, "message": ERRORS[code][1]}
    return {"error": body | ({"context": context} if context else {})}


@dataclass(frozen=True)
class Days:
    """The days (ISO) whose flights are served: from `first`, which a request without a date is about, to `last`; None:
    all days of the data."""

    first: str
    last: str | None = None

    def served(self, day: str) -> bool:
        """Whether the flights of `day` are."""
        return self.last is None or self.first <= day <= self.last


def page(endpoint: str, params: Mapping[str, str], *, days: Days, clock: datetime, max_limit: int) -> dict[str, Any]:
    """The body of a page of `endpoint` at `clock` (aware), for the query's `params`. Raises RefusedError."""
    if unknown := sorted(params.keys() - FILTERS[endpoint] - {*PAGING}):
        raise invalid(unknown[0], "unknown_parameter", "This parameter is not supported.")
    limit = _integer(params, "limit", DEFAULT_LIMIT, 1, max_limit)
    offset = _integer(params, "offset", 0, 0, None)
    if endpoint == "flights":
        return _flights(params, days, clock, limit, offset)
    return _references(endpoint, params.get("search"), clock, limit, offset)


def _flights(params: Mapping[str, str], days: Days, clock: datetime, limit: int, offset: int) -> dict[str, Any]:
    keeps = _filters(params)
    day = _date(params.get("flight_date", days.first))
    known = records.flights(day, clock) if days.served(day) else ()
    rows = [row for row in known if all(keep(row) for keep in keeps)]
    # The list moves only between pages.
    shift = quirks.pages_shift(clock, offset) if len(rows) > limit else 0
    start = max(0, offset - shift)
    found = rows[start : max(0, offset - shift + limit)]
    paging = {"limit": limit, "offset": offset, "count": len(found), "total": len(rows) + shift}
    return {"pagination": paging, "data": found}


def _references(endpoint: str, search: str | None, clock: datetime, limit: int, offset: int) -> dict[str, Any]:
    rows = _reference(endpoint, clock)
    if search is not None:
        wanted = search.casefold()
        rows = [row for row in rows if any(value and wanted in value.casefold() for value in row.values())]
        if not rows:
            return _nothing(inside=endpoint != "cities")
    found = rows[offset : offset + limit]
    return {"pagination": {"offset": offset, "limit": limit, "count": len(found), "total": len(rows)}, "data": found}


def _nothing(*, inside: bool) -> dict[str, Any]:
    """The API's other ways to say that nothing matches: its refusal is the whole answer, or what `data` holds."""
    paging = dict.fromkeys(("offset", "limit", "count", "total"))
    refusal = {"error": "No Record Found", "success": False}
    return {"pagination": paging, "data": refusal} if inside else {"pagination": paging, **refusal}


@lru_cache(maxsize=len(reference.ENDPOINTS))
def _reference(endpoint: str, clock: datetime) -> list[dict[str, Any]]:
    return reference.ENDPOINTS[endpoint](clock)


def _filters(params: Mapping[str, str]) -> list[Keep]:
    if params.get("flight_status", STATUSES[0]) not in STATUSES:
        raise invalid("flight_status", "not_a_choice", f"This value is not one of {', '.join(STATUSES)}.")
    equal = [_equals(*EQUAL[name], value) for name, value in params.items() if name in EQUAL]
    return equal + [_delayed(*DELAYS[name], _integer(params, name, 0, None, None)) for name in params if name in DELAYS]


def _equals(block: str | None, key: str, value: str) -> Keep:
    wanted = value.casefold()
    return lambda row: ((row[block] if block else row)[key] or "").casefold() == wanted


def _delayed(block: str, compare: Callable[[int, int], bool], minutes: int) -> Keep:
    return lambda row: row[block]["delay"] is not None and compare(row[block]["delay"], minutes)


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise invalid("flight_date", "not_a_date", "This value is not a date such as 2013-07-10.") from error


def _integer(params: Mapping[str, str], name: str, default: int, least: int | None, most: int | None) -> int:
    try:
        number = int(params.get(name, default))
    except ValueError as error:
        raise invalid(name, "not_an_integer", "This value should be of type integer.") from error
    if (least is not None and number < least) or (most is not None and number > most):
        bounds = f"{least} or more" if most is None else f"between {least} and {most}"
        raise invalid(name, "out_of_range", f"This value should be {bounds}.")
    return number


def invalid(name: str, key: str, message: str) -> RefusedError:
    """A request that the API refuses because of the parameter `name`."""
    return RefusedError("validation_error", {name: [{"key": key, "message": message}]})
