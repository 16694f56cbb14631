"""`%%sql` in a notebook: Athena's SQL over the tables, answered with a DataFrame that is easy to read."""

from typing import Any

import numpy as np
import pandas as pd
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from aviation import query, templates
from aviation.errors import AviationError

MOST_ROWS = 50
NULL = "–"


@magics_class
class Sql(Magics):
    """The magic itself: `%sql select …` on a line, `%%sql` over a cell."""

    # IPython's argument decorators have no types.
    @magic_arguments()  # type: ignore[no-untyped-call, untyped-decorator]
    @argument("--as-of", metavar="TIME", help="Answer as the tables stood then (ISO 8601, UTC).")  # type: ignore[no-untyped-call, untyped-decorator]
    @argument("--name", metavar="NAME", help="Keep the DataFrame under this name.")  # type: ignore[no-untyped-call, untyped-decorator]
    @argument("words", nargs="*", help="The query, where it stands on the line.")  # type: ignore[no-untyped-call, untyped-decorator]
    @line_cell_magic
    def sql(self, line: str, cell: str | None = None) -> pd.DataFrame:
        """Ask the tables, in Athena's SQL; the answer is a DataFrame, in `_` too."""
        if cell is None:
            options, text = None, line
        else:
            options, text = parse_argstring(self.sql, line), cell  # type: ignore[no-untyped-call]
            if options.words:
                raise UsageError(f"%%sql takes --as-of and --name, not '{' '.join(options.words)}'")
        try:
            frame = query.sql(text.strip().rstrip(";").strip(), as_of=options and options.as_of)
        except AviationError as error:
            raise UsageError(str(error)) from None
        if options and options.name:
            if not options.name.isidentifier():
                raise UsageError(f"'{options.name}' is not a valid Python name")
            self.shell.user_ns[options.name] = frame  # type: ignore[union-attr]  # it is set in any shell
        return frame


def load(shell: InteractiveShell) -> None:
    """Register the magic, and have DataFrames shown by `as_html`."""
    shell.register_magics(Sql)
    _html(shell).for_type(pd.DataFrame, as_html)


def unload(shell: InteractiveShell) -> None:
    """Take both back."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("sql", None)
    _html(shell).pop(pd.DataFrame, None)


def _html(shell: InteractiveShell) -> Any:
    assert shell.display_formatter is not None  # it is set in any shell
    return shell.display_formatter.formatters["text/html"]


def as_html(frame: pd.DataFrame) -> str:
    """A DataFrame as a table: numbers to the right, nulls as a dash, at most MOST_ROWS rows and how many there are."""
    shown = frame.head(MOST_ROWS)
    return templates.render(
        "lab/table.html",
        names=[str(name) for name in frame.columns],
        numeric=[pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind) for kind in frame.dtypes],
        rows=[[_text(value) for value in row] for row in shown.itertuples(index=False)],
        count=len(frame),
        shown=len(shown),
    )


def _text(value: Any) -> str:
    if isinstance(value, list | tuple | dict | np.ndarray):
        return ", ".join(map(str, value))
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return NULL
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}" if value == value.normalize() else f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:,.3g}" if abs(value) < 1 else f"{value:,.2f}"
    return str(value)
