"""How long raw lines of real records are."""

import json
from datetime import UTC, datetime

from aviation.entities import ENTITIES
from aviation.poll.envelope import Origin, lines
from support import SAMPLES


def line_bytes() -> dict[str, float]:
    """Mean bytes of a raw line of the samples, by entity."""
    now = datetime(2026, 3, 1, tzinfo=UTC)
    found = {}
    for entity in ENTITIES:
        records = json.loads((SAMPLES / f"{entity}.json").read_text())["data"]
        origin = Origin(entity, now, now, "0" * 32, "https://api.aviationstack.com/v1")
        found[entity] = sum(map(len, lines(origin, records))) / len(records)
    return found
