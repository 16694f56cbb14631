"""Acknowledging and muting on the board: who may, what it shows, and that no other page can have it done."""

import asyncio
import getpass
import json
import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup

from aviation.alerts import quiet
from aviation.alerts.quiet import Quiet
from aviation.board import app, form
from aviation.board.guard import Access
from aviation.board.quieted import Quieted
from support.board import MadeTables, browser, storm
from support.board_made import EVIL
from support.quiet_made import MadeBucket

ORIGIN = "http://127.0.0.1:8300"
THEN = "2013-07-10T20:10:00Z"
POSTS = ("/api/acknowledge", "/api/mute", "/api/unmute")


@pytest.fixture
def bucket(monkeypatch) -> MadeBucket:
    return MadeBucket(monkeypatch)


class Person:
    """Somebody with a browser, who looks at the storm of 2013-07-10 at 20:10 UTC."""

    def __init__(self, tables=None, **more):
        self.asks = browser(tables or storm(), **({"quieted": Quieted()} | more))

    def get(self, path: str, **more):
        return self.asks.get(path, params={"as_of": THEN} | more)

    def cases(self) -> list[dict]:
        return self.get("/api/now").json()["cases"]

    def case(self, key: str) -> dict:
        return next(case for case in self.cases() if case["flight_key"] == key)

    def token(self) -> str:
        return self.asks.get("/api/quiet").json()["csrf_token"]

    def post(self, path: str, headers: dict | None = None, **fields):
        given = {"csrf_token": self.token()} | fields
        return self.asks.post(path, params={"as_of": THEN}, data=given, headers={"origin": ORIGIN} | (headers or {}))

    def mute(self, of: str, **more):
        return self.post("/api/mute", of=of, **more)

    def acknowledge(self, key: str, disruption: str, **more):
        return self.post("/api/acknowledge", flight_key=key, disruption=disruption, **more)

    def page(self, path: str) -> BeautifulSoup:
        return BeautifulSoup(self.get(path).text, "html.parser")

    def forms(self, key: str) -> BeautifulSoup:
        return self.page(f"/quiet/{quote(key)}")


@pytest.fixture
def ann(bucket) -> Person:
    return Person()


def first(person: Person, kind: str) -> str:
    return next(case["flight_key"] for case in person.cases() if case["kind"] == kind)


def test_nothing_is_quiet_at_first(ann):
    assert {case["quiet"] is None for case in ann.cases()} == {True}
    assert not ann.page("/").select("#muted-cases, .by")
    told = ann.asks.get("/api/quiet").json()
    assert (told["quiets"], told["error"], told["refusal"], told["who"]) == ([], "", "", getpass.getuser())


def test_an_acknowledged_flight_sinks_below_the_others_and_says_who_has_it(ann):
    key = ann.cases()[0]["flight_key"]
    answer = ann.acknowledge(key, "delayed", note="  calling\nthe crew ")
    assert answer.status_code == 200, answer.text
    made = answer.json()
    about = (made["kind"], made["scope"], made["code"], made["disruption"], made["who"], made["until"], made["note"])
    assert about == ("acknowledged", "flight", key, "delayed", getpass.getuser(), None, "calling the crew")
    cases = ann.cases()
    assert (cases[-1]["flight_key"], cases[-1]["quiet"]) == (key, made)
    assert ann.get(f"/api/flight/{key}").json()["quiet"] == made
    page = ann.page("/")
    [line] = page.select(".case.is-acknowledged")
    assert f"by {getpass.getuser()}: calling the crew." in line.select_one(".by").text
    assert page.select("#attention .case:not(.head)")[-1] == line
    assert "Acknowledged" in ann.page(f"/flight/{quote(key)}").select_one(".by").text
    words = [button.text for button in ann.forms(key).select("button")]
    assert words == ["Take it back", "Mute"]


@pytest.mark.parametrize("kind", ["cancelled", "diverted", "overdue", "late"])
def test_what_is_acknowledged_is_what_the_form_names(ann, kind):
    key = first(ann, kind)
    found = ann.forms(key).find("form", action=re.compile("acknowledge"))
    fields = {one["name"]: one.get("value", "") for one in found.select("input")}
    assert fields["disruption"] == {"overdue": "delayed", "late": "delayed"}.get(kind, kind)
    answer = ann.asks.post(found["action"], data=fields, headers={"origin": ORIGIN})
    assert answer.status_code == 200, answer.text
    assert ann.case(key)["quiet"]["disruption"] == fields["disruption"]


def test_nobody_acknowledges_what_a_flight_is_not(ann, bucket):
    answer = ann.acknowledge(first(ann, "overdue"), "cancelled")
    assert answer.status_code == 400
    assert "load the page again" in answer.json()["error"]
    assert bucket.body is None


@pytest.mark.parametrize("scope", ["flight", "airline", "airport", "route"])
def test_what_is_muted_is_grey_and_folded_away_with_who_and_until(ann, scope):
    key = first(ann, "overdue")
    forms = ann.forms(key)
    of = next(option["value"] for option in forms.select("option") if option["value"].startswith(scope))
    concerned = {case["flight_key"] for case in ann.cases() if concerns(case, of)}
    made = ann.mute(of, hours=4).json()
    assert (made["kind"], f"{made['scope']}:{made['code']}") == ("muted", of)
    cases = ann.cases()
    assert {case["flight_key"] for case in cases if case["quiet"]} == concerned
    assert all(case["quiet"] == made for case in cases[-len(concerned) :])
    page = ann.page("/")
    assert len(page.select("#muted-cases .case.is-muted")) == len(page.select(".is-muted")) == len(concerned)
    assert not page.select_one("#muted-cases").has_attr("open")
    line = page.select_one("#muted-cases .by").text
    assert f"by {getpass.getuser()}" in line
    assert "Muted until" in line
    assert re.search(r"until \d\d:\d\d UTC on \d+ \w{3} 20\d\d by", line), "another day than the page's is told"
    assert ("(" in line) == (scope != "flight")
    assert ann.get("/api/now").json()["cases_found"] == len(cases) - len(concerned)
    assert page.select_one("#attention .count").text == str(len(cases) - len(concerned))
    assert sum(int(number.text) for number in page.select(".kinds b")) == len(cases) - len(concerned)
    assert ann.get(f"/api/flight/{key}").json()["quiet"] == made


def concerns(case: dict, of: str) -> bool:
    """Whether a case is of what is muted, by what the storm's tables say of it."""
    scope, _, code = of.partition(":")
    departs, arrives = case["route"].split("–")
    about = {"flight": [case["flight_key"]], "airport": [departs, arrives], "route": [f"{departs}-{arrives}"]}
    return code in (about | {"airline": [case["flight"].split()[0]]})[scope]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("airline:JBU", "B6"), ("airline:b6", "B6"), ("airport:KJFK", "JFK"), ("airport:jfk", "JFK")],
)
def test_a_code_is_kept_as_alerts_have_it(given, kept, bucket):
    made = MadeTables(storm().database)
    airports = {"dep_icao": "KJFK"} if given.endswith("KJFK") else {}
    if airports:
        pytest.importorskip("duckdb")
    person = Person(made)
    answer = person.mute(given)
    if airports and answer.status_code == 404:
        pytest.skip("the replay has no ICAO codes of airports")
    assert answer.json()["code"] == kept


@pytest.mark.parametrize(
    ("of", "hours", "status", "words"),
    [
        ("flight:2013-07-10|JFK|JBU|nosuch", 1, 404, "there is no flight"),
        ("flight:2013-07-11|JFK|JBU|1", 1, 404, "there is no flight"),
        ("airline:ZZ", 1, 404, "there is no airline ZZ in the flights of 2013-07-10"),
        ("route:JFK-JFK", 1, 404, "there is no route JFK-JFK"),
        ("airport:X' or 1=1 --", 1, 404, "there is no airport"),
        ("planet:earth", 1, 422, "of: "),
        ("airline:B6", 0, 422, "hours: "),
        ("airline:B6", 721, 422, "hours: "),
        ("airline:B6", "x", 422, "hours: "),
        ("airline:B6", 1, 422, "note: "),
        ("", 1, 422, "of: "),
    ],
)
def test_what_cannot_be_muted_is_refused_in_one_line(ann, bucket, of, hours, status, words):
    answer = ann.mute(of, hours=hours, note="x" * (201 if words == "note: " else 3))
    assert answer.status_code == status, answer.text
    assert words in answer.json()["error"]
    assert bucket.body is None


def test_more_than_a_form_sends_is_not_read(ann, bucket):
    answer = ann.mute("airline:B6", note="x" * form.MOST_BYTES)
    assert (answer.status_code, bucket.body) == (413, None)


def test_a_mute_ends_by_itself_after_a_day_unless_told_otherwise(ann):
    before = quiet.now()
    made = ann.mute("airline:B6").json()
    assert made["until"] >= (before + timedelta(hours=24)).isoformat()
    assert made["until"] <= (quiet.now() + timedelta(hours=24)).isoformat()
    quiet.put(Quiet("muted", "airline", "B6", None, "ann", before, before - timedelta(seconds=1)))
    assert all(case["quiet"] is None for case in Person().cases())
    assert Person().asks.get("/api/quiet").json()["quiets"] == []


def test_both_can_be_taken_back_by_the_forms_once(ann, bucket):
    key = first(ann, "cancelled")
    ann.acknowledge(key, "cancelled")
    ann.mute(f"flight:{key}")
    for kind in ("muted", "acknowledged"):
        found = ann.forms(key).find("form", action="/api/unmute")
        fields = {one["name"]: one["value"] for one in found.select("input")}
        assert fields["kind"] == kind
        assert ann.asks.post("/api/unmute", data=fields, headers={"origin": ORIGIN}).json()["kind"] == kind
    assert ann.case(key)["quiet"] is None
    again = ann.post("/api/unmute", kind="muted", of=f"flight:{key}")
    assert again.status_code == 404
    assert json.loads(bucket.body) == {"quiet": []}


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("token", ["", "wrong", "ä" * 20, "of another"])
def test_without_the_token_of_its_form_nothing_is_done(ann, bucket, path, token):
    given = Person().token() if token == "of another" else token
    fields = {"of": "airline:B6", "kind": "muted", "flight_key": first(ann, "cancelled"), "disruption": "cancelled"}
    answer = ann.post(path, **fields, csrf_token=given)
    assert answer.status_code == 403
    assert "load the page again" in answer.json()["error"]
    assert bucket.body is None


@pytest.mark.parametrize("path", POSTS)
def test_a_token_without_its_cookie_is_worth_nothing(ann, bucket, path):
    token = ann.token()
    ann.asks.cookies.clear()
    answer = ann.asks.post(path, data={"csrf_token": token, "of": "airline:B6"}, headers={"origin": ORIGIN})
    assert (answer.status_code, bucket.body) == (403, None)


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://evil.example"}, {"origin": "http://127.0.0.1:1"}, {"sec-fetch-site": "cross-site"}],
    ids=str,
)
def test_another_origin_is_refused_even_with_the_token(ann, bucket, path, headers):
    answer = ann.post(path, headers, of="airline:B6", kind="muted")
    assert answer.status_code == 403
    assert answer.text.startswith("not taken: a page of another")
    assert bucket.body is None


def test_no_other_site_has_the_cookie_sent_and_no_script_reads_it(ann):
    for path in ("/api/quiet", f"/quiet/{quote(first(ann, 'cancelled'))}"):
        kept = Person().asks.get(path).headers["set-cookie"]
        assert re.fullmatch(rf"{form.COOKIE}=[\w-]{{43}}; HttpOnly; Path=/; SameSite=strict", kept)


def test_who_it_is_is_whom_the_proxy_names_and_a_token_is_of_that_person_alone(bucket):
    access = Access(header="X-Forwarded-User")
    asks = browser(storm(), quieted=Quieted(), access=access)
    ann, bob = {"X-Forwarded-User": "ann " * 50}, {"X-Forwarded-User": "bob"}
    token = asks.get("/api/quiet", headers=ann).json()["csrf_token"]
    given = {"of": "airline:B6", "csrf_token": token}
    assert asks.post("/api/mute", data=given, headers={"origin": ORIGIN} | bob).status_code == 403
    made = asks.post("/api/mute", data=given, headers={"origin": ORIGIN} | ann).json()
    assert made["who"] == ("ann " * 50)[:100]


def test_a_user_of_the_machine_without_a_name_is_somebody(ann, monkeypatch):
    def fails() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", fails)
    assert ann.mute("airline:B6").json()["who"] == "somebody"


def test_text_of_people_stays_text(bucket):
    asks = Person(access=Access(header="X-User"))
    asks.asks.headers["X-User"] = EVIL
    key = first(asks, "cancelled")
    asks.acknowledge(key, "cancelled", note=f"{EVIL}\x1b[31m")
    asks.mute(f"airline:{key.split('|')[2]}", note=EVIL)
    assert [one["note"] for one in asks.asks.get("/api/quiet").json()["quiets"]] == [f"{EVIL}[31m", EVIL]
    for path in ("/", f"/flight/{quote(key)}", f"/quiet/{quote(key)}"):
        page = asks.page(path)
        assert not page.select("img")
        assert all(script.get("src") for script in page.select("script"))
        assert EVIL in page.text
        assert "\x1b" not in page.text


@pytest.mark.parametrize("is_there", [True, False])
def test_who_may_not_write_finds_the_controls_disabled_with_the_reason_and_a_post_refused(bucket, is_there):
    if is_there:
        Person().mute("airline:B6")
    body, bucket.denied = bucket.body, {"PutObject"}
    ann = Person()
    key = next(case["flight_key"] for case in ann.cases() if case["flight"].startswith("B6"))
    forms = ann.forms(key)
    controls = forms.select("button, select, input:not([type=hidden])")
    assert len(controls) > 4
    assert all(control.has_attr("disabled") for control in controls)
    assert "Read only: not allowed with these credentials" in forms.text
    assert "s3:PutObject" in ann.asks.get("/api/quiet").json()["refusal"]
    for answer in (ann.mute(f"flight:{key}"), ann.post("/api/unmute", kind="muted", of="airline:B6")):
        if answer.request.url.path == "/api/unmute" and not is_there:
            continue  # there is nothing to take back
        assert answer.status_code == 403
        assert "s3:PutObject on s3://RunsBucket/alerts/board.quiet.json" in answer.json()["error"]
        assert "\n" not in answer.json()["error"]
    assert bucket.body == body


def test_who_may_write_finds_the_controls_enabled_and_that_was_asked_without_writing(ann, bucket):
    forms = ann.forms(first(ann, "cancelled"))
    assert not forms.select("[disabled]")
    assert "Read only" not in forms.text
    assert bucket.body is None


def test_permission_is_looked_up_once_a_while(ann, bucket, monkeypatch):
    looked = []
    monkeypatch.setattr(quiet, "check", lambda: looked.append(1))
    for _ in range(5):
        ann.asks.get("/api/quiet")
    assert 1 <= len(looked) <= 2


@pytest.mark.parametrize(
    ("body", "denied", "words"),
    [(b"{", set(), "cannot be read: delete it"), (None, {"GetObject"}, "not allowed with these credentials")],
)
def test_where_it_cannot_be_read_the_page_stands_and_says_so(ann, bucket, body, denied, words):
    bucket.body, bucket.denied = body, denied
    page = ann.page("/")
    [told] = page.select("#attention p.old")
    assert words in told.text
    assert page.select("#attention .case")
    assert {case["quiet"] is None for case in ann.cases()} == {True}
    assert words in ann.asks.get("/api/quiet").json()["refusal"]
    assert ann.forms(first(ann, "cancelled")).select("button[disabled]")
    assert ann.mute("airline:B6").status_code in (403, 503)
    assert bucket.body == body


def test_a_file_of_what_needs_attention_says_who_has_it(ann):
    key = first(ann, "cancelled")
    ann.acknowledge(key, "cancelled")
    line = next(line for line in ann.get("/api/now", format="csv").text.splitlines() if line.startswith(key))
    assert '""kind"": ""acknowledged""' in line
    assert ann.get("/api/now", format="parquet").status_code == 200


def test_another_board_notices_and_tells_its_open_pages(ann, bucket, monkeypatch):
    monkeypatch.setattr(app, "SECONDS_BETWEEN_LOOKS", 0.01)
    theirs = Quieted()
    assert not theirs.refresh()
    told = []

    class Heard:
        def tell(self, event: str, data: str) -> None:
            told.append(event)

    async def look() -> None:
        looking = asyncio.create_task(app._look(storm(), theirs, Heard()))
        await asyncio.sleep(0.1)
        assert told == []
        quiet.put(Quiet("muted", "airline", "B6", None, "bob", quiet.now(), quiet.now() + timedelta(hours=1)))
        theirs._found.clear()  # as after some seconds
        await asyncio.sleep(0.2)
        looking.cancel()

    asyncio.run(look())
    assert told == ["quiet"]


def test_a_wall_display_and_paper_have_nothing_to_press(ann):
    css = ann.asks.get("/static/board.css").text
    assert ".kiosk .hush { display: none; }" in css


def test_before_the_first_load_nothing_can_be_muted(bucket):
    asks = Person(MadeTables()).asks
    token = {"csrf_token": asks.get("/api/quiet").json()["csrf_token"]}
    flight = {"flight_key": "2013-07-10|JFK|JBU|1", "disruption": "delayed"}
    for path, fields in (("/api/mute", {"of": "airline:B6"}), ("/api/acknowledge", flight)):
        answer = asks.post(path, data=token | fields, headers={"origin": ORIGIN})
        assert answer.status_code == 404
        assert "there is no" in answer.json()["error"]
