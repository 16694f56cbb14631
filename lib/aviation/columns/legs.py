"""The tables of flights: what the API said of a leg, and what follows from it."""

from dataclasses import replace

from aviation.columns.declaration import NONE, Column, Kind, read, table
from aviation.columns.sides import ARRIVAL, DEPARTURE, side_known, side_observed


def _position(null: str) -> tuple[Column, ...]:
    """The aircraft's position; `null` says when there is none."""
    declared: dict[str, tuple[Kind, str]] = {
        "updated": ("utc", "When the position was taken, in UTC"),
        "latitude": ("number", "Latitude of the aircraft in degrees, north positive"),
        "longitude": ("number", "Longitude of the aircraft in degrees, east positive"),
        "altitude": ("number", "Altitude of the aircraft in metres"),
        "direction": ("number", "Heading of the aircraft in degrees, 0 is north"),
        "speed_horizontal": ("number", "Speed over ground in km/h"),
        "speed_vertical": ("number", "Vertical speed in km/h, climbing positive"),
        "is_ground": ("flag", "Whether the aircraft is on the ground"),
    }
    names = {"updated": "live_updated_utc"}
    return tuple(
        read(names.get(key, f"live_{key}"), kind, f"{what}; {null}.", block="live", key=key)
        for key, (kind, what) in declared.items()
    )


KEY = (
    Column(
        "flight_key",
        "string",
        "Identifies the leg: date|departure|airline|number of the operating flight, or "
        "date|departure|arrival|scheduled local time where airline or number is missing.",
    ),
    Column(
        "identity",
        "string",
        "How flight_key was made: number (from airline and number of the operating flight), or slot (from route and "
        "schedule, because airline or number is missing).",
    ),
    Column("flight_date", "date", "Local date of the scheduled departure; never null. The table is partitioned by it."),
)
BY_DATE = ("flight_date",)
STATUS_GIVEN = read(
    "flight_status_api",
    "word",
    f"Status as the API gives it, in lower case, which can lag behind its times; {NONE}.",
    key="flight_status",
)
# The operating flight's names, as the codeshare block writes them. The record of the operating flight itself has no
# such block: `aviation.load.identity` puts it together from the record's airline and flight.
OPERATOR = (
    read("airline_iata", "key_code", f"IATA code of the operating airline; {NONE}.", block="codeshared"),
    read("airline_icao", "key_code", f"ICAO code of the operating airline; {NONE}.", block="codeshared"),
    read("airline_name", "text", f"Name of the operating airline; {NONE}.", block="codeshared"),
    read(
        "flight_number",
        "flight_number",
        f"Number of the operating flight, as text, without airline code and leading zeros; {NONE}.",
        block="codeshared",
    ),
    read(
        "flight_iata",
        "flight_code",
        f"Code of the operating flight with the airline's IATA code, such as CM315; {NONE}.",
        block="codeshared",
    ),
    read(
        "flight_icao",
        "flight_code",
        f"Code of the operating flight with the airline's ICAO code, such as CMP315; {NONE}.",
        block="codeshared",
    ),
)
AIRCRAFT = tuple(
    read(name, "code", f"{what}; {NONE}{more}.", block="aircraft", key=key)
    for name, key, what, more in (
        ("aircraft_registration", "registration", "Registration (tail number) of the aircraft", ", which is frequent"),
        (
            "aircraft_icao24",
            "icao24",
            "ICAO 24-bit address of the aircraft, in hex: joins airplanes.icao_code_hex",
            "",
        ),
        ("aircraft_type_iata", "iata", "IATA code of the aircraft's type, at times the ICAO code in its place", ""),
        ("aircraft_type_icao", "icao", "ICAO code of the aircraft's type", ""),
    )
)

OBSERVATIONS = table(
    "flight_observations",
    "one distinct observation of a leg, as the API gave it; the table only grows",
    ("flight_key", "observed_at", "content_hash"),
    Column(
        "observed_at",
        "timestamp_ntz",
        "When the API answered, in UTC, by its own clock (by the producer's where the API's is more than 5 minutes "
        "off).",
    ),
    *KEY,
    Column(
        "content_hash",
        "string",
        "Hash of the values read from the record: tells records of one leg at one instant apart.",
    ),
    Column(
        "is_operating",
        "boolean",
        "True if the record is of the operating flight itself, false if of a codeshare; never null.",
    ),
    read(
        "codeshare",
        "flight_code",
        "The partner's flight code that a codeshare record is listed under, such as KL3018; null for the operating "
        "flight's own record, or if it has none.",
        block="flight",
        key="iata",
    ),
    *OPERATOR,
    STATUS_GIVEN,
    *side_observed(DEPARTURE),
    *side_observed(ARRIVAL),
    *AIRCRAFT,
    *_position(NONE),
    partition=BY_DATE,
)

FLIGHTS = table(
    "flights",
    "one operated flight leg as last known, whoever sold it",
    ("flight_key",),
    *KEY,
    Column(
        "flight_status",
        "string",
        "Status corrected by the times seen: scheduled, active, landed, cancelled, diverted, incident, unknown, or "
        "what else the API says; never null.",
    ),
    STATUS_GIVEN,
    *OPERATOR,
    *side_known(DEPARTURE),
    *side_known(ARRIVAL),
    *AIRCRAFT,
    Column(
        "codeshares",
        "array<string>",
        "Flight codes that partners sell the leg under, such as KL3018, sorted; empty if none was seen, never null.",
    ),
    *_position("null if no position of this flight is known"),
    Column(
        "flags",
        "array<string>",
        "Names of what is unusual about the row, sorted; empty if nothing is, never null.",
    ),
    Column("first_seen_at", "timestamp_ntz", "When the leg was first observed, in UTC."),
    Column("observed_at", "timestamp_ntz", "When the leg was last observed, in UTC: how fresh the row is."),
    partition=BY_DATE,
)
_CONFIRMED_AT = replace(
    FLIGHTS.columns["observed_at"],
    meaning="When the version was last confirmed, in UTC: the last observation before known_until.",
)

HISTORY = table(
    "flight_history",
    "one version of a leg, which held from known_from until known_until",
    ("flight_key", "known_from"),
    *(FLIGHTS.columns | {"observed_at": _CONFIRMED_AT}).values(),
    Column("known_from", "timestamp_ntz", "When the version was first seen, in UTC; it held from then on."),
    Column(
        "known_until",
        "timestamp_ntz",
        "When the next version was first seen, in UTC; null if the version still holds.",
    ),
    # Versions that still hold, of which known_until is null, stand apart from those that are closed for good.
    partition=(*BY_DATE, "years(known_until)"),
)

EVENTS = table(
    "flight_events",
    "one field that changed between two neighbouring versions of a leg",
    ("event_id",),
    Column("event_id", "string", "Identifies the event: a hash of flight_key, field and known_from."),
    Column("flight_key", "string", "The leg that changed: joins flights.flight_key."),
    Column("flight_date", "date", "Local date of the leg's scheduled departure. The table is partitioned by it."),
    Column("field", "string", "Name of the column of flight_history that changed."),
    Column("from_value", "string", "Value before the change, as text; null if there was none."),
    Column("to_value", "string", "Value after the change, as text; null if there is none any more."),
    Column("known_from", "timestamp_ntz", "When the new value was first seen, in UTC."),
    partition=BY_DATE,
)
