"""What the bill takes for granted, and where each figure comes from: a declared table, which `aviation cost` prints."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Assumption:
    """A figure of the bill that nobody can look up: its `value` in `unit`, what it is of, and its source."""

    value: float
    unit: str
    of: str
    source: str


ASSUMED = {
    "airport_rows": Assumption(
        800,
        "rows",
        "a day at an airport, one way, until polls tell",
        "about JFK's; ATL has three times as many",
    ),
    "airline_rows": Assumption(2000, "rows", "a day of an airline, until polls tell", "about JetBlue's"),
    "neighbour_share": Assumption(0.5, "of polls", "ask for a neighbouring day", "from midnight to its last arrival"),
    "load_seconds_here": Assumption(
        10, "s", "a load of half an hour's flights here", "benchmarks/load.py: cold, on two slow cores"
    ),
    "load_factor": Assumption(1.5, "times", "its seconds on Glue", "a guess: two cold JVMs, not one; 4 vCPU"),
    "session_seconds": Assumption(
        30, "s", "of a run on Glue before the load, billed", "a guess: it starts two workers' JVMs"
    ),
    "calls_in_a_row": Assumption(
        180, "calls", "of AWS that a load waits for", "benchmarks/calls.py: hardly two at once"
    ),
    "call_wait_seconds": Assumption(0.06, "s", "for each of them", "a guess: S3's median is tens of ms"),
    "upkeep_seconds": Assumption(
        60, "s", "more of the daily load, which tidies", "a guess: 29,000 records, and a day's files"
    ),
    "least_billed_seconds": Assumption(
        60, "s", "billed for a Glue run at least", "https://aws.amazon.com/glue/pricing/"
    ),
    "publish_seconds": Assumption(
        60, "s", "of a run that publishes, after its start", "a guess: 7 s of pip and 13 s of work here"
    ),
    "train_seconds": Assumption(
        600,
        "s",
        "of a run that trains, after its start",
        "two models of 122 s here, and the reading",
    ),
    "viewer_requests": Assumption(
        20_000, "requests", "of viewers, where there are any", "a guess: 1,000 a working day"
    ),
    "page_mb": Assumption(0.3, "MB", "of a viewer's request, compressed", "measured on the demo's page"),
    "start_seconds": Assumption(
        4, "s", "a Lambda's start and first call", "a guess: 2 s here, benchmarks/lambda_runtime.py"
    ),
    "call_seconds": Assumption(1, "s", "a call of the flight API", "a guess: its pages answer in 0.3 to 2 s"),
    "watch_seconds": Assumption(4, "s", "an alerts' watch, after its function's start", "measured here, on the demo"),
    "watch_queries": Assumption(3, "queries", "of a watch after a load", "aviation.alerts.matches"),
    "query_mb": Assumption(10, "MB", "billed for an Athena query at least", "https://aws.amazon.com/athena/pricing/"),
    "peoples_queries": Assumption(1000, "queries", "of people and QuickSight", "a guess: fifty a working day"),
    "emails": Assumption(500, "e-mails", "of alarms and alerts", "a guess: a disruption a day, for a few readers"),
    "kms_requests": Assumption(
        24,
        "requests",
        "to KMS for each stream and hour",
        "a writer's and a reader's key lasts 5 minutes",
    ),
    "trail_events": Assumption(
        170, "events", "of S3 for each load, where a trail keeps them", "benchmarks/calls.py: reads and writes"
    ),
    "gzip_share": Assumption(0.10, "", "of raw is left by gzip", "4 to 9 % measured; real text repeats itself less"),
    "puts_per_load": Assumption(50, "writes", "to S3 of a load, listings included", "benchmarks/calls.py"),
    "gets_per_load": Assumption(130, "reads", "of S3 of a load", "benchmarks/calls.py"),
    "catalog_calls_per_load": Assumption(60, "calls", "of the Glue catalog of a load", "benchmarks/calls.py"),
    "table_bytes_per_leg": Assumption(1600, "bytes", "of the tables for each leg", "measured on the demo's tables"),
    "producer_log_bytes": Assumption(20_000, "bytes", "of log of a poll", "measured here"),
    "load_log_bytes": Assumption(500_000, "bytes", "of log of a load", "135,000 here, at INFO; Glue's own: a guess"),
}


def assumed(name: str) -> float:
    """The figure of that name."""
    return ASSUMED[name].value


def assumed_lines() -> list[str]:
    """The table in words, a line each."""
    return [f"{about.value:>9,.10g} {about.unit:<9}{about.of:<46} {about.source}" for about in ASSUMED.values()]
