"""Raw lines as the rows of `flight_observations` in them."""

import pyarrow as pa

from aviation.load.blocks import parse


def observed(lines: list[bytes]) -> pa.Table:
    """The observations in the lines, all of which hold one."""
    [parsed] = parse([("flights/2023/09/14/01/object", b"".join(lines))])
    assert parsed.observations.num_rows == len(lines)
    rows: pa.Table = parsed.observations
    return rows
