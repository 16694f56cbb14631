"""One record to the text of its table's columns: pure, and the same for a record whichever object it came in."""

import hashlib
import json
from collections.abc import Callable, Iterable, Set
from datetime import date
from typing import Any, NamedTuple

from aviation.columns import OBSERVATIONS, REFERENCES, Column
from aviation.load.identity import flight_key, operator_leaves
from aviation.load.leaves import READERS
from aviation.load.rules import Refused
from aviation.load.vocabulary import AIRLINE_KEYS, FLIGHT_KEYS, FLIGHT_RECORD_KEYS, LEFT_OUT, STATUSES

Record = dict[str, Any]
# The text of a row's columns, by name; Spark casts it to the columns' types.
Values = dict[str, str | None]
KEYS_NAMED = 5
NAME_LIMIT = 60


class _Leaf(NamedTuple):
    """What a column's declaration says of its leaf, at hand for every record."""

    key: str
    column: str
    reader: Callable[[object], str | None]


def _leaves(columns: Iterable[Column]) -> tuple[_Leaf, ...]:
    return tuple(_Leaf(c.leaf.key, c.name, READERS[c.leaf.kind]) for c in columns if c.leaf)


def _keys(leaves: Iterable[_Leaf]) -> frozenset[str]:
    return frozenset(leaf.key for leaf in leaves)


_OF_RECORD, _CODESHARE, _OPERATOR = (_leaves(OBSERVATIONS.block(name)) for name in ("", "flight", "codeshared"))
_BLOCKS = {name: _leaves(OBSERVATIONS.block(name)) for name in ("departure", "arrival", "aircraft", "live")}
_BLOCK_KEYS = {"airline": AIRLINE_KEYS, "flight": FLIGHT_KEYS} | {name: _keys(of) for name, of in _BLOCKS.items()}
_OPERATOR_KEYS = _keys(_OPERATOR)
_REFERENCES = {name: _leaves(table.block("")) for name, table in REFERENCES.items()}
_REFERENCE_KEYS = {name: LEFT_OUT | _keys(leaves) for name, leaves in _REFERENCES.items()}


def flight_observation(record: Record) -> tuple[Values, list[str]]:
    """The columns of `flight_observations` but `observed_at`, and the names of what was warned of.

    Raises Refused where the record has no departure, arrival, date or schedule.
    """
    warnings: set[str] = set()
    notice_unknown("", record, FLIGHT_RECORD_KEYS, warnings)
    blocks = {name: _block(record, name, warnings) for name in _BLOCK_KEYS}
    for name, keys in _BLOCK_KEYS.items():
        notice_unknown(name, blocks[name], keys, warnings)
    operator, is_operating = operator_leaves(blocks["flight"], blocks["airline"])
    if not is_operating:
        notice_unknown("codeshared", operator, _OPERATOR_KEYS, warnings)

    described: Values = {"is_operating": "true" if is_operating else "false", "codeshare": None}
    if not is_operating:
        described |= _read(blocks["flight"], _CODESHARE, warnings)
    described |= _read(operator, _OPERATOR, warnings)
    described |= _read(record, _OF_RECORD, warnings)
    for name, leaves in _BLOCKS.items():
        described |= _read(blocks[name], leaves, warnings)
    status = described["flight_status_api"]
    if status and status not in STATUSES:
        warnings.add(f"status_known:{_short(status)}")
    identity = _identity(record, described)
    # Of the values in the order of the columns: another order is another hash.
    hashed = content_hash([identity["flight_key"], *described.values()])
    return identity | {"content_hash": hashed} | described, sorted(warnings)


def reference_record(entity: str, record: Record) -> tuple[Values, list[str]]:
    """The columns of the entity's table but `observed_at`, and the names of what was warned of.

    Raises Refused where the record lacks the entity's key.
    """
    warnings: set[str] = set()
    notice_unknown(entity, record, _REFERENCE_KEYS[entity], warnings)
    values = _read(record, _REFERENCES[entity], warnings)
    [key] = REFERENCES[entity].key
    if values[key] is None:
        raise Refused("has_key", f"{key} is {_shown(record.get(key))}")
    return values | {"content_hash": content_hash(list(values.values()))}, sorted(warnings)


def content_hash(values: object) -> str:
    """A hash of JSON values that does not depend on the order of an object's keys."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashed(text.encode())


def hashed(text: bytes) -> str:
    """The hash of a text, in hex."""
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def flight_date(value: object) -> str:
    """The day that `flight_date` names, as YYYY-MM-DD; Refused where it names none."""
    if value is None or value == "":
        raise Refused("has_date", "flight_date is empty")
    try:
        if isinstance(value, str) and len(value) == 10 and value[4] == "-":
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise Refused("date_possible", f"flight_date is {_shown(value)}")


def notice_unknown(block: str, keys: Record, known: Set[str], warnings: set[str]) -> None:
    """Warn of keys that are not known, by name; without, where there are many: a record can bring thousands."""
    if keys.keys() <= known:
        return
    unknown = keys.keys() - known
    if len(unknown) > KEYS_NAMED:
        warnings.add("key_known")
        return
    for key in unknown:
        name = f"{block}.{key}" if block else key
        warnings.add(f"key_known:{_short(name)}")


def _identity(record: Record, described: Values) -> Values:
    """The columns that say which leg it is: `flight_key`, `identity`, `flight_date`."""
    departure = described["dep_iata"] or described["dep_icao"]
    if not departure:
        raise Refused("has_departure", "the departure names no airport")
    arrival = described["arr_iata"] or described["arr_icao"]
    if not arrival:
        raise Refused("has_arrival", "the arrival names no airport")
    day = flight_date(record.get("flight_date"))
    scheduled = described["dep_scheduled_local"]
    if not scheduled:
        given = record["departure"].get("scheduled")
        raise Refused("has_schedule", f"departure.scheduled is {_shown(given)}")
    key, made_from = flight_key(day, departure, arrival, scheduled, described)
    return {"flight_key": key, "identity": made_from, "flight_date": day}


def _read(block: Record, leaves: tuple[_Leaf, ...], warnings: set[str]) -> Values:
    values: Values = {}
    for key, column, reader in leaves:
        value = block.get(key)
        if value is not None:
            try:
                value = reader(value)
            except (ValueError, OverflowError):
                warnings.add(f"value_readable:{column}")
                value = None
        values[column] = value
    return values


def _block(record: Record, name: str, warnings: set[str]) -> Record:
    block = record.get(name)
    if isinstance(block, dict):
        return block
    if block is not None:
        warnings.add(f"value_readable:{name}")
    return {}


def _short(text: str) -> str:
    """Text from a record as part of a warning's name: of bounded length, and such that UTF-8 can write it."""
    return text[:NAME_LIMIT].encode(errors="replace").decode()


def _shown(value: object) -> str:
    return "empty" if value in (None, "") else repr(value)[:80]
