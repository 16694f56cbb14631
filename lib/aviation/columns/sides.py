"""The columns that a leg has twice, of its departure and of its arrival."""

from typing import NamedTuple

from aviation.columns.declaration import NONE, Column, Kind, read


class Side(NamedTuple):
    """The departure or the arrival: how its columns begin, its block in a record (and the word for it), what the
    aircraft does on the runway, and what it has that the other lacks."""

    prefix: str
    block: str
    runway: str
    more: tuple[Column, ...] = ()


DEPARTURE = Side("dep", "departure", "take-off")
ARRIVAL = Side(
    "arr",
    "arrival",
    "touch-down",
    (read("arr_baggage", "code", f"Baggage belt of the arrival; {NONE}.", block="arrival", key="baggage"),),
)


def _given(side: Side, key: str, kind: Kind, meaning: str, name: str | None = None) -> Column:
    """A column of the side that is the leaf `key` of its block."""
    return read(f"{side.prefix}_{name or key}", kind, meaning, block=side.block, key=key)


def _times(side: Side) -> dict[str, str]:
    """The times that a side has, by their key, in words."""
    return {
        "scheduled": f"Scheduled {side.block}",
        "estimated": f"Estimated {side.block}",
        "actual": f"Actual {side.block}",
        "estimated_runway": f"Estimated {side.runway}",
        "actual_runway": f"Actual {side.runway}",
    }


def _airport(side: Side) -> tuple[Column, ...]:
    prefix, word = side.prefix, side.block
    return (
        _given(side, "airport", "text", f"Name of the {word} airport; {NONE}."),
        _given(side, "iata", "key_code", f"IATA code of the {word} airport; {NONE}, then {prefix}_icao has its code."),
        _given(side, "icao", "key_code", f"ICAO code of the {word} airport; {NONE}, then {prefix}_iata has its code."),
    )


def _zone_given(side: Side) -> Column:
    return _given(
        side,
        "timezone",
        "zone",
        f"Time zone of the {side.block} airport as the API gives it: an IANA name, an offset such as +08:00, or one "
        f"that is unknown; {NONE}.",
    )


def _zone_used(side: Side) -> Column:
    return Column(
        f"{side.prefix}_timezone",
        "string",
        f"Time zone that the UTC times of the {side.block} come from: the API's if it is a known one, else the "
        "airport's, from a table in the package; null if neither is known.",
    )


def _stand(side: Side) -> tuple[Column, ...]:
    terminal = f"Terminal of the {side.block}, without the T that some records write before it; {NONE}."
    return (
        _given(side, "terminal", "terminal", terminal),
        _given(side, "gate", "code", f"Gate of the {side.block}; {NONE}."),
        *side.more,
    )


def _delay_given(side: Side) -> Column:
    meaning = (
        f"Delay of the {side.block} in minutes as the API gives it: often missing, and at times a forecast; {NONE}. "
        f"{side.prefix}_delay_min of flights is the one to use."
    )
    return _given(side, "delay", "int", meaning, "delay_api_min")


def _delays(side: Side) -> tuple[Column, ...]:
    diverted = ", and for a diverted flight" if side is ARRIVAL else ""
    return (
        Column(
            f"{side.prefix}_delay_min",
            "int",
            f"Delay of the {side.block} in minutes, actual minus scheduled; negative is early. Null without both times "
            f"in UTC{diverted}.",
        ),
        Column(
            f"{side.prefix}_delay_forecast_min",
            "int",
            f"Delay of the {side.block} in minutes that the API expects; null once there is an actual time, for a "
            "cancelled flight, and if the API gave none.",
        ),
    )


def _local_times(side: Side) -> tuple[Column, ...]:
    def null(time: str) -> str:
        # A record without it is refused.
        return "never null" if (side, time) == (DEPARTURE, "scheduled") else NONE

    return tuple(
        _given(
            side,
            time,
            "local",
            f"{what}, in the local time of the {side.block} airport; {null(time)}.",
            f"{time}_local",
        )
        for time, what in _times(side).items()
    )


def _utc_times(side: Side) -> tuple[Column, ...]:
    prefix = side.prefix
    return tuple(
        Column(
            f"{prefix}_{time}_utc",
            "timestamp_ntz",
            f"{what}, in UTC: {prefix}_{time}_local read in {prefix}_timezone; null if one of the two is null.",
        )
        for time, what in _times(side).items()
    )


def side_observed(side: Side) -> tuple[Column, ...]:
    """The side's columns of an observation: all of them as the API gives them."""
    return *_airport(side), _zone_given(side), *_stand(side), _delay_given(side), *_local_times(side)


def side_known(side: Side) -> tuple[Column, ...]:
    """The side's columns of a leg: what the API gives, and what is worked out from it."""
    whereabouts = (*_airport(side), _zone_used(side), *_stand(side))
    return *whereabouts, *_utc_times(side), *_local_times(side), *_delays(side), _delay_given(side)
