"""The load's own tables: the lines that it refused, its runs, and what it carries from one to the next."""

from aviation.columns.declaration import Column, table

QUARANTINE = table(
    "quarantine",
    "one record that a rule refused, with the reason",
    ("quarantine_id",),
    Column(
        "quarantine_id",
        "string",
        "Identifies the row: a hash of entity, rule and record (of the text, if there is no record).",
    ),
    Column(
        "entity",
        "string",
        "What the record was to be: flights, cities, airplanes or aircraft_types; the folder in raw.",
    ),
    Column("rule", "string", "Name of the rule that refused it."),
    Column("reason", "string", "How it breaks the rule, in one line."),
    Column(
        "raw_text",
        "string",
        "The line as it came, with bytes that are not UTF-8 replaced; cut after 100,000 characters.",
    ),
    Column("object", "string", "Key of a raw object that holds it, the first by name."),
    Column(
        "first_seen_at",
        "timestamp_ntz",
        "When it first came: the hour, in UTC, at which the first of its raw objects arrived.",
    ),
    Column(
        "last_seen_at",
        "timestamp_ntz",
        "When it last came: the hour, in UTC, at which the last of its raw objects arrived.",
    ),
    Column("times_seen", "bigint", "How many lines held it, in all raw objects."),
    # By object, so that one that is read again counts once.
    Column("lines_by_object", "map<string,bigint>", "How many lines held it, by the key of the raw object."),
)

LOADS = table(
    "loads",
    "one finished batch of a run of the load: what it read and what came of it",
    ("run_id", "batch"),
    Column("run_id", "string", "Identifies the run of the load; its run record in the runs bucket has the same."),
    Column(
        "batch",
        "int",
        "Which batch of the run it was, from 1; most runs have one. Null in a run from before there were batches.",
    ),
    Column("status", "string", "How the batch ended: ok, or warning if its raw objects held no line at all."),
    Column("started_at", "timestamp_ntz", "When the batch started, in UTC."),
    Column("finished_at", "timestamp_ntz", "When what it brought could be queried, in UTC."),
    Column("seconds", "double", "How long the batch took, in seconds."),
    Column("objects", "array<string>", "Keys of the raw objects that it read; empty if there were none to read."),
    Column(
        "objects_left",
        "map<string,bigint>",
        "New raw objects that the run had found and not yet loaded, by entity. Empty in a requeue; null in old rows.",
    ),
    Column("lines_read", "bigint", "Lines that it read: observations_added + references + repeats + quarantined."),
    Column(
        "observations_added",
        "bigint",
        "Lines that the batch itself wrote to flight_observations. What a load wrote before it was killed counts as "
        "repeats where its objects are read again.",
    ),
    Column("references", "bigint", "Lines that held a city, an airplane or an aircraft type."),
    Column(
        "repeats",
        "bigint",
        "Lines that held an observation that was there already, or came more than once in the batch.",
    ),
    Column("quarantined", "bigint", "Lines that a rule refused."),
    Column("warnings", "bigint", "How often a line that was loaded broke a rule that only warns."),
    Column(
        "warnings_by_rule",
        "map<string,bigint>",
        "Those warnings by name, rule or rule:what; beyond the 100 most frequent by rule alone.",
    ),
    Column(
        "flight_dates",
        "array<date>",
        "Flight dates of which the batch had observations: those that it derived again.",
    ),
    Column(
        "newest_observed_at",
        "map<string,timestamp_ntz>",
        "When the API gave the newest record that was loaded, in UTC; by entity.",
    ),
    Column(
        "newest_fetched_at",
        "map<string,timestamp_ntz>",
        "When the newest record loaded was fetched, in UTC by the producer's clock; by entity.",
    ),
    Column(
        "seconds_to_queryable_min",
        "double",
        "Seconds from the fetch of the newest record to the end of the batch; null for none.",
    ),
    Column(
        "seconds_to_queryable_p50",
        "double",
        "Seconds from fetch to the end of the batch that half of the records took at most.",
    ),
    Column(
        "seconds_to_queryable_p95",
        "double",
        "Seconds from fetch to the end of the batch that 95 % of the records took at most.",
    ),
    Column(
        "seconds_to_queryable_max",
        "double",
        "Seconds from the fetch of the oldest record to the end of the batch; null for none.",
    ),
    # As of the end of the batch, of all loads until then, so that the next load needs the newest row alone.
    Column(
        "fetched_up_to",
        "map<string,timestamp_ntz>",
        "When the newest record that was ever loaded was fetched, in UTC; by entity. Null in old rows.",
    ),
    Column(
        "caught_up_to",
        "map<string,timestamp_ntz>",
        "Hour of arrival, in UTC, before which nothing that was found in raw is left to load; by entity. Null in old "
        "rows.",
    ),
    Column(
        "objects_read_at",
        "map<string,timestamp_ntz>",
        "When the last batch ended that read new raw objects, in UTC; by entity. Null in old rows.",
    ),
    Column("forecasts", "bigint", "Legs of which it wrote a forecast. Null in old rows."),
    Column(
        "forecasts_missing",
        "string",
        "Why there is no forecast, in words: too few flights yet, no model, newer observations, or what failed. Null "
        "where there are some.",
    ),
    partition=("months(finished_at)",),
)

LOAD_STATE = table(
    "load_state",
    "what the load keeps of some legs of a date for the next load; internal: derived, and made anew where it is gone",
    ("flight_date", "payload"),
    Column("flight_date", "date", "Local date of the legs' scheduled departure. The table is partitioned by it."),
    Column("schema", "string", "Identifies the layout of payload; a load passes over a row of another layout."),
    Column("legs", "int", "How many legs payload holds."),
    Column("payload", "binary", "The legs' folded observations, packed for the load alone."),
    partition=("flight_date",),
)
