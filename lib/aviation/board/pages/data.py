"""The page *Data*: how old the data is, what ran, what the rules refused, what will run."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field

from aviation.board import download
from aviation.board.asked import MomentOf, TablesOf, page
from aviation.board.freshness import Age, ages
from aviation.board.stack import Schedule, Stack
from aviation.board.tables import Tables
from aviation.errors import AviationError, one_line
from aviation.load.rules import RULES
from aviation.printable import printable
from aviation.report import RunRecord
from aviation.runs import pages as run_pages
from aviation.times import parse_utc

router = APIRouter()
MOST_LOADS = 50
LOADS = f"""
select run_id, finished_at, status, seconds, lines_read, quarantined, warnings,
       seconds_to_queryable_p50, seconds_to_queryable_p95, seconds_to_queryable_max
from data_freshness
order by finished_at desc
limit {MOST_LOADS}"""
REFUSED = """
select entity, rule, count(*) as records, cast(sum(times_seen) as bigint) as lines, max(last_seen_at) as last_seen_at,
       max_by(reason, last_seen_at) as reason
from quarantine
group by entity, rule
order by records desc, entity, rule"""
WARNED = """
select name, cast(sum(element_at(warnings_by_rule, name)) as bigint) as warnings
from loads
cross join unnest(map_keys(warnings_by_rule)) as of_load(name)
group by name
order by name"""
# What a browser may do with an executed notebook: show it. It runs nothing, sends nothing and is nobody's frame.
RUN_POLICY = f"{run_pages.POLICY}; frame-ancestors 'none'; sandbox"


class Load(BaseModel):
    """A run of the load, its batches summed. Seconds to queryable run from the fetch of a record to the end of its
    load. Times are UTC."""

    run_id: str
    finished_at: datetime
    status: str | None
    seconds: float | None
    lines_read: int | None
    quarantined: int | None
    warnings: int | None
    seconds_to_queryable_p50: float | None
    seconds_to_queryable_p95: float | None
    seconds_to_queryable_max: float | None


class Run(BaseModel):
    """A run of a job: `outcome` says why it failed, else what it counted. `started_at` is UTC."""

    run_id: str
    job: str
    started_at: datetime
    seconds: float
    status: str
    outcome: str


class RuleCount(BaseModel):
    """What a rule of the load refused (`action` refuse: it is in quarantine) or warned of (warn)."""

    rule: str
    checks: str
    action: Literal["refuse", "warn"]
    entity: str | None = Field(
        description="Of which entity the records are; null of a warning, or where there is none."
    )
    records: int = Field(description="Records in quarantine, or warnings.")
    lines: int | None = Field(description="In how many raw lines they came; null of a warning.")
    last_seen_at: datetime | None
    example: str | None = Field(description="How the newest breaks it; of a warning, what of.")


class Data(BaseModel):
    """The page's figures. `runs_schedules` says what runs the schedules; `not_told` what was not told, and why."""

    asked_through: Literal["DuckDB", "Athena"] = Field(
        description="What reads the tables: DuckDB from their files, or Athena where it cannot."
    )
    not_from_files: str = Field(description="Why the tables' files cannot be read; empty where they can.")
    freshness: list[Age]
    loads: list[Load]
    runs: list[Run]
    rules: list[RuleCount]
    schedules: list[Schedule]
    runs_schedules: str
    not_told: list[str]


TABLES: dict[str, type[BaseModel]] = {
    "freshness": Age,
    "loads": Load,
    "runs": Run,
    "rules": RuleCount,
    "schedules": Schedule,
}


def data(tables: Tables, stack: Stack) -> Data:
    """The page's figures."""
    not_told: list[str] = []

    def told(what: str, ask: Callable[[], Any], otherwise: Any) -> Any:
        try:
            return ask()
        except (AviationError, BotoCoreError, ClientError) as error:  # who looks may not be allowed to see all of it
            not_told.append(f"{what}: {one_line(error)}")
            return otherwise

    promised = told("how old the data may get", stack.promised, {})
    is_there = "loads" in tables.loaded.catalog.tables
    return Data(
        asked_through=tables.reader.name,
        not_from_files=tables.reader.because,
        freshness=ages(tables, promised),
        loads=[Load.model_validate(row) for row in tables.records(LOADS)] if is_there else [],
        runs=[_run(record) for record in told("runs", stack.runs, [])],
        rules=_rules(tables) if is_there else _rules_without(),
        schedules=told("schedules", stack.schedules, []),
        runs_schedules=stack.runs_schedules(),
        not_told=not_told,
    )


def _run(record: RunRecord) -> Run:
    return Run(
        run_id=record.run_id,
        job=record.job,
        started_at=parse_utc(record.started_at).replace(tzinfo=None),
        seconds=record.seconds,
        status=record.status,
        outcome=" ".join(printable(run_pages.outcome(record)).split()),
    )


def _rules(tables: Tables) -> list[RuleCount]:
    """Each rule: those that refused or warned first, most often first."""
    refused = [
        _count(row["rule"], row["records"], row["entity"], row["lines"], row["last_seen_at"], row["reason"])
        for row in tables.records(REFUSED)
    ]
    found = refused + _warned(tables)
    broken = {count.rule for count in found}
    rest = [count for count in _rules_without() if count.rule not in broken]
    return sorted(found, key=lambda count: -count.records) + rest


def _warned(tables: Tables) -> list[RuleCount]:
    """The warnings of all loads, by rule."""
    by_rule: dict[str, list[tuple[int, str]]] = {}
    for row in tables.records(WARNED):
        rule, _, what = row["name"].partition(":")
        by_rule.setdefault(rule, []).append((row["warnings"], what))
    return [
        _count(rule, sum(count for count, _ in about), example=max(about)[1] or None) for rule, about in by_rule.items()
    ]


def _rules_without() -> list[RuleCount]:
    return [_count(name, 0) for name in RULES]


def _count(
    rule: str,
    records: int,
    entity: str | None = None,
    lines: int | None = None,
    last_seen_at: datetime | None = None,
    example: str | None = None,
) -> RuleCount:
    known = RULES.get(rule)
    return RuleCount(
        rule=rule,
        checks=known.checks if known else "a rule of another version",
        action=known.action if known else "refuse",
        entity=entity,
        records=records,
        lines=lines,
        last_seen_at=last_seen_at,
        example=example,
    )


def _stack(request: Request) -> Stack:
    stack: Stack = request.app.state.stack
    return stack


StackOf = Annotated[Stack, Depends(_stack)]


@router.get("/data", include_in_schema=False)
def data_page(request: Request, tables: TablesOf, stack: StackOf, at: MomentOf) -> HTMLResponse:
    """The page."""
    return page(request, "data", at, values={"figures": data(tables, stack)})


@router.get("/data/runs/{run_id}", include_in_schema=False)
def run_page(stack: StackOf, run_id: Annotated[str, Path(max_length=100)]) -> HTMLResponse:
    """The executed notebook of a run, on which nothing runs."""
    return HTMLResponse(stack.run_page(run_id), headers={"Content-Security-Policy": RUN_POLICY})


@router.get("/api/data")
def data_figures(tables: TablesOf, stack: StackOf) -> Data:
    """How old the data is, the newest loads and runs, the rules of the load and what they refused, the schedules."""
    return data(tables, stack)


@router.get(
    "/api/data/{table}",
    response_model=list[Age] | list[Load] | list[Run] | list[RuleCount] | list[Schedule],
    responses=download.FILES,
)
def data_table(
    tables: TablesOf,
    stack: StackOf,
    table: Literal["freshness", "loads", "runs", "rules", "schedules"],
    form: download.FormOf = "json",
) -> Any:
    """One of the tables of `/api/data`, as a file too."""
    found = getattr(data(tables, stack), table)
    return found if form == "json" else download.rows(found, TABLES[table], form, table)


@router.get("/age", include_in_schema=False)
def age_part(request: Request) -> Response:
    """The age of the data, for pages that are open when a load has finished."""
    return page(request, "age", None, values={})
