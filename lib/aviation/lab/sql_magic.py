"""`%%sql` in a notebook: Athena's SQL over the tables, answered with a DataFrame that is easy to read."""

import html

import pandas as pd
from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from aviation import query
from aviation.errors import AviationError

MOST_ROWS = 50
NULL = "–"
STYLE = """<style>
.aviation-sql { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.aviation-sql th, .aviation-sql td { padding: .25em .9em .25em 0; text-align: left; vertical-align: top; }
.aviation-sql .number { text-align: right; }
.aviation-sql thead th { border-bottom: 1px solid currentColor; }
</style>"""


@magics_class
class Sql(Magics):
    """The magic itself: `%sql select …` on a line, `%%sql` over a cell."""

    @magic_arguments()
    @argument("--as-of", metavar="TIME", help="Answer as the tables stood then (ISO 8601, UTC).")
    @argument("--name", metavar="NAME", help="Keep the DataFrame under this name.")
    @argument("words", nargs="*", help="The query, where it stands on the line.")
    @line_cell_magic
    def sql(self, line: str, cell: str | None = None) -> pd.DataFrame:
        """Ask the tables, in Athena's SQL; the answer is a DataFrame, in `_` too."""
        if cell is None:
            options, text = None, line
        else:
            options, text = parse_argstring(self.sql, line), cell
            if options.words:
                raise UsageError(f"%%sql takes --as-of and --name, not '{' '.join(options.words)}'")
        try:
            frame = query.sql(text.strip().rstrip(";").strip(), as_of=options and options.as_of)
        except AviationError as error:
            raise UsageError(str(error)) from None
        if options and options.name:
            if not options.name.isidentifier():
                raise UsageError(f"'{options.name}' is no name that Python knows")
            self.shell.user_ns[options.name] = frame
        return frame


def load(shell) -> None:
    """Register the magic, and have DataFrames shown by `as_html`."""
    shell.register_magics(Sql)
    shell.display_formatter.formatters["text/html"].for_type(pd.DataFrame, as_html)


def unload(shell) -> None:
    """Take both back."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("sql", None)
    shell.display_formatter.formatters["text/html"].pop(pd.DataFrame, None)


def as_html(frame: pd.DataFrame) -> str:
    """A DataFrame as a table: numbers to the right, nulls as a dash, at most MOST_ROWS rows and how many there are."""
    shown = frame.head(MOST_ROWS)
    numeric = [pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind) for kind in frame.dtypes]
    heads = "".join(_cell("th", str(name), right) for name, right in zip(frame.columns, numeric, strict=True))
    rows = "".join(
        "<tr>" + "".join(_cell("td", _text(v), right) for v, right in zip(row, numeric, strict=True)) + "</tr>"
        for row in shown.itertuples(index=False)
    )
    left_out = f", the first {MOST_ROWS} shown" if len(frame) > MOST_ROWS else ""
    count = f"{len(frame):,} row{'' if len(frame) == 1 else 's'}{left_out}"
    return (
        f'{STYLE}<table class="aviation-sql"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table><p>{count}</p>'
    )


def _cell(tag: str, text: str, right: bool) -> str:
    return f"<{tag}{' class=number' if right else ''}>{html.escape(text)}</{tag}>"


def _text(value: object) -> str:
    if isinstance(value, list | tuple | dict) or getattr(value, "ndim", 0):
        return ", ".join(map(str, value))
    if pd.isna(value):
        return NULL
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}" if value == value.normalize() else f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:,.3g}" if abs(value) < 1 else f"{value:,.2f}"
    return str(value)
