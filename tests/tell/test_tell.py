"""Messages reach each address that is kept, and what an address says reaches nobody else."""

import logging
import socket
import sys
import time
import warnings
from collections import Counter
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from aviation import alerts, aws, places, tell
from aviation.alerts import send as of_alerts
from aviation.alerts.watch import Alert
from aviation.cli import main
from aviation.cli import tell as command
from aviation.errors import AviationError, ParameterError
from aviation.redact import redact
from aviation.tell import addresses
from aviation.tell.send import UNREAD
from aviation.tell.trial import why
from support.receiver import Receiver, receiver

TOKEN = "T1JJ3T3L2zzAAbbCCdd-of-this-test"
MESSAGE = tell.Message("A title", "One line <b>\n- another & one")


@pytest.fixture
def hook() -> Receiver:
    with receiver() as listening:
        yield listening


@pytest.fixture
def secret(stack) -> str:
    yield places.place("AddressesSecret")
    tell.clear()


def aviation(*arguments: str, given: str = ""):
    return CliRunner().invoke(main, ["tell", *arguments], input=given)


def test_without_addresses_nothing_is_sent_and_nothing_is_wrong(secret):
    assert tell.kept() == []
    assert tell.send([MESSAGE]) == Counter()
    assert tell.not_delivered(Counter()) == ""
    assert "no address is kept" in aviation().output


def test_a_message_reaches_each_address_and_one_that_fails_keeps_no_other_from_it(secret, hook):
    lines = [hook.address("first"), "# a comment", "", hook.address(f"refused/{TOKEN}"), hook.address("last")]
    assert [address.kind for address in tell.put("\n".join(lines))] == ["JSON"] * 3
    lost = tell.send([MESSAGE, MESSAGE])
    assert lost == Counter({"JSON": 2})
    assert tell.not_delivered(lost) == "2 messages did not reach JSON: 'aviation tell --test' tries each"
    assert Counter(path for path, _ in hook.messages) == {"/first": 2, "/last": 2, f"/refused/{TOKEN}": 2}
    for _, body in hook.messages:
        assert (body["title"], body["message"]) == (MESSAGE.title, MESSAGE.text)


def test_an_address_that_nobody_answers_or_that_is_none_is_told_by_its_kind(secret, hook):
    text = f"json://127.0.0.1:9/\nnothing://{TOKEN}\n{hook.address('right')}"
    aws.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=text)
    assert tell.send([MESSAGE]) == Counter({"JSON": 1, "line 2": 1})
    assert [path for path, _ in hook.messages] == ["/right"]
    listed = aviation().output.splitlines()
    assert listed == ["1. JSON", "2. line 2: no address that apprise knows", "3. JSON"]


@pytest.mark.parametrize("text", ["", "# nothing\n", f"json://127.0.0.1/\nnothing://{TOKEN}", "x" * 70_000])
def test_what_is_no_address_is_refused_by_its_line_and_the_old_ones_stay(secret, text):
    tell.put("json://127.0.0.1:9/stays")
    with pytest.raises(ParameterError) as caught:
        tell.put(text)
    assert TOKEN not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [address.kind for address in tell.kept()] == ["JSON"]


def test_the_command_takes_addresses_from_stdin_and_shows_none_of_them(secret, hook):
    given = f"{hook.address(TOKEN)}\nslack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general\n"
    kept = aviation("--set", given=given)
    assert (kept.exit_code, kept.output) == (0, "tell: 2 addresses kept; try them with --test\n")
    assert aviation().output.splitlines() == ["1. JSON", "2. Slack"]
    tell.put(f"{hook.address(TOKEN)}\n{hook.address(f'refused/{TOKEN}')}")
    tried = aviation("--test")
    assert tried.exit_code == 1
    assert "1. JSON: delivered\n2. JSON: not delivered: it answered 500 Internal Server Error\n" in tried.output
    assert "1 of 2 addresses did not take the message" in tried.output
    assert TOKEN not in tried.output
    assert aviation("--clear").output == "tell: no address is kept\n"
    assert tell.kept() == []
    assert aviation("--set", "--clear").exit_code == 2


def test_a_trial_without_an_address_is_an_error_that_says_how_to_keep_one(secret):
    tried = aviation("--test")
    line = "aviation: no address is kept: 'aviation tell --set' reads them from stdin, one a line\n"
    assert (tried.exit_code, tried.output) == (1, line)


def test_a_trial_says_why_an_address_took_nothing_and_nothing_of_the_address(secret, hook, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        lines = [
            hook.address(f"refused/{TOKEN}"),
            f"json://name:short-token@127.0.0.1:9/short-token/{TOKEN}",
            "json://short-token.invalid/",
            f"jsons://127.0.0.1:{hook.server_port}/short-token",
            f"json://127.0.0.1:{silent.getsockname()[1]}/short-token?rto=0.2",
            "mailto://name:short-token@example.com:9/?to=short-token@example.com&smtp=127.0.0.1",
            f"nothing://{TOKEN}",
        ]
        aws.client("secretsmanager").put_secret_value(SecretId=secret, SecretString="\n".join(lines))
        tried = aviation("--test")
    whys = [line.partition("not delivered: ")[2] for line in tried.output.splitlines()[:-1]]
    assert whys == [
        "it answered 500 Internal Server Error",
        "connection refused",
        "its host is not known",
        "apprise gives no reason",
        "it did not answer in time",
        "connection refused",
        "no address that apprise knows",
    ]
    shown = tried.output + caplog.text + "".join(capfd.readouterr())
    assert "short-token" not in shown
    assert TOKEN not in shown


@pytest.mark.parametrize(
    ("logged", "reason"),
    [
        ("Failed to send Slack notification: Not Found, error=404.", "it answered 404 Not Found"),
        ("Failed to send notification: error=599.", "it answered 599"),
        ("Socket Exception: (535, b'5.7.8 Username and Password not accepted')", "its mail server answered 535"),
        ("Socket Exception: {'a@example.com': (550, b'no such user')}", "its mail server answered 550"),
        (
            "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: x (_ssl.c:1)",
            "its certificate is not trusted here",
        ),
        ("url: /token [Errno -3] Temporary failure in name resolution", "its host is not known"),
        (f"something about {TOKEN}", "apprise gives no reason"),
        ("", "apprise gives no reason"),
    ],
    ids=str,
)
def test_a_reason_has_words_of_its_own_alone(logged, reason):
    assert why(logged) == reason


def test_an_address_is_in_no_log_whatever_is_logged(secret, hook, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    tell.put(f"json://user:{TOKEN}-pw@127.0.0.1:{hook.server_port}/{TOKEN}\n{hook.address(f'refused/{TOKEN}')}")
    tell.send([MESSAGE])
    logging.getLogger("any").error("posted to %s with %s", f"/{TOKEN}", f"{TOKEN}-pw")
    shown = caplog.text + "".join(capfd.readouterr())
    assert "posted to" in shown  # logging goes on afterwards
    assert TOKEN not in shown
    assert TOKEN not in redact(f"no address {TOKEN}")
    assert TOKEN not in repr(tell.kept())


def test_an_address_that_breaks_apprise_is_one_that_failed(secret, hook, monkeypatch):
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError(f"could not post to {TOKEN}")

    tell.put(hook.address())
    [address] = tell.kept()
    monkeypatch.setattr(type(address.service), "notify", breaks)
    assert tell.send([MESSAGE]) == Counter({"JSON": 1})


def test_an_address_and_its_parts_are_redacted_from_when_it_is_read():
    [_] = addresses.parsed(
        "json://somebody:p%40ss-of-it@host.example/short/a-token-of-the-path-1?:key=a-token%2Bof-the-query-1"
    )
    [_] = addresses.parsed("json://a-token-for-a-host-1/")
    for part in (
        "p%40ss-of-it",
        "p@ss-of-it",
        "a-token-of-the-path-1",
        "a-token+of-the-query-1",
        "a-token-for-a-host-1",
    ):
        assert part not in redact(f"it is {part}.")
    assert redact("host.example/short of somebody") == "host.example/short of somebody"


def test_warnings_and_logs_are_silent_while_an_address_is_used_and_come_back(recwarn, caplog):
    with addresses.silent():
        warnings.warn(TOKEN, stacklevel=1)
        logging.getLogger("apprise").critical(TOKEN)
    assert not recwarn.list
    assert TOKEN not in caplog.text
    logging.getLogger("apprise").critical("heard")
    assert "heard" in caplog.text


def given(monkeypatch, message: tell.Message, address: str) -> dict:
    """What apprise's service of that address is given of the message, and how the service is set up then."""
    [one] = addresses.parsed(address)
    taken = []

    def takes(service, **arguments) -> bool:
        taken.append(arguments | {"inline": getattr(service, "inline", None), "overflow_mode": service.overflow_mode})
        return True

    monkeypatch.setattr(type(one.service), "notify", takes)
    assert not tell.send([message], [one])
    [only] = taken
    return only


@pytest.mark.parametrize(
    ("address", "body", "inline"),
    [("mailto://a:b@example.com", "<p>page</p>", True), ("json://127.0.0.1/", "text", None)],
)
def test_mail_gets_the_page_with_its_pictures_inside_and_others_the_text(monkeypatch, address, body, inline):
    taken = given(monkeypatch, tell.Message("A title", "text", "<p>page</p>"), address)
    assert (taken["body"], taken["inline"]) == (body, inline)
    assert taken["body_format"] == ("html" if inline else "text")
    assert given(monkeypatch, MESSAGE, address)["body"] == MESSAGE.text


@pytest.mark.parametrize(
    ("address", "has_picture", "mode"),
    [
        ("json://127.0.0.1/", False, "truncate"),
        ("json://127.0.0.1/", True, "split"),
        ("json://127.0.0.1/?overflow=split", False, "split"),
    ],
)
def test_of_a_message_that_is_too_long_the_beginning_is_sent_unless_the_address_says_otherwise(
    monkeypatch, tmp_path, address, has_picture, mode
):
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"png")
    message = tell.Message("A title", "text", pictures=(picture,) * has_picture)
    assert given(monkeypatch, message, address)["overflow_mode"] == mode


def test_an_address_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(sys.modules[tell.send.__module__], "SECONDS", 0.2)
    [slow] = addresses.parsed("json://127.0.0.1/")
    monkeypatch.setattr(type(slow.service), "notify", lambda *_, **__: time.sleep(1) or True)
    assert tell.send([MESSAGE], [slow]) == Counter({"JSON": 1})


def test_what_is_sent_names_this_program_and_what_breaks_apprise_is_no_address(monkeypatch):
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError(TOKEN)

    [address] = addresses.parsed("json://127.0.0.1/")
    assert (address.service.app_id, address.service.app_desc) == ("Aviation", "Aviation")
    monkeypatch.setattr("apprise.Apprise.instantiate", breaks)
    assert [address.kind for address in addresses.parsed("# first\njson://127.0.0.1/")] == ["line 2"]


def test_a_person_types_addresses_unseen(secret, monkeypatch):
    typed = iter(["json://127.0.0.1/", ""])

    def prompt(text: str, *, hide_input: bool = False, **_: object) -> str:
        assert hide_input
        return next(typed)

    monkeypatch.setattr(command, "sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    monkeypatch.setattr("click.prompt", prompt)
    assert aviation("--set").output == "tell: 1 address kept; try them with --test\n"


def test_a_secret_that_was_deleted_says_what_restores_it(monkeypatch):
    def deleted(_: str) -> None:
        raise ClientError({"Error": {"Code": addresses.secret.DELETED, "Message": "no"}}, "GetSecretValue")

    monkeypatch.setattr(addresses, "place", lambda name: name)
    monkeypatch.setattr(addresses.secret, "read", deleted)
    with pytest.raises(AviationError, match="if it was deleted, 'aviation deploy' restores it"):
        tell.kept()


ALERT = Alert(
    "told", "cancelled", "2013-07-10|JFK|JBU|1", "B6 1", "JFK-BOS", "B6", None, None, None, "It is cancelled."
)


def test_an_alert_goes_to_the_topic_and_to_the_addresses(secret, hook):
    tell.put(f"{hook.address('watch')}\n{hook.address('refused')}")
    assert alerts.publish([ALERT]) == Counter({"JSON": 1})
    assert ("/watch", "B6 1 cancelled: JFK-BOS", "It is cancelled.") in [
        (path, body["title"], body["message"]) for path, body in hook.messages
    ]


def test_addresses_that_cannot_be_read_keep_no_alert_from_its_topic(secret, monkeypatch):
    def denied(name: str) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetSecretValue")

    monkeypatch.setattr(addresses.secret, "read", denied)
    assert alerts.publish([ALERT]) == Counter({UNREAD: 1})
    said = aviation()
    assert said.exit_code == 1
    assert "the addresses could not be read from the secret" in said.output
    assert len(said.output.splitlines()) == 1


def test_a_watch_whose_message_did_not_arrive_ends_with_a_warning_and_tells_nothing_again(secret, hook, monkeypatch):
    class Kept:
        forgotten = None

        def __init__(self):
            self.seen: list[str] = []

        def __contains__(self, alert: Alert) -> bool:
            return alert.alert_id in self.seen

        def unseen(self, there: list) -> list:
            return there

        def add(self, batch: list[Alert]) -> None:
            self.seen.extend(alert.alert_id for alert in batch)

    kept = Kept()
    monkeypatch.setattr(of_alerts.Sent, "read", lambda watch: kept)
    monkeypatch.setattr(of_alerts, "touched_dates", lambda forgotten: [])
    monkeypatch.setattr(of_alerts, "matches", lambda watch, touched: [ALERT])
    tell.put(hook.address("refused"))
    watch = alerts.resolve(
        watch="told", airlines=[], airports=[], routes=[], tails=[], delay_minutes=60, cancelled=True, diverted=True,
        forecast_minutes=0, probability=0.8, hours=36,
    )  # fmt: skip
    report = alerts.run(watch)
    assert (report["status"], report["sent"]) == ("warning", 1)
    assert report["warning"] == "1 message did not reach JSON: 'aviation tell --test' tries each"
    again = alerts.run(watch)
    assert (again["status"], again["sent"], len(hook.messages)) == ("ok", 0, 1)
