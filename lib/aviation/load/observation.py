"""One record to the text of its table's columns: pure, and the same for a record whichever object it came in."""

import hashlib
import json
from collections.abc import Collection
from datetime import date

from aviation.load.fields import (
    AIRLINE_KEYS,
    BLOCKS,
    FLIGHT_KEYS,
    FLIGHT_RECORD_KEYS,
    LEFT_OUT,
    OPERATOR,
    REFERENCES,
    STATUSES,
    Field,
)
from aviation.load.identity import flight_key, flight_number, operator_leaves
from aviation.load.leaves import READERS, read_flight_code
from aviation.load.rules import Refused

Values = list[str | None]
KEYS_NAMED = 5
NAME_LIMIT = 60
_KEYS = {name: frozenset(field.key for field in fields) for name, fields in BLOCKS.items()}
_OPERATOR_KEYS = frozenset(field.key for field in OPERATOR)
_REFERENCE_KEYS = {name: LEFT_OUT | {field.key for field in fields} for name, fields in REFERENCES.items()}


def flight_observation(record: dict) -> tuple[Values, list[str]]:
    """The values of `fields.OBSERVATION_COLUMNS`, as text, and the names of what was warned of.

    Raises Refused where the record has no departure, arrival, date or schedule.
    """
    warnings: set[str] = set()
    notice_unknown("", record, FLIGHT_RECORD_KEYS, warnings)
    blocks = {
        name: _block(record, name, warnings)
        for name in ("departure", "arrival", "airline", "flight", "aircraft", "live")
    }
    notice_unknown("airline", blocks["airline"], AIRLINE_KEYS, warnings)
    notice_unknown("flight", blocks["flight"], FLIGHT_KEYS, warnings)
    leaves = {"": _read(record, BLOCKS[""], warnings)}
    [status] = leaves[""]
    if status and status not in STATUSES:
        warnings.add(f"status_known:{_short(status)}")
    for name in ("departure", "arrival", "aircraft", "live"):
        notice_unknown(name, blocks[name], _KEYS[name], warnings)
        leaves[name] = _read(blocks[name], BLOCKS[name], warnings)

    operator, is_operating = operator_leaves(record, blocks["flight"], blocks["airline"])
    if not is_operating:
        notice_unknown("codeshared", operator, _OPERATOR_KEYS, warnings)
    names = _read(operator, OPERATOR, warnings)
    names[_NUMBER] = flight_number(names[_NUMBER])
    codeshare = None if is_operating else _leaf(blocks["flight"].get("iata"), _CODESHARE, warnings)

    departure, arrival = leaves["departure"], leaves["arrival"]
    start = departure[_IATA] or departure[_ICAO]
    end = arrival[_IATA] or arrival[_ICAO]
    if not start:
        raise Refused("has_departure", "the departure names no airport")
    if not end:
        raise Refused("has_arrival", "the arrival names no airport")
    day = _flight_date(record.get("flight_date"))
    scheduled = departure[_SCHEDULED]
    if not scheduled:
        raise Refused("has_schedule", f"departure.scheduled is {_shown(blocks['departure'].get('scheduled'))}")
    key, identity = flight_key(day, start, end, scheduled, tuple(names))
    values = ["true" if is_operating else "false", codeshare, *names]
    for name in BLOCKS:
        values += leaves[name]
    return [key, identity, day, content_hash([key, *values]), *values], sorted(warnings)


def reference_record(entity: str, record: dict) -> tuple[Values, list[str]]:
    """The content hash and the values of `fields.REFERENCES[entity]`, as text, and the names of what was warned of.

    Raises Refused where the record lacks the entity's key.
    """
    warnings: set[str] = set()
    notice_unknown(entity, record, _REFERENCE_KEYS[entity], warnings)
    values = _read(record, REFERENCES[entity], warnings)
    if values[0] is None:
        key = REFERENCES[entity][0].key
        raise Refused("has_key", f"{key} is {_shown(record.get(key))}")
    return [content_hash(values), *values], sorted(warnings)


def content_hash(values: object) -> str:
    """A hash of JSON values that does not depend on the order of an object's keys."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _read(block: dict, fields: tuple[Field, ...], warnings: set[str]) -> Values:
    return [None if (value := block.get(field.key)) is None else _leaf(value, field, warnings) for field in fields]


def _leaf(value: object, field: Field, warnings: set[str]) -> str | None:
    if value is None:
        return None
    try:
        return READERS[field.kind](value)
    except (ValueError, OverflowError):
        warnings.add(f"value_readable:{field.column}")
        return None


def _block(record: dict, name: str, warnings: set[str]) -> dict:
    block = record.get(name)
    if isinstance(block, dict):
        return block
    if block is not None:
        warnings.add(f"value_readable:{name}")
    return {}


def notice_unknown(block: str, keys: dict, known: Collection[str], warnings: set[str]) -> None:
    """Warn of keys that are not known, by name; without, where there are many: a record can bring thousands."""
    unknown = keys.keys() - known
    if len(unknown) > KEYS_NAMED:
        warnings.add("key_known")
        return
    for key in unknown:
        name = f"{block}.{key}" if block else key
        warnings.add(f"key_known:{_short(name)}")


def _short(text: str) -> str:
    """Text from a record as part of a warning's name: of bounded length, and such that UTF-8 can write it."""
    return text[:NAME_LIMIT].encode(errors="replace").decode()


def _flight_date(value: object) -> str:
    if value is None or value == "":
        raise Refused("has_date", "flight_date is empty")
    try:
        if isinstance(value, str) and len(value) == 10 and value[4] == "-":
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise Refused("date_possible", f"flight_date is {_shown(value)}")


def _shown(value: object) -> str:
    return "empty" if value in (None, "") else repr(value)[:80]


_NUMBER = [field.column for field in OPERATOR].index("flight_number")
_IATA, _ICAO, _SCHEDULED = (
    [field.key for field in BLOCKS["departure"]].index(key) for key in ("iata", "icao", "scheduled")
)
_ARRIVAL = [field.key for field in BLOCKS["arrival"]]
assert _ARRIVAL[_IATA] == "iata" and _ARRIVAL[_ICAO] == "icao"
_CODESHARE = Field("iata", "codeshare", "flight_code")
assert READERS[_CODESHARE.kind] is read_flight_code
