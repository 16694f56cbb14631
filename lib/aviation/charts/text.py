"""Names from the data as a chart can write them."""

import pandas as pd

from aviation.printable import printable

NOT_GIVEN = "not given"


def readable(frame: pd.DataFrame, *columns: str | None) -> pd.DataFrame:
    """The frame with the text in these columns as it can be drawn: without control characters, NOT_GIVEN where it is
    missing. Columns of numbers and times stay as they are, and None for a column means none."""
    texts = [name for name in columns if name and name in frame and pd.api.types.is_object_dtype(frame[name])]
    return frame.assign(**{name: frame[name].fillna(NOT_GIVEN).map(_drawable) for name in texts})


def _drawable(value: object) -> object:
    return printable(value) if isinstance(value, str) else value
