"""Every query of the code, recorded on its way to Athena.

The notebooks of notebooks/explore, the dashboard, the status and the alerts ask as they do on AWS, for several choices
each; where Athena would answer, made-up tables do.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import awswrangler
import nbformat
import pandas as pd
import pytest
import sqlglot

from aviation import backend, status
from aviation.alerts.matches import matches, touched_since
from aviation.alerts.watch import resolve
from aviation.dashboard import page
from aviation.runs.parameters import read_parameters
from aviation.sql import athena, catalog
from aviation.sql.catalog import Catalog
from support import ROOT
from support.made_up import CATALOG, NOON, Database, columns, real_legs
from support.notebooks import defaults

DAY = "2013-07-10"
CHOSEN = {"airports": ["JFK", "EWR"], "airlines": ["B6", "UA"], "as_of": f"{DAY}T20:00Z"}
WATCHED = {"airports": ["JFK"], "airlines": ["B6"], "routes": ["JFK-BOS"], "tails": ["N504JB"]}
LOADED = Catalog(tables=dict.fromkeys(columns(), ""), views=CATALOG.views, columns=columns())
NOTHING_LOADED = Catalog()


@dataclass
class Asked:
    """`sent` is what Athena was given. `parsed` is what `aviation.sql` parsed on the way: questions as they were asked,
    views, and what it puts in the place of tables."""

    sent: set[str] = field(default_factory=set)
    parsed: set[str] = field(default_factory=set)


def every_query() -> Asked:
    """What Athena is given by all of the code that asks."""
    asked, ask = Asked(), cache(_tables().ask)

    def answer(text: str, **_: object) -> pd.DataFrame:
        asked.sent.add(text)
        return ask(text).copy()

    def rows(text: str) -> list[dict[str, Any]]:
        frame = answer(text).astype(object)
        return frame.where(frame.notna(), None).to_dict("records")

    def parse(text: str, **options: Any) -> list[Any]:
        asked.parsed.add(text)
        return parsed(text, **options)

    parsed = sqlglot.parse
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backend, "in_use", backend.Aws)
        patch.setattr(athena, "place", lambda name: name)
        patch.setattr(athena, "rows", rows)
        patch.setattr(awswrangler.athena, "read_sql_query", answer)
        patch.setattr(sqlglot, "parse", parse)
        for known, chosen in ((NOTHING_LOADED, {}), (LOADED, {}), (LOADED, CHOSEN)):
            patch.setattr(catalog, "read", lambda known=known: known)
            for notebook in sorted((ROOT / "notebooks/explore").glob("*.ipynb")):
                _run(notebook, chosen)
        _ask_the_rest()
    return asked


def _tables() -> Database:
    """The flights of a real day, one of each row that refers to them, and a load."""
    flights = pd.DataFrame(real_legs(DAY)).astype({"dep_delay_min": "Int64", "arr_delay_min": "Int64"})
    flights["observed_at"] = NOON
    made = Database().insert("flights", flights)
    made.insert("flight_history", flights.assign(known_from=NOON, known_until=pd.NaT))
    made.insert("flight_observations", flights[["flight_key", "flight_date", "observed_at"]])
    counts = {"lines_read": 1, "observations_added": 1} | dict.fromkeys(("references", "repeats", "quarantined"), 0)
    made.insert("loads", [{"run_id": "a", "finished_at": NOON, "seconds_to_queryable_max": 1.0, "warnings": 0} | counts])
    made.run(f"update loads set flight_dates = [date '{DAY}'], newest_observed_at = map {{'flights': timestamp '{NOON}'}}")
    return made


def _run(notebook: Path, chosen: dict[str, object]) -> None:
    """Run the notebook's cells in this process, with those of the parameters that it has."""
    names: dict[str, object] = {}
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, notebook.name, "exec"), names)
            names |= {name: value for name, value in chosen.items() if name in names}


def _ask_the_rest() -> None:
    """What no notebook asks as it runs: dashboard, status and alerts."""
    page.render()
    status.row_counts(), status.newest_fetches(), status.freshness()
    unattended = defaults("notebooks/alerts.ipynb")
    watches = [read_parameters(file) for file in sorted((ROOT / "parameters/alerts").glob("*.yaml"))]
    for touched in (touched_since(None), touched_since(f"{DAY} 00:00:00")):
        for watch in (*watches, WATCHED):
            matches(resolve(**(unattended | watch)), touched)
