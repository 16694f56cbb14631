"""Names from the data as a chart can write them."""

from typing import Any

import altair as alt
import pandas as pd
from pandas.api import types

from aviation.printable import printable

NOT_GIVEN = "not given"
LONGEST = 100
"""So many characters of a name are drawn: the renderer measures each of them, and takes seconds for thousands."""


def readable(frame: pd.DataFrame, *columns: str | None) -> pd.DataFrame:
    """The frame with the text in these columns as it can be drawn: without control characters, NOT_GIVEN where it is
    missing. Columns of numbers and times stay as they are, and None for a column means none."""
    texts = [name for name in columns if name and name in frame and not _is_plain(frame[name])]
    return frame.assign(
        **{name: frame[name].astype(object).fillna(NOT_GIVEN).map(_short).map(_without_unprintable) for name in texts}
    )


def specification(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """The chart as its renderer takes it. Whatever text is in it, a title or a note too, is without the characters on
    which that would abort the whole process."""
    drawn: dict[str, Any] = _without_unprintable(chart.to_dict())
    return drawn


def _short(value: object) -> object:
    return f"{value[:LONGEST]}…" if isinstance(value, str) and len(value) > LONGEST else value


def _is_plain(column: "pd.Series[Any]") -> bool:
    return types.is_numeric_dtype(column) or types.is_datetime64_any_dtype(column)


def _without_unprintable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {_without_unprintable(name): _without_unprintable(item) for name, item in value.items()}
    return [_without_unprintable(item) for item in value] if isinstance(value, list) else value
