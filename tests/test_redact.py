"""Secrets never leave the process in text."""

import html
import json
import logging
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aviation import redact

secrets = st.text(st.characters(exclude_characters="[]redact*", exclude_categories=["Cs"]), min_size=6, max_size=40)


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    monkeypatch.setattr(redact, "_forms", set())
    monkeypatch.setattr(redact, "_remembered", None)


@given(secret=secrets, before=st.text(), after=st.text())
def test_a_remembered_secret_is_in_no_text_in_any_form(secret, before, after):
    redact.remember(secret)
    forms = [secret, quote(secret), quote(secret, safe=""), quote_plus(secret), html.escape(secret), repr(secret)[1:-1]]
    for form in [*forms, json.dumps(secret)[1:-1]]:
        shown = redact.redact(f"{before}{form}{after}")
        assert form not in shown
        assert redact.MASK in shown


@given(secret=secrets, others=st.lists(st.text()))
def test_a_remembered_secret_is_nowhere_in_a_json_value(secret, others):
    redact.remember(secret)
    clean = redact.redact_json({secret: [secret, {"deep": f"x{secret}y"}, 1, None, *others], "n": 1.5})
    assert not any(secret in text for text in texts(clean))
    assert clean["n"] == 1.5


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (key, *texts(item))
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


@pytest.mark.parametrize(
    "text",
    [
        "GET /v1/flights?access_key=0123456789abcdef&limit=100",
        "url?ACCESS_KEY=0123456789abcdef",
        "AVIATIONSTACK_ACCESS_KEY=0123456789abcdef",
        "{'access_key': '0123456789abcdef', 'limit': 1}",
        '{"ARN": "arn", "SecretString":"0123456789abcdef"}',
        r'b"{\"SecretString\": \"0123456789abcdef\"}"',
        r"""b'{"SecretString": "json://a\\nslack://\\"b\\", \\"c\\"/0123456789abcdef", "x": 1}'""",
        r'b"{\"SecretString\": \"json://a\\\nslack://b/0123456789abcdef\", \"x\": 1}"',
        "{'SecretString': 'json://a/\nslack://0123456789abcdef'}",
        '{"SecretString": "json://a, slack://0123456789abcdef',
        "redirect=http%3A%2F%2Fhost%3Faccess_key%3D0123456789abcdef",
    ],
)
def test_what_stands_where_a_key_stands_is_redacted_although_nobody_saw_it(text):
    shown = redact.redact(text)
    assert "0123456789abcdef" not in shown
    assert redact.MASK in shown


def test_what_stands_around_a_secret_stays():
    text = '{"SecretString": "one\\ntwo", "Name": "aviation", "SecretString": "", "x": "y"}'
    assert redact.redact(text) == text.replace("one\\ntwo", redact.MASK)


def test_text_without_a_secret_stays_as_it_is():
    redact.remember("0123456789abcdef")
    text = "flights: 100 records from https://host/v1/flights?limit=100, access key missing"
    assert redact.redact(text) == text


def test_nothing_and_a_very_short_secret_are_not_remembered():
    for secret in (None, "", "a", "abcde"):
        redact.remember(secret)
    assert redact.redact("an abcde") == "an abcde"


def test_a_log_record_is_redacted_in_message_arguments_and_traceback(caplog):
    redact.guard_logs()
    redact.remember("0123456789abcdef")
    try:
        raise ValueError("bad 0123456789abcdef")
    except ValueError:
        logging.getLogger("any.library").exception("key %s", "0123456789abcdef")
    assert "key [redacted]" in caplog.text
    assert "ValueError: bad [redacted]" in caplog.text
    assert "0123456789abcdef" not in caplog.text
