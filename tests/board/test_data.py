"""The page *Data*: how old the data is, what ran, what was refused, what will run."""

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_notebook, new_output

from aviation.board.freshness import ages
from aviation.board.stack import Schedule, next_fire
from aviation.errors import PlaceError
from aviation.load.rules import RULES
from aviation.report import RunRecord
from aviation.runs import store
from support.board import MadeTables, browser
from support.board_made import EVIL, FLIGHTS_PROMISED, MadeStack, day, insert_loads, load, whole
from support.made_up import NOON

OLD = "should be 38 min at most"


def asked(database=None, **stack):
    return browser(MadeTables(database), stack=MadeStack(**stack))


def fetched(minutes_ago: float):
    """A day whose newest flights were fetched so many minutes ago."""
    made = day(3)
    insert_loads(made, load(fetched_at=datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=minutes_ago)))
    return made


def header(client, path: str = "/data"):
    return BeautifulSoup(client.get(path).text, "html.parser").select_one("#age")


def test_before_the_first_load_the_page_says_so():
    client = asked()
    text = client.get("/data").text
    assert "Nothing was loaded yet" in text
    assert "Nothing has run yet" in text
    found = client.get("/api/data").json()
    assert found["loads"] == found["runs"] == []
    assert [age["age_min"] for age in found["freshness"]] == [None] * 4
    assert {rule["rule"] for rule in found["rules"]} == set(RULES)
    assert "nothing loaded" in header(client).get_text()


@pytest.mark.parametrize("path", ["/", "/flights", "/data", "/sql", "/nosuch", "/age"])
def test_the_age_of_the_data_stands_on_every_page_and_is_red_with_words_when_it_is_older_than_promised(path):
    young = header(asked(fetched(FLIGHTS_PROMISED - 2)), path)
    assert "36 min old" in young.get_text()
    assert OLD not in young.get_text()
    assert "old" not in young["class"]
    old = header(asked(fetched(FLIGHTS_PROMISED + 2)), path)
    assert f"40 min old, {OLD}" in old.get_text()
    assert "old" in old["class"]


def test_where_no_schedule_runs_nothing_is_promised_and_nothing_is_late():
    client = asked(fetched(5000), promises={"flights": None})
    assert "old" not in header(client)["class"]
    assert header(client)["data-promised"] == ""
    assert "no schedule runs" in client.get("/data").text


def test_a_script_can_tell_the_age_from_the_page():
    part = header(asked(fetched(10)))
    then = datetime.fromisoformat(part["data-fetched"])
    assert abs((datetime.now(UTC) - then).total_seconds() - 600) < 60
    assert part["data-promised"] == "38.0"


def test_the_age_is_that_of_the_newest_fetch_of_any_load():
    made = day(3)
    insert_loads(made, load("a", fetched_at=NOON + timedelta(minutes=9)), load("b", fetched_at=NOON))
    [flights] = [
        age for age in ages(MadeTables(made), {}, (NOON + timedelta(minutes=30)).replace(tzinfo=UTC)) if age.fetched_at
    ]
    assert (flights.entity, flights.age_min, flights.fetched_at) == ("flights", 21, NOON + timedelta(minutes=9))


def test_a_clock_that_is_behind_makes_no_negative_age():
    made = day(3)
    insert_loads(made, load(fetched_at=NOON))
    assert ages(MadeTables(made), {}, (NOON - timedelta(hours=1)).replace(tzinfo=UTC))[0].age_min == 0


def test_a_load_of_several_batches_is_one_line_newest_first():
    made = day(3)
    later = NOON + timedelta(minutes=30)
    first = load("b", 1, later, lines_read=10, quarantined=1, seconds_to_queryable_max=50.0)
    insert_loads(made, load("a"), first, load("b", 2, later + timedelta(seconds=20), lines_read=5, quarantined=2))
    found = asked(made).get("/api/data").json()["loads"]
    assert [(row["run_id"], row["lines_read"], row["quarantined"], row["seconds"]) for row in found] == [
        ("b", 15, 3, 40.0),
        ("a", 100, 2, 20.0),
    ]
    assert found[0]["finished_at"] == "2013-07-10T12:30:20"
    assert found[0]["seconds_to_queryable_max"] == 50


def test_the_rules_that_refused_something_come_first_with_what_they_refused():
    made = day(3)
    insert_loads(
        made,
        load("a", warnings=3, warnings_by_rule=[("value_readable:dep_gate", 2), ("value_readable:x", 1)]),
        load("b", warnings=4, warnings_by_rule=[("value_readable:dep_gate", 1), ("key_known:colour", 3)]),
    )
    row = {"entity": "flights", "rule": "has_date", "raw_text": "{}", "object": "flights/x"}
    for number, (reason, seen, times) in enumerate([("none", NOON, 2), ("null", NOON + timedelta(hours=1), 3)]):
        made.insert(
            "quarantine", [row | {"quarantine_id": number, "reason": reason, "last_seen_at": seen, "times_seen": times}]
        )
    found = asked(made).get("/api/data").json()["rules"]
    assert [(rule["rule"], rule["records"], rule["lines"], rule["example"]) for rule in found[:3]] == [
        ("value_readable", 4, None, "dep_gate"),
        ("key_known", 3, None, "colour"),
        ("has_date", 2, 5, "null"),
    ]
    assert found[2]["last_seen_at"] == "2013-07-10T13:00:00"
    assert len(found) == len(RULES)
    assert {rule["records"] for rule in found[3:]} == {0}


def run(run_id: str, **more) -> RunRecord:
    return RunRecord(
        run_id=run_id, job="producer/flights", notebook="producer.ipynb", started_at="2013-07-10T12:00:00Z", **more
    )


def test_a_run_is_listed_with_its_reason_and_leads_to_its_notebook(monkeypatch):
    output = new_output("display_data", {"text/html": f"<script>alert(1)</script>{EVIL}"})
    notebook = new_notebook(cells=[new_code_cell("1 / 0", outputs=[output], execution_count=1)])
    monkeypatch.setattr(store, "notebook", lambda record: notebook)
    client = asked(
        day(3), records=[run("r/1", status="failed", error="no reason", failed_cell=4), run("s", counts={"records": 7})]
    )
    found = client.get("/api/data").json()["runs"]
    assert [(one["run_id"], one["status"], one["outcome"]) for one in found] == [
        ("r/1", "failed", "cell 4: no reason"),
        ("s", "ok", "records 7"),
    ]
    page = BeautifulSoup(client.get("/data").text, "html.parser")
    assert "2, 1 failed" in page.select_one("#runs-title").get_text()
    answered = client.get("/data/runs/s")
    assert answered.status_code == 200
    assert "1 / 0" in BeautifulSoup(answered.text, "html.parser").get_text()
    assert answered.headers["content-security-policy"].endswith("; frame-ancestors 'none'; sandbox")
    missing = client.get("/data/runs/none")
    assert missing.status_code == 400
    assert "there is no run" in missing.text


def test_what_who_looks_may_not_see_is_said_and_the_rest_is_shown():
    client = asked(fetched(3), refuses=PlaceError("the stack is not known"))
    text = client.get("/data").text
    assert text.count("the stack is not known") == 3
    assert "3 min old" in text
    assert client.get("/api/data").json()["loads"]


def test_schedules_are_listed_with_when_they_fire_next():
    one = Schedule(
        name="producer-flights", expression="cron(0/30 * * * ? *)", starts="x", is_enabled=True, next_at=NOON
    )
    client = asked(day(3), listed=[one])
    assert client.get("/api/data").json()["schedules"] == [one.model_dump(mode="json")]
    text = client.get("/data").text
    assert "2013-07-10 12:00" in text
    assert "Somebody runs them." in text


@pytest.mark.parametrize(
    ("expression", "now", "following"),
    [
        ("cron(0/30 * * * ? *)", "2013-07-10T12:00:00", "2013-07-10T12:30:00"),
        ("cron(0/30 * * * ? *)", "2013-07-14T23:45:00", "2013-07-15T00:00:00"),
        ("cron(12 3 * * ? *)", "2013-07-10T03:12:00", "2013-07-11T03:12:00"),
        ("cron(0 0 ? * MON *)", "2013-07-09T00:00:00", "2013-07-15T00:00:00"),
        ("cron(0 0 1 * ? *)", "2013-07-09T00:00:00", None),
    ],
)
def test_the_next_fire_is_after_now(expression, now, following):
    found = next_fire(expression, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert (found and found.isoformat()) == following


def test_the_page_is_not_about_a_moment_and_has_no_scrubber():
    page = BeautifulSoup(browser(whole(), stack=MadeStack()).get("/data?as_of=2013-07-10T12:00Z").text, "html.parser")
    assert not page.select("#scrubber")
    assert page.select_one("#main")["data-again"] == "always"
    assert "as_of=" in page.select_one("nav a")["href"]
