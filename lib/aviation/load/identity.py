"""Which flight a row of the API is about: the operated leg, whoever sold it.

47 % of the API's rows are codeshares: the same aircraft under a partner's number, the operating flight named in the
`codeshared` block, in lower case. All rows of one leg must meet under one key, and nothing that gets corrected later
(arrival, times, gate, aircraft) may be part of it.
"""

from collections.abc import Mapping
from string import capwords
from typing import Any

NO_AIRLINE = "empty"
"""What the API calls the airline of a flight that has none, whose codes and number are null."""
OWN = {
    "airline_iata": ("airline", "iata"),
    "airline_icao": ("airline", "icao"),
    "airline_name": ("airline", "name"),
    "flight_number": ("flight", "number"),
    "flight_iata": ("flight", "iata"),
    "flight_icao": ("flight", "icao"),
}
"""Where the operating flight's own record has the leaves of the `codeshared` block: the block and the key of each."""


def operator_leaves(flight: dict[str, Any], airline: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The leaves that name the operating flight, as the `codeshared` block has them, and whether the row is its own.

    `flight` and `airline` are blocks of the record.
    """
    codeshared = flight.get("codeshared")
    if isinstance(codeshared, dict) and codeshared:
        name = codeshared.get("airline_name")
        return codeshared | ({"airline_name": capwords(name)} if isinstance(name, str) else {}), False
    blocks = {"airline": airline, "flight": flight}
    leaves = {name: blocks[block].get(key) for name, (block, key) in OWN.items()}
    return leaves | ({"airline_name": None} if leaves["airline_name"] == NO_AIRLINE else {}), True


def flight_key(
    date: str, departure: str, arrival: str, scheduled: str, operator: Mapping[str, str | None]
) -> tuple[str, str]:
    """The leg's key and how it was made: `number`, or `slot` where the airline or the number is not known.

    `departure` and `arrival` are airport codes, IATA else ICAO; `scheduled` is the local time of departure;
    `operator` has the columns that name the operating flight.
    """
    airline = operator["airline_icao"] or operator["airline_iata"]
    if airline and operator["flight_number"]:
        return f"{date}|{departure}|{airline}|{operator['flight_number']}", "number"
    return f"{date}|{departure}|{arrival}|{scheduled}", "slot"
