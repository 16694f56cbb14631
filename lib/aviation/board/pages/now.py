"""The page *Now*: the day's figures with what changed, what needs attention, and how each hour went."""

from collections.abc import Collection
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup
from pydantic import BaseModel

from aviation.alerts.quiet import Quiet
from aviation.board import download, forecast
from aviation.board.asked import MomentOf, QuietsOf, TablesOf, page
from aviation.board.moment import Moment, moment
from aviation.board.pages import hours
from aviation.board.pages.attention import Case, Group, cases, grouped
from aviation.board.pages.hours import HourDelay, HourOutcome
from aviation.board.pages.tiles import DAY, WAITING, Tile, left_out, still, tiles
from aviation.board.quieted import Seen
from aviation.board.tables import Tables

router = APIRouter()


class Now(BaseModel):
    """A day as it stands at `known_at` (UTC), compared with `before`. `left_out` says what the figures leave out;
    `cases` has the gravest of the flights that need attention, below them the muted ones; `cases_found` counts those
    that are not muted, and the day `is_over` when each of its flights is."""

    day: str
    known_at: datetime | None
    before: datetime | None
    left_out: str
    tiles: list[Tile]
    cases: list[Case]
    cases_found: int
    forecasts_missing: str
    is_over: bool
    outcomes: list[HourOutcome]
    delays: list[HourDelay]

    @property
    def open_cases(self) -> list[Case]:
        """The cases that are not muted."""
        return [case for case in self.cases if not case.is_muted]

    @property
    def groups(self) -> list[Group | Case]:
        """The cases that are not muted, as the page tells them."""
        return grouped(self.open_cases)

    @property
    def muted(self) -> list[Case]:
        """The muted ones."""
        return [case for case in self.cases if case.is_muted]


def now(tables: Tables, moment: Moment, quiets: Collection[Quiet] = ()) -> Now:
    """The page's figures, with what of them is acknowledged and muted."""
    at = tables.records(DAY, day=moment.day, as_of=moment.as_of)
    earlier = tables.records(DAY, day=moment.day, as_of=moment.before) if moment.before else []
    shown, found = cases(tables, moment, quiets)
    return Now(
        day=moment.day.isoformat(),
        known_at=moment.known_at,
        before=moment.before,
        left_out=left_out(at[0]) if at else "",
        tiles=tiles(at[0], earlier[0] if earlier else None) if at else [],
        cases=shown,
        cases_found=found,
        forecasts_missing=forecast.missing(tables, moment),
        is_over=bool(at) and not still(at[0], *WAITING),
        outcomes=hours.outcomes(tables, moment),
        delays=hours.delays(tables, moment),
    )


def pictures(figures: Now) -> dict[str, Markup]:
    """The page's charts, by name."""
    return {"outcomes": hours.drawn_outcomes(figures.outcomes), "delays": hours.drawn_delays(figures.delays)}


def prepare(tables: Tables) -> None:
    """Have ready what the page takes of the newest day, for whoever opens it next."""
    if at := moment(tables):
        pictures(now(tables, at))


@router.get("/", name="now", include_in_schema=False)
def now_page(request: Request, tables: TablesOf, at: MomentOf) -> HTMLResponse:
    """The page."""
    seen: Seen = request.app.state.quieted.seen()
    figures = now(tables, at, seen.quiets) if at else None
    values = {"figures": figures, "not_quieted": seen.error, **(pictures(figures) if figures else {})}
    return page(request, "now", at, values=values)


@router.get("/api/now", response_model=Now | None, responses=download.FILES)
def now_figures(
    tables: TablesOf, at: MomentOf, quiets: QuietsOf, form: download.FormOf = "json"
) -> Now | Response | None:
    """The day's figures, what needs attention, and how each hour went; a file has what needs attention. Null before the
    first load."""
    figures = now(tables, at, quiets) if at else None
    if form == "json":
        return figures
    return download.rows(figures.cases if figures else [], Case, form, f"attention-{at.day if at else 'none'}")
