"""What each table and each column means, in words: the comments of the tables' DDL, and docs/data.md.

One sentence a column, of at most 200 characters (the Glue catalog takes 255): what it is, its unit, UTC or local,
when it is null. Standard library only: the Glue job imports it.
"""

Meanings = dict[str, str]
NONE = "null if the API gave none"


def _side(prefix: str, side: str, runway: str) -> Meanings:
    """What an observation and a leg both have of the departure or the arrival, as the API gives it."""
    return {
        f"{prefix}_airport": f"Name of the {side} airport; {NONE}.",
        f"{prefix}_iata": f"IATA code of the {side} airport; {NONE}, then {prefix}_icao has its code.",
        f"{prefix}_icao": f"ICAO code of the {side} airport; {NONE}, then {prefix}_iata has its code.",
        f"{prefix}_terminal": f"Terminal of the {side}, without the T that some records write before it; {NONE}.",
        f"{prefix}_gate": f"Gate of the {side}; {NONE}.",
        f"{prefix}_delay_api_min": f"Delay of the {side} in minutes as the API gives it: often missing, and at times a "
        f"forecast; {NONE}. {prefix}_delay_min of flights is the one to use.",
    } | {
        f"{prefix}_{time}_local": f"{what}, in the local time of the {side} airport; {NONE}."
        for time, what in _times(side, runway).items()
    }


def _side_derived(prefix: str, side: str, runway: str) -> Meanings:
    """What is worked out for a leg's departure or arrival."""
    diverted = ", and for a diverted flight" if prefix == "arr" else ""
    return {
        f"{prefix}_timezone": f"Time zone that the UTC times of the {side} come from: the API's if it is a known one, "
        "else the airport's, from a table in the package; null if neither is known.",
        f"{prefix}_delay_min": f"Delay of the {side} in minutes, actual minus scheduled; negative is early. Null "
        f"without both times in UTC{diverted}.",
        f"{prefix}_delay_forecast_min": f"Delay of the {side} in minutes that the API expects; null once there is an "
        "actual time, for a cancelled flight, and if the API gave none.",
    } | {
        f"{prefix}_{time}_utc": f"{what}, in UTC: {prefix}_{time}_local read in {prefix}_timezone; null if "
        "one of the two is null."
        for time, what in _times(side, runway).items()
    }


def _times(side: str, runway: str) -> Meanings:
    return {
        "scheduled": f"Scheduled {side}",
        "estimated": f"Estimated {side}",
        "actual": f"Actual {side}",
        "estimated_runway": f"Estimated {runway}",
        "actual_runway": f"Actual {runway}",
    }


def _position(null: str) -> Meanings:
    """The aircraft's position; `null` says when there is none."""
    return {
        "live_updated_utc": f"When the position was taken, in UTC; {null}.",
        "live_latitude": f"Latitude of the aircraft in degrees, north positive; {null}.",
        "live_longitude": f"Longitude of the aircraft in degrees, east positive; {null}.",
        "live_altitude": f"Altitude of the aircraft in metres; {null}.",
        "live_direction": f"Heading of the aircraft in degrees, 0 is north; {null}.",
        "live_speed_horizontal": f"Speed over ground in km/h; {null}.",
        "live_speed_vertical": f"Vertical speed in km/h, climbing positive; {null}.",
        "live_is_ground": f"Whether the aircraft is on the ground; {null}.",
    }


_SIDES = (("dep", "departure", "take-off"), ("arr", "arrival", "touch-down"))

# What flight_observations, flight_history and flights have alike.
_LEG = {
    "flight_key": "Identifies the leg: date|departure|airline|number of the operating flight, or "
    "date|departure|arrival|scheduled local time where airline or number is missing.",
    "identity": "How flight_key was made: number (from airline and number of the operating flight), or slot (from "
    "route and schedule, for one of them is missing).",
    "flight_date": "Local date of the scheduled departure; never null. The table is partitioned by it.",
    "flight_status_api": f"Status as the API gives it, in lower case, which can lag behind its times; {NONE}.",
    "airline_iata": f"IATA code of the operating airline; {NONE}.",
    "airline_icao": f"ICAO code of the operating airline; {NONE}.",
    "airline_name": f"Name of the operating airline; {NONE}.",
    "flight_number": f"Number of the operating flight, as text, without airline code and leading zeros; {NONE}.",
    "flight_iata": f"Code of the operating flight with the airline's IATA code, such as CM315; {NONE}.",
    "flight_icao": f"Code of the operating flight with the airline's ICAO code, such as CMP315; {NONE}.",
    **{name: text for side in _SIDES for name, text in _side(*side).items()},
    "dep_scheduled_local": "Scheduled departure, in the local time of the departure airport; never null.",
    "arr_baggage": f"Baggage belt of the arrival; {NONE}.",
    "aircraft_registration": f"Registration (tail number) of the aircraft; {NONE}, which is frequent.",
    "aircraft_icao24": f"ICAO 24-bit address of the aircraft, in hex: joins airplanes.icao_code_hex; {NONE}.",
    "aircraft_type_iata": f"IATA code of the aircraft's type, at times the ICAO code in its place; {NONE}.",
    "aircraft_type_icao": f"ICAO code of the aircraft's type; {NONE}.",
}
_OBSERVATIONS = {
    **_LEG,
    **{
        f"{prefix}_timezone": f"Time zone of the {side} airport as the API gives it: an IANA name, an offset such as "
        f"+08:00, or one that is unknown; {NONE}."
        for prefix, side, _ in _SIDES
    },
    **_position(NONE),
    "observed_at": "When the API answered, in UTC, by its own clock (by the producer's where the API's is more than 5 "
    "minutes off).",
    "content_hash": "Hash of the values read from the record: tells records of one leg at one instant apart.",
    "is_operating": "True if the record is of the operating flight itself, false if of a codeshare; never null.",
    "codeshare": "The partner's flight code that a codeshare record is listed under, such as KL3018; null for the "
    "operating flight's own record, or if it has none.",
}
_FLIGHTS = {
    **_LEG,
    **{name: text for side in _SIDES for name, text in _side_derived(*side).items()},
    **_position("null if no position of this flight is known"),
    "flight_status": "Status corrected by the times seen: scheduled, active, landed, cancelled, diverted, incident, "
    "unknown, or what else the API says; never null.",
    "codeshares": "Flight codes that partners sell the leg under, such as KL3018, sorted; empty if none was seen, "
    "never null.",
    "flags": "Names of what is unusual about the row, sorted; empty if nothing is, never null.",
    "first_seen_at": "When the leg was first observed, in UTC.",
    "observed_at": "When the leg was last observed, in UTC: how fresh the row is.",
}
_HISTORY = {
    **_FLIGHTS,
    "observed_at": "When the version was last confirmed, in UTC: the last observation before known_until.",
    "known_from": "When the version was first seen, in UTC; it held from then on.",
    "known_until": "When the next version was first seen, in UTC; null if the version still holds.",
}
_EVENTS = {
    "event_id": "Identifies the event: a hash of flight_key, field and known_from.",
    "flight_key": "The leg that changed: joins flights.flight_key.",
    "flight_date": "Local date of the leg's scheduled departure. The table is partitioned by it.",
    "field": "Name of the column of flight_history that changed.",
    "from_value": "Value before the change, as text; null if there was none.",
    "to_value": "Value after the change, as text; null if there is none any more.",
    "known_from": "When the new value was first seen, in UTC.",
}
_REFERENCE = {
    "content_hash": "Hash of the record's values: decides between two records of one instant.",
    "observed_at": "When the API gave the record, in UTC: the newest one of this key.",
}
_CITIES = {
    "city_id": "The API's number of the city, as text: the same in every pull.",
    "city_name": f"Name of the city; {NONE}.",
    "iata_code": f"IATA code of the city: joins flights.dep_iata and arr_iata, for an airport of that code; {NONE}.",
    "country_iso2": f"ISO 3166 code of the country, two letters; {NONE}.",
    "latitude": f"Latitude in degrees, north positive; {NONE}.",
    "longitude": f"Longitude in degrees, east positive; {NONE}.",
    "timezone": f"Time zone as the API gives it, an IANA name or an offset; {NONE}.",
    "gmt": f"Offset from GMT in hours, as text, such as -10; {NONE}.",
    "geoname_id": f"Number of the city at geonames.org, as text; {NONE}, which is frequent.",
    **_REFERENCE,
}
_AIRPLANES = {
    "airplane_id": "The API's number of the airplane, as text: the same in every pull.",
    "registration_number": f"Registration (tail number); {NONE}.",
    "icao_code_hex": f"ICAO 24-bit address, in hex: joins flights.aircraft_icao24; {NONE}.",
    "iata_type": f"Type, such as B737-300; {NONE}.",
    "model_name": f"Name of the model, such as 737; {NONE}.",
    "model_code": f"Code of the model with its series, such as B737-377; {NONE}.",
    "iata_code_short": f"IATA code of the type, such as 733: joins aircraft_types.iata_code; {NONE}.",
    "iata_code_long": f"Longer code of the type, such as B733; {NONE}.",
    "airline_iata_code": f"IATA code of the airline that flies it; {NONE}.",
    "airline_icao_code": f"ICAO code of the airline that flies it; {NONE}.",
    "plane_owner": f"Owner, a lessor perhaps; {NONE}.",
    "plane_series": f"Series of the model, such as 377; {NONE}.",
    "plane_status": f"Status as the API gives it, in lower case, such as active; {NONE}.",
    "plane_class": f"Class as the API gives it; {NONE}, which is frequent.",
    "production_line": f"Family that it was built in, such as Boeing 737 Classic; {NONE}.",
    "construction_number": f"The manufacturer's serial number, as text; {NONE}.",
    "line_number": f"Place in the order of the production line, as text; {NONE}.",
    "test_registration_number": f"Registration that it was tested under; {NONE}.",
    "engines_count": f"Number of engines; {NONE}.",
    "engines_type": f"Kind of engines, in upper case, such as JET or TURBOPROP; {NONE}.",
    "first_flight_date": f"Date of the first flight: an age is worked out from it in the query; {NONE}.",
    "delivery_date": f"Date of the delivery; {NONE}.",
    "registration_date": f"Date of the registration; {NONE}.",
    "rollout_date": f"Date of the roll-out; {NONE}.",
    **_REFERENCE,
}
_AIRCRAFT_TYPES = {
    "plane_type_id": "The API's number of the type, as text: the same in every pull.",
    "iata_code": f"IATA code of the type, such as 733: joins airplanes.iata_code_short; {NONE}.",
    "aircraft_name": f"Name of the type, such as Fokker 100; {NONE}.",
    **_REFERENCE,
}
_QUARANTINE = {
    "quarantine_id": "Identifies the row: a hash of entity, rule and record (of the text, if there is no record).",
    "entity": "What the record was to be: flights, cities, airplanes or aircraft_types; the folder in raw.",
    "rule": "Name of the rule that refused it.",
    "reason": "How it breaks the rule, in one line.",
    "raw_text": "The line as it came, with bytes that are not UTF-8 replaced; cut after 100,000 characters.",
    "object": "Key of a raw object that holds it, the first by name.",
    "first_seen_at": "When it first came: the hour, in UTC, at which the first of its raw objects arrived.",
    "last_seen_at": "When it last came: the hour, in UTC, at which the last of its raw objects arrived.",
    "times_seen": "How many lines held it, in all raw objects.",
    "lines_by_object": "How many lines held it, by the key of the raw object.",
}
_LOADS = {
    "run_id": "Identifies the run of the load; its run record in the runs bucket has the same.",
    "status": "How the run ended: ok, or warning if its raw objects held no line at all.",
    "started_at": "When the run started, in UTC.",
    "finished_at": "When the tables could be queried, in UTC.",
    "seconds": "How long the run took, in seconds.",
    "objects": "Keys of the raw objects that the run read; empty if there were none to read.",
    "lines_read": "Lines that the run read: observations_added + references + repeats + quarantined.",
    "observations_added": "Lines that became new rows of flight_observations.",
    "references": "Lines that held a city, an airplane or an aircraft type.",
    "repeats": "Lines that held an observation that was there already, or came more than once in the run.",
    "quarantined": "Lines that a rule refused.",
    "warnings": "How often a line that was loaded broke a rule that only warns.",
    "warnings_by_rule": "Those warnings by name, rule or rule:what; beyond the 100 most frequent by rule alone.",
    "flight_dates": "Flight dates of which the run had observations: those that it derived again.",
    "newest_observed_at": "When the API gave the newest record that was loaded, in UTC; by entity.",
    "newest_fetched_at": "When the newest record loaded was fetched, in UTC by the producer's clock; by entity.",
    "seconds_to_queryable_min": "Seconds from the fetch of the newest record to the end of the run; null for none.",
    "seconds_to_queryable_p50": "Seconds from fetch to the end of the run that half of the records took at most.",
    "seconds_to_queryable_p95": "Seconds from fetch to the end of the run that 95 % of the records took at most.",
    "seconds_to_queryable_max": "Seconds from the fetch of the oldest record to the end of the run; null for none.",
}

TABLE_MEANINGS: Meanings = {
    "flight_observations": "One row is one distinct observation of a leg, as the API gave it; the table only grows. "
    "Key: flight_key, observed_at, content_hash.",
    "flight_history": "One row is one version of a leg, which held from known_from until known_until. "
    "Key: flight_key, known_from.",
    "flights": "One row is one operated flight leg as last known, whoever sold it. Key: flight_key.",
    "flight_events": "One row is one field that changed between two neighbouring versions of a leg. Key: event_id.",
    "cities": "One row is one city as last known. Key: city_id.",
    "airplanes": "One row is one airplane as last known. Key: airplane_id.",
    "aircraft_types": "One row is one aircraft type as last known. Key: plane_type_id.",
    "quarantine": "One row is one record that a rule refused, with the reason. Key: quarantine_id.",
    "loads": "One row is one finished run of the load: what it read and what came of it. Key: run_id.",
}
MEANINGS: dict[str, Meanings] = {
    "flight_observations": _OBSERVATIONS,
    "flight_history": _HISTORY,
    "flights": _FLIGHTS,
    "flight_events": _EVENTS,
    "cities": _CITIES,
    "airplanes": _AIRPLANES,
    "aircraft_types": _AIRCRAFT_TYPES,
    "quarantine": _QUARANTINE,
    "loads": _LOADS,
}


def table_meaning(table: str) -> str:
    """What one row of the table is, and its key."""
    return TABLE_MEANINGS[table]


def meaning(table: str, column: str) -> str:
    """What the column of the table holds."""
    return MEANINGS[table][column]
