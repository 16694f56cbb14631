"""The board's own API: described whole, and nothing that is asked of it breaks it."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from aviation.board.app import application
from support.board_made import MadeStack, whole

OWN = {"Host": "127.0.0.1"}
APP = application(whole(), stack=MadeStack())
SCHEMA = schemathesis.openapi.from_asgi("/api/openapi.json", APP, headers=OWN)
DESCRIBED = APP.openapi()


@SCHEMA.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_that_is_asked_breaks_it(case):
    answer = case.call(headers=OWN)
    assert answer.status_code < 500, answer.text
    case.validate_response(answer, checks=[schemathesis.checks.not_a_server_error])


@pytest.mark.parametrize("path", list(DESCRIBED["paths"]))
def test_every_address_says_what_it_answers_and_its_errors_are_one_model(path):
    about = DESCRIBED["paths"][path]["get"]
    assert about["description"]
    assert set(DESCRIBED["paths"][path]) == {"get"}
    for status in ("400", "422", "503"):
        schema = about["responses"][status]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Refusal"}
    assert about["responses"]["200"]["content"]["application/json"]["schema"]
