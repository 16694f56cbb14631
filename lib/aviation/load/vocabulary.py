"""Keys and statuses that the API is known to send; others raise a warning."""

# The blocks and leaves of a flight record; `codeshared` is the block inside `flight`.
FLIGHT_RECORD_KEYS = frozenset(
    {"flight_date", "flight_status", "departure", "arrival", "airline", "flight", "aircraft", "live"}
)
AIRLINE_KEYS = frozenset({"name", "iata", "icao"})
FLIGHT_KEYS = frozenset({"number", "iata", "icao", "codeshared"})
# The statuses that the API documents, and one more that it was seen to give.
STATUSES = frozenset({"scheduled", "active", "landed", "cancelled", "incident", "diverted", "unknown"})
# Leaves of reference records that are left out: `id` changes between pulls, and `plane_age` is stale (it follows from
# first_flight_date).
LEFT_OUT = frozenset({"id", "plane_age"})
