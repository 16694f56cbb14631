"""Where the flight API's key comes from, and that nothing says it."""

import logging

import pytest

from aviation import api_key
from aviation.errors import AccessKeyError
from support.stand_in import KEY


def test_the_key_of_the_environment_comes_first(producer_stack, put_key, monkeypatch):
    assert api_key.access_key() == KEY
    monkeypatch.setenv("AVIATIONSTACK_ACCESS_KEY", " from-the-shell\n")
    assert api_key.access_key() == "from-the-shell"


def test_reading_the_key_from_the_secret_logs_nothing_of_it(producer_stack, put_key, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    producer_stack.secretsmanager.put_secret_value(
        SecretId=producer_stack.secret, SecretString="never-seen-before-0815"
    )
    assert api_key.access_key() == "never-seen-before-0815"
    assert "SecretString" in caplog.text  # botocore did log the answer
    assert "never-seen-before" not in caplog.text


@pytest.mark.parametrize("made", [True, False], ids=["an empty secret", "no secret"])
def test_a_missing_key_is_one_line_that_says_what_to_do(producer_stack, monkeypatch, made):
    if not made:
        monkeypatch.setenv("AVIATION_API_KEY_SECRET", "not-there")
    with pytest.raises(AccessKeyError, match="put-secret-value") as caught:
        api_key.access_key()
    assert "AVIATIONSTACK_ACCESS_KEY" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_key_in_a_secret_that_waits_for_its_deletion_is_one_line_that_says_how_to_get_it_back(
    producer_stack, put_key
):
    producer_stack.secretsmanager.delete_secret(SecretId=producer_stack.secret)
    with pytest.raises(AccessKeyError, match="'aviation deploy' restores it") as caught:
        api_key.access_key()
    assert "\n" not in str(caught.value)
