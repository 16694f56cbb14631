"""Who may ask the board, and what a page of it may do in a browser."""

import re
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup

from aviation.board import entry
from aviation.board.guard import Access
from aviation.report import RunRecord
from support.board import MadeTables, browser
from support.board_made import EVIL, MadeStack, day, insert_loads, load, whole
from support.payloads import payloads

OWN = {"origin": "http://127.0.0.1:8300"}
PAGES = ["/", "/flights", "/data", "/sql?sql=select+1", "/nosuch", "/flights?page=x", "/age", "/token"]
FILES = ["/api/data", "/api/data/loads?format=csv", "/api/sql?sql=nonsense", "/static/board.css", "/api/openapi.json"]


@pytest.fixture
def asks():
    return browser(whole(), stack=MadeStack())


@pytest.mark.parametrize("path", [*PAGES, *FILES])
def test_every_answer_forbids_what_no_page_of_the_board_needs(asks, path):
    headers = asks.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_a_script_or_a_style_of_its_own(asks, path):
    text = asks.get(path).text
    assert not re.search(r"<script(?![^>]*\ssrc=\"/static/)", text)
    assert "<style" not in text
    assert not re.search(r"<[^>]+\s(?:on\w+|style)=", text)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost@evil.example",
        "127.0.0.1:x",
        "",
        "[::1",
        "0.0.0.0",  # noqa: S104
        "10.0.0.1",
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/flights", "/static/board.css", "/events"])
def test_a_foreign_name_that_leads_to_this_machine_is_refused(asks, host, path):
    refused = asks.get(path, headers={"host": host})
    assert refused.status_code == 403
    assert "default-src 'none'" in refused.headers["content-security-policy"]


@pytest.mark.parametrize("host", ["127.0.0.1:8300", "localhost", "LOCALHOST:1", "[::1]:8300"])
def test_the_names_of_loopback_are_taken(asks, host):
    assert asks.get("/static/board.css", headers={"host": host}).status_code == 200


def test_two_hosts_are_refused(asks):
    headers = [("host", "127.0.0.1"), ("host", "evil.example")]
    assert asks.get("/", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "sent",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:8301"},
        {"origin": "null"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "nonsense"},
    ],
    ids=str,
)
def test_what_another_sites_page_has_a_browser_send_is_refused(asks, sent):
    assert asks.get("/api/flights", headers=sent).status_code == 403


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"sec-fetch-site": "none", "sec-fetch-mode": "navigate"},
        {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
        OWN,
    ],
    ids=str,
)
def test_a_person_and_a_program_and_a_link_from_elsewhere_are_taken(asks, sent):
    assert asks.get("/flights", headers=sent).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_what_may_change_something_has_to_say_which_page_sent_it(asks, method):
    assert asks.request(method, "/flights").status_code == 403
    assert asks.request(method, "/flights", headers=OWN).status_code == 405
    foreign = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert asks.request(method, "/flights", headers=OWN | foreign).status_code == 403


# With a token.


@pytest.fixture
def shut(tmp_path, monkeypatch):
    monkeypatch.setenv("AVIATION_HOME", str(tmp_path))
    return browser(whole(), stack=MadeStack(), access=Access(token=entry.token()))


def enter(client, token: str, back: str = "/data"):
    return client.post("/token", content=urlencode({"token": token, "back": back}), headers=OWN, follow_redirects=False)


def test_the_token_is_made_once_and_only_its_owner_can_read_it(tmp_path, monkeypatch):
    monkeypatch.setenv("AVIATION_HOME", str(tmp_path))
    made = entry.token()
    assert len(made) >= 40
    assert entry.token() == made
    assert entry.file().stat().st_mode & 0o777 == 0o600
    entry.file().chmod(0o644)
    assert entry.token() == made
    assert entry.file().stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "path", ["/", "/flights", "/data", "/data/runs/x", "/sql", "/age", "/token", "/static/board.js"]
)
def test_without_the_token_every_page_asks_for_it_and_shows_nothing_else(shut, path):
    asked = shut.get(path)
    assert asked.status_code == 401
    assert 'type="password"' in asked.text
    assert "JFK" not in asked.text


@pytest.mark.parametrize("path", ["/api/flights", "/api/openapi.json", "/events", "/api/sql?sql=select+1"])
def test_without_the_token_the_api_says_so_in_one_line(shut, path):
    refused = shut.get(path)
    assert refused.status_code == 401
    assert refused.json() == {"error": "enter the board's token first, on any of its pages"}


def test_who_enters_the_token_gets_where_they_wanted_by_a_cookie_that_no_script_reads(shut):
    entered = enter(shut, entry.token(), "/flights?airline=B6")
    assert (entered.status_code, entered.headers["location"]) == (303, "/flights?airline=B6")
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie  # over plain http the browser would not send it back
    assert shut.get("/flights").status_code == 200
    assert shut.get("/api/data").status_code == 200


def test_where_the_browser_speaks_tls_the_cookie_goes_by_tls_alone(shut):
    headers = {"origin": "https://127.0.0.1:8300"}
    entered = shut.post("/token", content=urlencode({"token": entry.token()}), headers=headers, follow_redirects=False)
    assert "secure" in entered.headers["set-cookie"].lower()


@pytest.mark.parametrize("token", ["", "x", "\x00", "ü" * 40, "x" * 3000])
def test_another_token_lets_nobody_in(shut, token):
    entered = enter(shut, token)
    assert entered.status_code == 401
    assert "set-cookie" not in entered.headers
    shut.cookies.set(entry.COOKIE, token.encode("ascii", "ignore").decode().strip("\x00") or "y")
    assert shut.get("/flights").status_code == 401


def test_a_body_that_is_no_token_is_not_read_to_its_end(shut):
    assert enter(shut, "x" * 100_000).status_code == 413


def test_a_token_in_the_address_counts_for_nothing(shut):
    assert shut.get(f"/flights?token={entry.token()}").status_code == 401


@pytest.mark.parametrize(
    "back", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:1", "", "/\n/x"]
)
def test_after_the_token_nobody_is_led_to_another_site(shut, back):
    assert enter(shut, entry.token(), back).headers["location"] == "/"


def test_the_token_is_posted_by_the_boards_own_page_alone(shut):
    body = urlencode({"token": entry.token()})
    assert shut.post("/token", content=body).status_code == 403
    assert shut.post("/token", content=body, headers={"origin": "http://evil.example"}).status_code == 403


# Behind a reverse proxy.


def test_behind_a_proxy_only_whom_its_header_names_is_taken_and_only_by_the_allowed_name():
    access = Access(hosts=frozenset({"board.example"}), header="X-Forwarded-User")
    asks = browser(whole(), stack=MadeStack(), access=access)
    by_name, known = {"host": "board.example"}, {"x-forwarded-user": "ada"}
    assert asks.get("/flights", headers=by_name | known).status_code == 200
    assert asks.get("/flights", headers=by_name).status_code == 403
    assert asks.get("/flights", headers=by_name | {"x-forwarded-user": ""}).status_code == 403
    assert asks.get("/flights", headers=known).status_code == 403
    assert asks.get("/flights", headers=by_name | known | {"origin": "https://board.example"}).status_code == 200


# Text that somebody else wrote.


@pytest.fixture(scope="module")
def written():
    """A board whose every text is an attack."""
    texts = [EVIL, *payloads("http://127.0.0.1:9").values()]
    names = [texts[number % len(texts)] for number in range(60)]
    changes = dict.fromkeys(("airline_name", "aircraft_registration", "flight_iata", "dep_gate", "dep_iata"), names)
    made = day(**changes, flight_status="cancelled")
    insert_loads(made, load(status=EVIL, warnings=1, warnings_by_rule=[(f"value_readable:{EVIL}", 1)]))
    refused = {"quarantine_id": "q", "entity": EVIL, "rule": EVIL, "reason": EVIL, "raw_text": EVIL, "times_seen": 1}
    made.insert("quarantine", [refused])
    record = RunRecord(
        run_id="r", job="j", notebook="n", started_at="2013-07-10T12:00:00Z", status="failed", error=EVIL
    )
    return browser(MadeTables(made), stack=MadeStack(records=[record]))


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/flights",
        "/data",
        "/data/runs/r",
        f"/data/runs/{EVIL}".replace("/script", "script"),
        "/sql?" + urlencode({"sql": f"select '{EVIL}' as \"{EVIL.replace(chr(34), chr(39))}\", * from quarantine"}),
        "/sql?" + urlencode({"sql": f"select {EVIL}"}),
        "/flights?" + urlencode({"text": EVIL[:60]}),
        "/flights?" + urlencode({"date": EVIL}),
        "/" + "?" + urlencode({"as_of": EVIL}),
        f"/{EVIL}",
    ],
    ids=lambda path: path[:24],
)
def test_what_others_wrote_is_text_on_every_page(written, path):
    page = BeautifulSoup(written.get(path).text, "html.parser")
    assert not page.select("img, iframe, object, svg image, base, meta[http-equiv=refresh]")
    assert all(script.get("src", "").startswith("/static/") for script in page.select("script"))
    for part in page.find_all(True):
        assert not [name for name in part.attrs if name.startswith("on") or name == "srcdoc"]
        assert not part.get("href", "").strip().lower().startswith(("javascript:", "data:"))
    seen = page.get_text() + "".join(str(part.attrs) for part in page.find_all(True))
    assert "<img src=x" in seen or path == f"/{EVIL}"


def test_a_runs_page_runs_nothing(written):
    policy = written.get("/data/runs/r").headers["content-security-policy"]
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert policy.endswith("sandbox")
    assert "frame-ancestors 'none'" in policy
