"""Raw objects as a delivery stream may hand them over: twice, late, in another order, cut at other places.

Each takes a draw and objects (content by key, unpacked), and gives those that stand in their place.
"""

import itertools
import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta

Objects = dict[str, bytes]
HOUR = re.compile(r"\d{4}/\d{2}/\d{2}/\d{2}")
FORMAT = "%Y/%m/%d/%H"
MOST_HOURS_LATE = 24


def redelivered(rng: random.Random, objects: Objects) -> Objects:
    """Some of the objects, one at least, come twice."""
    chosen = rng.sample(sorted(objects), rng.randint(1, len(objects)))
    return objects | {f"{key}-again": objects[key] for key in chosen}


def late(rng: random.Random, objects: Objects) -> Objects:
    """Each turns up in an earlier hour, after those of later hours."""

    def earlier(key: str) -> str:
        def turned(found: re.Match[str]) -> str:
            hours = timedelta(hours=rng.randint(1, MOST_HOURS_LATE))
            return (datetime.strptime(found[0], FORMAT) - hours).strftime(FORMAT)

        return HOUR.sub(turned, key, count=1)

    return {f"{earlier(key)}-late{number}": content for number, (key, content) in enumerate(objects.items())}


def reordered(rng: random.Random, objects: Objects) -> Objects:
    """The same keys hold the same number of lines, each line in any of them."""
    lines = [line for content in objects.values() for line in content.splitlines(keepends=True)]
    rng.shuffle(lines)
    turned = {}
    for key, content in objects.items():
        count = len(content.splitlines())
        turned[key], lines = b"".join(lines[:count]), lines[count:]
    return turned


def rebatched(rng: random.Random, objects: Objects) -> Objects:
    """The lines in a row, cut at other places, some of them in two objects."""
    lines = [line for content in objects.values() for line in content.splitlines(keepends=True)]
    key = min(objects)
    cuts = sorted({0, len(lines), *(rng.randint(0, len(lines)) for _ in range(rng.randint(1, 5)))})
    parts = [lines[max(0, start - rng.randint(0, 3)) : end] for start, end in itertools.pairwise(cuts)]
    return {f"{key}-part{number}": b"".join(part) for number, part in enumerate(parts)}


WAYS: dict[str, Callable[[random.Random, Objects], Objects]] = {
    "redelivered": redelivered,
    "late": late,
    "reordered": reordered,
    "rebatched": rebatched,
}
