"""The dashboard shows whatever text the tables hold, and shows it as text."""

import pytest
from bs4 import BeautifulSoup

from aviation import query
from aviation.columns import FLIGHTS
from aviation.dashboard import page
from support.any_text import WEIRD
from support.made_up import Database, leg

# What DuckDB and Parquet hold: UTF-8.
HELD = [text for text in WEIRD if text is None or not any("\ud800" <= letter <= "\udfff" for letter in text)]
KEYS = ("flight_key",)
TEXTS = [name for name, column in FLIGHTS.columns.items() if column.type == "string" and name not in KEYS]


@pytest.fixture
def tables(monkeypatch) -> Database:
    made = Database()
    monkeypatch.setattr(query, "sql", lambda text, **past: made.ask(text))
    monkeypatch.setattr(page, "freshness_lines", list)
    monkeypatch.setattr(page, "age", lambda table: "now")
    return made


@pytest.mark.parametrize("places", ["weird", "real"])
def test_a_page_of_any_text_in_every_column_is_whole(tables, places, tmp_path):
    """Each column meets each text; the map is of places that are known."""
    kept = ("dep_iata", "arr_iata") if places == "real" else ()
    legs = []
    for number in range(3 * len(HELD)):
        row = leg(f"key {number}", "JFK-BOS", number, number + 60, arr_late=number)
        columns = enumerate(name for name in TEXTS if name not in kept)
        legs.append(row | {name: HELD[(number + place) % len(HELD)] for place, name in columns})
    tables.insert("flights", legs)
    shown = BeautifulSoup(page.write(tmp_path / "dashboard.html").read_text(), "html.parser")
    assert len(shown.find_all("svg")) >= 5
    assert "could not" not in shown.get_text()
    assert [script for script in shown.find_all("script") if "alert(1)" in script.get_text()] == []
    assert "</script><script>alert(1)</script>" in shown.get_text()
    assert "\0" not in str(shown)
