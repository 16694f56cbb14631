"""Makes `docs/data.md`, the data dictionary: the words of `data.md.jinja`, and what the code declares.

Run it after a change to a table, a view, a rule or a flag: `.venv/bin/python docs/data_page.py`.
"""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from aviation.columns import FLIGHTS, LOAD_STATE, TABLES
from aviation.load.derive import FLAGS, STATUS_RULES
from aviation.load.history import WATCHED
from aviation.load.rules import RULES
from aviation.views import VIEWS
from aviation.views.connections import KINDS, MINIMUM_MIN
from aviation.views.rights import BANDS, REGIMES, SCOPES

DOCS = Path(__file__).parent
PAGE = DOCS / "data.md"


def page() -> str:
    """The whole page, as Markdown."""
    environment = Environment(
        loader=FileSystemLoader(DOCS),
        autoescape=False,  # Markdown, of our own words alone
        keep_trailing_newline=True,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["cell"] = lambda text: text.replace("|", "\\|")
    return environment.get_template("data.md.jinja").render(
        tables=TABLES,
        load_state=LOAD_STATE,
        flights=FLIGHTS,
        watched=WATCHED,
        status_rules=STATUS_RULES,
        flags=FLAGS,
        rules=RULES,
        views=VIEWS,
        regimes=REGIMES,
        scopes=SCOPES,
        bands=BANDS,
        kinds=KINDS,
        minimum=MINIMUM_MIN,
    )


if __name__ == "__main__":
    PAGE.write_text(page())
