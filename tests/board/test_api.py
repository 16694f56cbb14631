"""The board's own API: described whole, and nothing that is asked of it breaks it."""

import getpass

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from aviation.board import form
from aviation.board.app import application
from support.board_made import MadeStack, whole
from support.quiet_made import MadeQuieted

OWN = {"Host": "127.0.0.1", "Origin": "http://127.0.0.1"}
APP = application(whole(), stack=MadeStack(), quieted=MadeQuieted())
SCHEMA = schemathesis.openapi.from_asgi("/api/openapi.json", APP, headers=OWN)
DESCRIBED = APP.openapi()
POSTS = ("/api/acknowledge", "/api/mute", "/api/unmute")
TOKEN = form.token("browser", getpass.getuser())


@SCHEMA.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_that_is_asked_breaks_it(case):
    if case.method == "POST":  # past the door, for a page of the board sends it
        case.cookies, case.media_type = {form.COOKIE: "browser"}, "application/x-www-form-urlencoded"
        case.body = (case.body if isinstance(case.body, dict) else {}) | {"csrf_token": TOKEN}
    answer = case.call(headers=OWN)
    assert answer.status_code < 500, answer.text
    assert answer.status_code != 403, answer.text
    case.validate_response(answer, checks=[schemathesis.checks.not_a_server_error])


@pytest.mark.parametrize("path", list(DESCRIBED["paths"]))
def test_every_address_says_what_it_answers_and_its_errors_are_one_model(path):
    [(method, about)] = DESCRIBED["paths"][path].items()
    assert method == ("post" if path in POSTS else "get")
    assert about["description"]
    for status in ("400", "422", "503"):
        schema = about["responses"][status]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Refusal"}
    assert about["responses"]["200"]["content"]["application/json"]["schema"]
