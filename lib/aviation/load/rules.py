"""What a raw line is checked for, declared once.

A line that breaks a `refuse` rule goes to `quarantine` under the rule's name. A `warn` rule costs one field at most,
and is counted, as `rule:what`: the column, the key or the value. A line is checked in the order of this table, and the
first rule that it breaks is the one it is refused by.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Rule:
    """`checks` says what must hold, for the people who read a quarantined line."""

    name: str
    checks: str
    action: Literal["refuse", "warn"]


RULES = {
    rule.name: rule
    for rule in (
        Rule("whole_object", "the object is whole: its gzip stream is neither cut nor damaged", "refuse"),
        Rule("utf8", "the line is valid UTF-8", "refuse"),
        Rule("json", "the line is JSON", "refuse"),
        Rule("line_is_object", "the line is a JSON object", "refuse"),
        Rule("envelope_complete", "the envelope has entity, observed_at, fetched_at, run_id, source, record", "refuse"),
        Rule("entity_known", "the entity is one that is loaded", "refuse"),
        Rule("record_is_object", "the record is a JSON object", "refuse"),
        Rule("not_from_the_future", "observed_at is at most 5 minutes after fetched_at", "refuse"),
        Rule("has_key", "a reference record has the key that stays the same between pulls", "refuse"),
        Rule("has_departure", "the departure names an airport, by IATA or ICAO code", "refuse"),
        Rule("has_arrival", "the arrival names an airport, by IATA or ICAO code", "refuse"),
        Rule("has_date", "the flight has a date", "refuse"),
        Rule("date_possible", "the flight's date is a day of the calendar, as YYYY-MM-DD", "refuse"),
        Rule("has_schedule", "the departure has a readable scheduled time", "refuse"),
        Rule("value_readable", "a value has its column's type; else it is loaded as null", "warn"),
        Rule(
            "status_known",
            "the flight's status is one that the API is known to give; else it is kept as it came",
            "warn",
        ),
        Rule("key_known", "a key is one that the API documents; else it is left out", "warn"),
    )
}


class Refused(Exception):  # noqa: N818 - the outcome of a line, not an error of the program
    """A line breaks the refusing rule `rule`; `reason` says how, in one line."""

    def __init__(self, rule: str, reason: str):
        super().__init__(f"{rule}: {reason}")
        self.rule = RULES[rule].name
        self.reason = reason
