"""The page *SQL*: one SELECT in Athena's SQL, within limits on rows and time, as `%%sql` asks it in a notebook."""

from datetime import datetime
from threading import BoundedSemaphore
from typing import Annotated, Any

import pyarrow as pa
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, BeforeValidator, Field

from aviation.board import download
from aviation.board.asked import MomentOf, TablesOf, page
from aviation.board.tables import SECONDS, Tables
from aviation.errors import AviationError, QueryError
from aviation.sql.as_of import instant

router = APIRouter()
MOST_ROWS, MOST_SHOWN, MOST_LETTERS = 10_000, 500, 20_000
AT_ONCE = BoundedSemaphore(2)
"""So many of these queries run at once: pages stay quick."""
EXAMPLE = """select airline_name, sum(flights) as flights, sum(on_time) * 1e0 / sum(flights) as on_time
from on_time_by_airline_day
group by airline_name
order by on_time desc"""
TextOf = Annotated[
    str,
    BeforeValidator(lambda text: text.replace("\r\n", "\n")),  # a form sends two letters for the end of a line
    Query(alias="sql", max_length=MOST_LETTERS, description="One SELECT, in Athena's SQL."),
]
AsOf = Annotated[str, Query(description="Answer as the tables stood then (ISO 8601, UTC).")]


class Column(BaseModel):
    """A column of an answer; `type` as Arrow names it."""

    name: str
    type: str


class Answer(BaseModel):
    """The answer to a query. Times are ISO 8601, decimals text. Where `is_cut`, there are more rows than these."""

    columns: list[Column]
    rows: list[list[Any]]
    is_cut: bool = Field(description=f"Whether there are more rows than the {MOST_ROWS:,} that are given at most.")


def answer(tables: Tables, text: str, as_of: datetime | None = None) -> tuple[pa.Table, bool]:
    """The answer's first MOST_ROWS rows, and whether there are more. QueryError says what is wrong, in one line."""
    asked = text.strip().rstrip(";").strip()
    if not asked:
        raise QueryError("there is no query: write one SELECT")
    if not AT_ONCE.acquire(timeout=SECONDS):
        raise QueryError("others' queries are being answered: ask again in a moment")
    try:
        found = tables.free(asked, as_of, most=MOST_ROWS + 1)
    finally:
        AT_ONCE.release()
    return found.slice(0, MOST_ROWS), found.num_rows > MOST_ROWS


@router.get("/sql", include_in_schema=False)
def sql_page(request: Request, tables: TablesOf, at: MomentOf, text: TextOf = "") -> HTMLResponse:
    """The page: a query to write, and its answer or what is wrong with it."""
    values: dict[str, object] = {"text": text or EXAMPLE, "asked": text, "answer": None, "error": "", "most": MOST_ROWS}
    values["most_letters"] = MOST_LETTERS
    status = 200
    if text:
        try:
            found, is_cut = answer(tables, text, at.as_of if at else None)
        except AviationError as error:
            values["error"], status = str(error), 400
        else:
            values["answer"] = _shown(found, is_cut)
    return page(request, "sql", at, values=values, status=status)


def _shown(found: pa.Table, is_cut: bool) -> dict[str, object]:
    head = found.slice(0, MOST_SHOWN)
    columns = [[download.plain(value) for value in column.to_pylist()] for column in head.columns]
    kinds = [field.type for field in found.schema]
    return {
        "names": found.column_names,
        "numeric": [
            pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind) for kind in kinds
        ],
        "rows": [
            ["–" if value is None else download.text(value) for value in row] for row in zip(*columns, strict=True)
        ],
        "count": found.num_rows,
        "is_cut": is_cut,
    }


@router.get("/api/sql", response_model=Answer, responses=download.FILES)
def sql_answer(tables: TablesOf, text: TextOf, as_of: AsOf = "", form: download.FormOf = "json") -> Answer | Response:
    """The answer to one SELECT. Of an answer that is cut, the file's name says after how many rows."""
    found, is_cut = answer(tables, text, instant(as_of) if as_of else None)
    if form != "json":
        return download.file(found, form, f"answer-first-{MOST_ROWS}" if is_cut else "answer")
    columns = [Column(name=field.name, type=str(field.type)) for field in found.schema]
    values = [[download.plain(value) for value in column.to_pylist()] for column in found.columns]
    return Answer(columns=columns, rows=[list(row) for row in zip(*values, strict=True)], is_cut=is_cut)
