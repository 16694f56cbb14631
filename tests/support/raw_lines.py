"""Raw lines for the tests of the load: real records in the envelope that the producer puts around them."""

import copy
import json

from support import SAMPLES


def records(entity: str) -> list[dict]:
    """Real records of the entity, as the API answered them."""
    return json.loads((SAMPLES / f"{entity}.json").read_text())["data"]


def changed(record: dict, **leaves) -> dict:
    """A copy of the record with leaves set: `departure__gate="4"`; without `__` it is the record's own key."""
    made = copy.deepcopy(record)
    for path, value in leaves.items():
        block, _, key = path.rpartition("__")
        (made[block] if block else made)[key] = value
    return made


OBSERVED_AT = "2023-09-14T01:00:00+00:00"


def line(record: object, *, entity: str = "flights", observed_at: str = OBSERVED_AT, **envelope) -> bytes:
    """The raw line of a record, newline included."""
    content = {
        "entity": entity,
        "observed_at": observed_at,
        "fetched_at": observed_at,
        "run_id": "run",
        "source": "test",
        "record": record,
    } | envelope
    return json.dumps(content).encode() + b"\n"
