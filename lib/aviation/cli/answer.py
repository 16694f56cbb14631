"""An answer as text: a table for a person, CSV or JSON for a program."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from aviation.printable import printable


def as_text(answer: pd.DataFrame, form: str = "table", width: int | None = None) -> str:
    """The answer as a table, as CSV or as JSON (`form`), whole, without a line break at its end.

    `width` is how many columns the terminal has, None where nobody looks: a table that is wider is written row by row,
    a line a column, as psql's expanded form has it.
    """
    if form == "csv":
        return answer.to_csv(index=False).removesuffix("\n")
    if form == "json":
        return str(answer.to_json(orient="records", date_format="iso"))
    if answer.empty:
        return "  ".join(map(str, answer.columns)) + "\n(no rows)"
    with pd.option_context("display.max_seq_items", None):  # a long array is not cut
        table = answer.to_string(index=False)
    # Names from the tables could steer the terminal.
    return printable(table if width is None or len(table.partition("\n")[0]) <= width else _row_by_row(answer))


def _row_by_row(answer: pd.DataFrame) -> str:
    names = [str(name) for name in answer.columns]
    widest = max(map(len, names))
    lines = []
    for number, row in enumerate(answer.itertuples(index=False, name=None), start=1):
        lines.append(f"-[ row {number:,} of {len(answer):,} ]".ljust(2 * widest, "-"))
        lines += [f"{name:<{widest}}  {_cell(value)}" for name, value in zip(names, row, strict=True)]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | dict):
        return ", ".join(map(str, value))
    return "null" if pd.api.types.is_scalar(value) and pd.isna(value) else str(value)
