"""The reference tables: cities, airplanes and aircraft types. Each is called as its entity."""

from aviation.columns.declaration import NONE, Column, read, table

# Every leaf comes as a string or null.
_SEEN = (
    Column("content_hash", "string", "Hash of the record's values: decides between two records of one instant."),
    Column("observed_at", "timestamp_ntz", "When the API gave the record, in UTC: the newest one of this key."),
)

CITIES = table(
    "cities",
    "one city as last known",
    ("city_id",),
    read("city_id", "text", "The API's number of the city, as text: the same in every pull."),
    read("city_name", "text", f"Name of the city; {NONE}."),
    read(
        "iata_code",
        "code",
        f"IATA code of the city: joins flights.dep_iata and arr_iata, for an airport of that code; {NONE}.",
    ),
    read("country_iso2", "code", f"ISO 3166 code of the country, two letters; {NONE}."),
    read("latitude", "number", f"Latitude in degrees, north positive; {NONE}."),
    read("longitude", "number", f"Longitude in degrees, east positive; {NONE}."),
    read("timezone", "zone", f"Time zone as the API gives it, an IANA name or an offset; {NONE}."),
    read("gmt", "text", f"Offset from GMT in hours, as text, such as -10; {NONE}."),
    read("geoname_id", "text", f"Number of the city at geonames.org, as text; {NONE}, which is frequent."),
    *_SEEN,
)
AIRPLANES = table(
    "airplanes",
    "one airplane as last known",
    ("airplane_id",),
    read("airplane_id", "text", "The API's number of the airplane, as text: the same in every pull."),
    read("registration_number", "code", f"Registration (tail number); {NONE}."),
    read("icao_code_hex", "code", f"ICAO 24-bit address, in hex: joins flights.aircraft_icao24; {NONE}."),
    read("iata_type", "code", f"Type, such as B737-300; {NONE}."),
    read("model_name", "text", f"Name of the model, such as 737; {NONE}."),
    read("model_code", "code", f"Code of the model with its series, such as B737-377; {NONE}."),
    read("iata_code_short", "code", f"IATA code of the type, such as 733: joins aircraft_types.iata_code; {NONE}."),
    read("iata_code_long", "code", f"Longer code of the type, such as B733; {NONE}."),
    read("airline_iata_code", "code", f"IATA code of the airline that flies it; {NONE}."),
    read("airline_icao_code", "code", f"ICAO code of the airline that flies it; {NONE}."),
    read("plane_owner", "text", f"Owner, a lessor perhaps; {NONE}."),
    read("plane_series", "text", f"Series of the model, such as 377; {NONE}."),
    read("plane_status", "word", f"Status as the API gives it, in lower case, such as active; {NONE}."),
    read("plane_class", "text", f"Class as the API gives it; {NONE}, which is frequent."),
    read("production_line", "text", f"Family that it was built in, such as Boeing 737 Classic; {NONE}."),
    read("construction_number", "text", f"The manufacturer's serial number, as text; {NONE}."),
    read("line_number", "text", f"Place in the order of the production line, as text; {NONE}."),
    read("test_registration_number", "code", f"Registration that it was tested under; {NONE}."),
    read("engines_count", "int", f"Number of engines; {NONE}."),
    read("engines_type", "code", f"Kind of engines, in upper case, such as JET or TURBOPROP; {NONE}."),
    read(
        "first_flight_date",
        "date",
        f"Date of the first flight: an age is worked out from it in the query; {NONE}.",
    ),
    read("delivery_date", "date", f"Date of the delivery; {NONE}."),
    read("registration_date", "date", f"Date of the registration; {NONE}."),
    read("rollout_date", "date", f"Date of the roll-out; {NONE}."),
    *_SEEN,
)
AIRCRAFT_TYPES = table(
    "aircraft_types",
    "one aircraft type as last known",
    ("plane_type_id",),
    read("plane_type_id", "text", "The API's number of the type, as text: the same in every pull."),
    read("iata_code", "code", f"IATA code of the type, such as 733: joins airplanes.iata_code_short; {NONE}."),
    read("aircraft_name", "text", f"Name of the type, such as Fokker 100; {NONE}."),
    *_SEEN,
)
# By entity.
REFERENCES = {declared.name: declared for declared in (CITIES, AIRPLANES, AIRCRAFT_TYPES)}
