"""Which engine gets which text."""

from types import SimpleNamespace

from aviation import backend, query
from aviation.sql import catalog
from aviation.sql.catalog import Catalog

CATALOG = Catalog(
    tables={"legs": "s3://lake/legs.json", "planes": "s3://lake/planes.json"},
    views={"routes": "select count(*) as n, min(location) as location from legs"},
    columns={"flights": ["flight_key"], "flight_history": ["flight_key", "known_from", "known_until"]},
)


def test_athena_gets_the_text_as_it_is_and_its_past_written_out_as_of_an_instant(monkeypatch):
    monkeypatch.setattr(backend, "in_use", lambda: SimpleNamespace(frame=lambda text: text))
    monkeypatch.setattr(catalog, "read", lambda: CATALOG)
    asked = "select  n from routes, FLIGHTS"
    assert query.sql(asked) == asked
    past = query.sql(asked, as_of="2013-07-10T12:00Z")
    assert "flight_history" in past
    assert "FROM legs" in past
    assert "2013-07-10 12:00:00" in past
