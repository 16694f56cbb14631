"""The bytes of a raw object to the outcome of each of its lines: an observation, a reference record or a refusal.

Pure Python, so that what happens to a line is tested without Spark, and identical on Glue's executors.
"""

import json
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from aviation.columns import OBSERVATIONS, QUARANTINE
from aviation.entities import ENTITIES
from aviation.load.leaves import read_utc
from aviation.load.observation import (
    Record,
    Values,
    content_hash,
    flight_observation,
    notice_unknown,
    reference_record,
)
from aviation.load.rules import Refused

GZIP_MAGIC = b"\x1f\x8b"
FUTURE = timedelta(minutes=5)
ENVELOPE = frozenset({"entity", "observed_at", "fetched_at", "run_id", "source", "record"})
# The columns of `quarantine` that a refused line says itself; the others follow from all of its lines.
REFUSAL_COLUMNS = ("quarantine_id", "rule", "reason", "raw_text")
# A longer text is cut: what it looked like is enough, the object still has it.
RAW_TEXT_LIMIT = 100_000
_PIECE = 1 << 16


class Outcome(NamedTuple):
    """What became of one line. `kind` is `observation`, `reference` or `refusal`; times are ISO text, UTC without zone.

    `warnings` are `rule` or `rule:column`. `values` are the text of columns of `table`, by name: REFUSAL_COLUMNS, else
    all but `observed_at`.
    """

    kind: str
    entity: str
    object: str
    observed_at: str | None
    fetched_at: str | None
    warnings: list[str]
    values: Values

    @property
    def table(self) -> str:
        """The table that the line belongs in."""
        return {"observation": OBSERVATIONS.name, "refusal": QUARANTINE.name}.get(self.kind, self.entity)


def outcomes(key: str, content: bytes) -> Iterator[Outcome]:
    """The outcome of every line in the object `key`, and one refusal more where the object is cut or damaged."""
    lines, refusal = split(key, content)
    for line in lines:
        yield outcome(key, line)
    if refusal:
        yield refusal


def split(key: str, content: bytes) -> tuple[list[bytes], Outcome | None]:
    """The lines of the object `key` but the blank ones, and the refusal of the object where it is cut or damaged."""
    text, fault = unpack(content)
    lines = text.split(b"\n")
    refusal = None
    if fault:
        # Of a cut object the last line is what was cut, and the refusal of the object stands for it.
        rest = lines.pop().decode(errors="replace")
        refusal = _refusal(key, Refused("whole_object", f"{fault}, in {key}"), rest, identity=key)
    return [line for line in lines if line and not line.isspace()], refusal


def folder_of(key: str) -> str:
    """The entity's folder that the object `key` is in."""
    return key.partition("/")[0]


def unpack(content: bytes) -> tuple[bytes, str | None]:
    """The object's text, and what is wrong with it. Gzip is known by its first bytes, and may have several members."""
    if content[:2] != GZIP_MAGIC:
        return content, None
    pieces: list[bytes] = []
    rest = content
    while rest.strip(b"\0"):
        member = zlib.decompressobj(wbits=31)
        try:
            # Piece by piece, so that what precedes a damaged byte is kept.
            for start in range(0, len(rest), _PIECE):
                pieces.append(member.decompress(rest[start : start + _PIECE]))
                if member.eof:
                    break
        except zlib.error:
            return b"".join(pieces), "the gzip stream is damaged"
        if not member.eof:
            return b"".join(pieces), "the gzip stream is cut"
        rest = member.unused_data + rest[start + _PIECE :]
    return b"".join(pieces), None


def outcome(key: str, line: bytes) -> Outcome:
    """The outcome of one line of the object `key`."""
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        refused = Refused("utf8", f"byte {error.start} is not UTF-8")
        return _refusal(key, refused, line.decode(errors="replace"), identity=line.hex())
    envelope: Record = {}
    try:
        envelope = _parsed(text)
        entity, observed_at, fetched_at, record = _opened(envelope)
        if entity == "flights":
            kind, (values, warnings) = "observation", flight_observation(record)
        else:
            kind, (values, warnings) = "reference", reference_record(entity, record)
    except Refused as refused:
        given = envelope.get("record")
        return _refusal(key, refused, text, identity=text if given is None else given)
    except RecursionError:
        return _refusal(key, Refused("json", "nested too deeply"), text, identity=text)
    if not envelope.keys() <= ENVELOPE:
        unknown: set[str] = set()
        notice_unknown("envelope", envelope, ENVELOPE, unknown)
        warnings = sorted({*warnings, *unknown})
    return Outcome(kind, entity, key, observed_at, fetched_at, warnings, values)


def _parsed(text: str) -> Record:
    try:
        envelope = json.loads(text, parse_constant=_refuse_constant)
    except ValueError as error:
        raise Refused("json", f"not JSON: {str(error)[:80]}") from error
    if not isinstance(envelope, dict):
        raise Refused("line_is_object", f"the line is a JSON {type(envelope).__name__}")
    return envelope


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _opened(envelope: Record) -> tuple[str, str, str, Record]:
    if missing := ENVELOPE - envelope.keys():
        raise Refused("envelope_complete", f"the envelope lacks {', '.join(sorted(missing))}")
    observed_at, fetched_at = (_instant(envelope, name) for name in ("observed_at", "fetched_at"))
    entity, record = envelope["entity"], envelope["record"]
    if not isinstance(entity, str) or entity not in ENTITIES:
        raise Refused("entity_known", f"the entity is {str(entity)[:40]!r}")
    if not isinstance(record, dict):
        raise Refused("record_is_object", f"the record is a JSON {type(record).__name__}")
    observed, fetched = datetime.fromisoformat(observed_at), datetime.fromisoformat(fetched_at)
    if observed - fetched > FUTURE:
        raise Refused("not_from_the_future", f"observed at {observed}, yet fetched at {fetched}")
    return entity, observed_at, fetched_at, record


def _instant(envelope: Record, name: str) -> str:
    try:
        instant = read_utc(envelope[name])
    except (ValueError, OverflowError):
        instant = None
    if instant is None:
        raise Refused("envelope_complete", f"{name} is {str(envelope[name])[:40]!r}")
    return instant


def _refusal(key: str, refused: Refused, text: str, *, identity: object) -> Outcome:
    """`identity` is what makes two refused lines the same: the record, or the text where there is no record."""
    folder = folder_of(key)
    try:
        quarantine_id = content_hash([folder, refused.rule, identity])
    except RecursionError:  # the record is nested more deeply than JSON can be written
        quarantine_id = content_hash([folder, refused.rule, text])
    values: Values = {
        "quarantine_id": quarantine_id,
        "rule": refused.rule,
        "reason": refused.reason,
        "raw_text": text[:RAW_TEXT_LIMIT],
    }
    return Outcome("refusal", folder, key, None, None, [], values)
