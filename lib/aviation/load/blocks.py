"""Raw objects to observations and other outcomes, a block of lines at a time.

What becomes of a line is for `read.outcome` to say. Lines that `observations` can read are read together, a block of
them, from some objects, in a fraction of the time; it gives of them what `read.outcome` does, and leaves the others.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pyarrow as pa

from aviation.load.arrow import INSTANT, OBSERVED, read_texts, texts_as
from aviation.load.observations import LINES, observed, read_json
from aviation.load.read import Outcome, folder_of, outcome, split

# The text of the lines that are read together. Half of it, or twice, costs the same a line.
BLOCK_BYTES = 16 << 20
# So many lines or fewer, of which one is not valid JSON of the schema, are read one by one: to find that line among
# them costs as much.
FEW = 32

# The key of an object, and a line of it.
Line = tuple[str, bytes]


class Parsed(NamedTuple):
    """A block: its rows of `flight_observations`, when each was fetched (UTC without zone), how many lines were warned
    of what, and the outcomes of the lines that are no observations."""

    observations: pa.Table
    fetched_at: pa.Array
    warnings: Counter[str]
    outcomes: list[Outcome]


class _Block:
    """Lines to read together, lines to read alone, and the refusals of objects."""

    def __init__(self) -> None:
        self.flights: list[Line] = []
        self.others: list[Line] = []
        self.damaged: list[Outcome] = []
        self.size = 0

    def parsed(self) -> Parsed:
        """What is in the lines."""
        tables, of_tables = [], []
        alone = self.others
        for table, lines in _as_json(self.flights):
            if table is None:
                alone += lines
            else:
                tables.append(table)
                of_tables += lines
        read = observed(pa.concat_tables([LINES.empty_table(), *tables]).combine_chunks())
        alone += [line for line, fits in zip(of_tables, read.fits.tolist(), strict=True) if not fits]
        found = [outcome(*line) for line in alone]
        observations = [item for item in found if item.kind == "observation"]
        texts = [item.values | {"observed_at": item.observed_at} for item in observations]
        return Parsed(
            pa.concat_tables([read.rows, read_texts(texts, OBSERVED)]).combine_chunks(),
            pa.concat_arrays([read.fetched_at, texts_as([item.fetched_at for item in observations], INSTANT)]),
            Counter(warning for item in found for warning in item.warnings),
            [item for item in found if item.kind != "observation"] + self.damaged,
        )


def parse(objects: Iterable[tuple[str, bytes]]) -> Iterator[Parsed]:
    """What is in the objects, each a key and its content, in blocks. Every line is in one of them, once."""
    block = _Block()
    for key, content in objects:
        lines, refusal = split(key, content)
        block.damaged += [refusal] if refusal else []
        for line in lines:
            (block.flights if folder_of(key) == "flights" else block.others).append((key, line))
            block.size += len(line)
            if block.size >= BLOCK_BYTES:
                yield block.parsed()
                block = _Block()
    if block.size or block.damaged:
        yield block.parsed()


def _as_json(lines: list[Line]) -> Iterator[tuple[pa.Table | None, list[Line]]]:
    """The lines in parts, each as JSON; None with a part that has a line that is not valid JSON of the schema."""
    table = read_json([text for _, text in lines])
    if table is not None or len(lines) <= FEW:
        yield table, lines
    else:
        middle = len(lines) // 2
        yield from _as_json(lines[:middle])
        yield from _as_json(lines[middle:])
