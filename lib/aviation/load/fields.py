"""Which leaf of a record goes to which column, declared once: the parser, the fold and the tables read it here."""

from dataclasses import dataclass

from aviation.load.leaves import SQL_TYPES


@dataclass(frozen=True)
class Field:
    """The leaf `key` of its block becomes the column `column`; `kind` is how it is read (`leaves.READERS`)."""

    key: str
    column: str
    kind: str

    @property
    def sql_type(self) -> str:
        """The column's type in Spark's SQL."""
        return SQL_TYPES[self.kind]


def _side(prefix: str, *more: Field) -> tuple[Field, ...]:
    return (
        Field("airport", f"{prefix}_airport", "text"),
        Field("iata", f"{prefix}_iata", "code"),
        Field("icao", f"{prefix}_icao", "code"),
        Field("timezone", f"{prefix}_timezone", "zone"),
        Field("terminal", f"{prefix}_terminal", "terminal"),
        Field("gate", f"{prefix}_gate", "code"),
        *more,
        Field("delay", f"{prefix}_delay_api_min", "int"),
        Field("scheduled", f"{prefix}_scheduled_local", "local"),
        Field("estimated", f"{prefix}_estimated_local", "local"),
        Field("actual", f"{prefix}_actual_local", "local"),
        Field("estimated_runway", f"{prefix}_estimated_runway_local", "local"),
        Field("actual_runway", f"{prefix}_actual_runway_local", "local"),
    )


# The operating flight's names, from the codeshare block where there is one (see `identity`).
OPERATOR = (
    Field("airline_iata", "airline_iata", "code"),
    Field("airline_icao", "airline_icao", "code"),
    Field("airline_name", "airline_name", "text"),
    Field("flight_number", "flight_number", "code"),
    Field("flight_iata", "flight_iata", "flight_code"),
    Field("flight_icao", "flight_icao", "flight_code"),
)
AIRLINE_KEYS = frozenset({"name", "iata", "icao"})
FLIGHT_KEYS = frozenset({"number", "iata", "icao", "codeshared"})
# The blocks of a flight record that are read leaf by leaf; "" is the record itself.
BLOCKS: dict[str, tuple[Field, ...]] = {
    "": (Field("flight_status", "flight_status_api", "word"),),
    "departure": _side("dep"),
    "arrival": _side("arr", Field("baggage", "arr_baggage", "code")),
    "aircraft": (
        Field("registration", "aircraft_registration", "code"),
        Field("icao24", "aircraft_icao24", "code"),
        Field("iata", "aircraft_type_iata", "code"),
        Field("icao", "aircraft_type_icao", "code"),
    ),
    "live": (
        Field("updated", "live_updated_utc", "utc"),
        Field("latitude", "live_latitude", "number"),
        Field("longitude", "live_longitude", "number"),
        Field("altitude", "live_altitude", "number"),
        Field("direction", "live_direction", "number"),
        Field("speed_horizontal", "live_speed_horizontal", "number"),
        Field("speed_vertical", "live_speed_vertical", "number"),
        Field("is_ground", "live_is_ground", "flag"),
    ),
}
LEAVES = tuple(field for fields in BLOCKS.values() for field in fields)
FLIGHT_RECORD_KEYS = frozenset(
    {"flight_date", "flight_status", "departure", "arrival", "airline", "flight", "aircraft", "live"}
)
# The statuses that the API documents, and one more that it was seen to give.
STATUSES = frozenset({"scheduled", "active", "landed", "cancelled", "incident", "diverted", "unknown"})
# What is worked out from a record comes before what is read from it.
OBSERVATION_COLUMNS = {
    "flight_key": "string",
    "identity": "string",
    "flight_date": "date",
    "content_hash": "string",
    "is_operating": "boolean",
    "codeshare": "string",
} | {field.column: field.sql_type for field in (*OPERATOR, *LEAVES)}


def _reference(**kinds: str) -> tuple[Field, ...]:
    return tuple(Field(key, key, kind) for key, kind in kinds.items())


# The first field is the entity's key. Every value comes as a string or null.
REFERENCES: dict[str, tuple[Field, ...]] = {
    "cities": _reference(
        city_id="text", city_name="text", iata_code="code", country_iso2="code", latitude="number", longitude="number",
        timezone="zone", gmt="text", geoname_id="text",
    ),
    "airplanes": _reference(
        airplane_id="text", registration_number="code", icao_code_hex="code", iata_type="code", model_name="text",
        model_code="code", iata_code_short="code", iata_code_long="code", airline_iata_code="code",
        airline_icao_code="code", plane_owner="text", plane_series="text", plane_status="word", plane_class="text",
        production_line="text", construction_number="text", line_number="text", test_registration_number="code",
        engines_count="int", engines_type="code", first_flight_date="date", delivery_date="date",
        registration_date="date", rollout_date="date",
    ),
    "aircraft_types": _reference(plane_type_id="text", iata_code="code", aircraft_name="text"),
}  # fmt: skip
# Known, and left out: `id` changes between pulls, and `plane_age` is stale (it follows from first_flight_date).
LEFT_OUT = frozenset({"id", "plane_age"})
