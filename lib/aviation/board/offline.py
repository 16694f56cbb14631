"""The page *Now* as one file that needs neither the board nor a network.

Its style and its script are in it, allowed by their hashes alone. It links to nothing, and says when it was made.
"""

from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from aviation import home, templates
from aviation.board import moment, words
from aviation.board.asked import age_of
from aviation.board.geography import land_path
from aviation.board.moment import Moment
from aviation.board.pages.flights import Filters, flights
from aviation.board.pages.map import drawn
from aviation.board.pages.now import now, pictures
from aviation.board.pages.routes import flight_map
from aviation.board.stack import Stack
from aviation.board.tables import Tables

STATIC = Path(__file__).parent / "static"
SCRIPTS = ("age.js", "map.js", "offline.js")
MOST_FLIGHTS = 2000
"""So many flights are listed, by their scheduled departure."""


def write(
    path: Path, tables: Tables | None = None, *, day: str = "", as_of: str | None = None, stack: Stack | None = None
) -> Path:
    """Write the page into `path`, whole or not at all; the path. Arguments and errors as of `render`."""
    home.write(path, render(tables or Tables(), day=day, as_of=as_of, stack=stack))
    return path.resolve()


def render(tables: Tables, *, day: str = "", as_of: str | None = None, stack: Stack | None = None) -> str:
    """The page's HTML: of the flight date `day` (else the newest), as the tables stood at `as_of` (ISO 8601; else now).
    `stack` promises how old the data gets: the one in use, if none is given.

    QueryError where the tables are not there yet, ParameterError where `day` or `as_of` is none.
    """
    at = moment.moment(tables, day, as_of or "")
    if not at:
        tables.ask(moment.DAYS)  # where there are no tables, it says so
    age = age_of(tables, stack or Stack())
    style = Markup((STATIC / "board.css").read_text())
    script = Markup("\n".join((STATIC / name).read_text() for name in SCRIPTS))
    page = templates.render(
        "board/offline.html",
        **{
            "is_alone": True,
            "page": "now",
            "kiosk": False,
            "words": words,
            "moment": at,
            "age": age,
            "not_quieted": "",
        },
        **{"made": datetime.now(UTC), "style": style, "script": script, "policy": _policy(style, script)},
        icon=f"data:image/svg+xml,{quote((STATIC / 'mark.svg').read_text())}",
        **(_shown(tables, at) if at else {"figures": None}),
    )
    return str(page)


def _shown(tables: Tables, at: Moment) -> dict[str, object]:
    figures, flown = now(tables, at), flight_map(tables, at)
    listed = flights(tables, at, Filters.model_construct(), MOST_FLIGHTS)
    return {
        "figures": figures,
        **pictures(figures),
        "flown": flown,
        "drawn": drawn(flown),
        "land": land_path(),
        "listed": listed,
        "airports": sorted({code for one in listed.flights for code in (one.airport, one.place)} - {words.DASH}),
        "airlines": sorted({one.airline for one in listed.flights} - {words.DASH}),
    }


def _policy(style: str, script: str) -> str:
    """Nothing is fetched, whatever the tables hold, and nothing runs but the page's own script."""
    hashes = [f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in (style, script)]
    return (
        f"default-src 'none'; style-src {hashes[0]}; script-src {hashes[1]}; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
