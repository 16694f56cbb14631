"""Who reaches the emulator and the replay of a stack that is up: its own programs, and nobody else."""

import dataclasses
import itertools
import json
import os
import queue
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from aviation import aws, replay
from aviation.local.access import access_key
from aviation.local.stack import LocalStack
from support.own_stack import aviation

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
EVIL = "evil.example"
PAGE = Path(__file__).with_name("hostile.html")


@cache
def clients(endpoint: str, key_id: str, secret: str) -> dict:
    own = boto3.Session(key_id, secret, region_name="us-east-1")
    names = ("s3", "lambda", "sns", "glue", "secretsmanager", "cloudformation")
    return {name: own.client(name, endpoint_url=endpoint) for name in names}


def condition(stack: LocalStack) -> dict:
    """All that a stranger would read or change first."""
    key = access_key(stack.home)
    client = clients(stack.read_state().endpoint, key.id, key.secret)
    secrets = client["secretsmanager"].list_secrets()["SecretList"]
    [secret] = [one for one in secrets if "ApiKey" in one["Name"]]
    return {
        "buckets": [bucket["Name"] for bucket in client["s3"].list_buckets()["Buckets"]],
        "functions": [function["FunctionName"] for function in client["lambda"].list_functions()["Functions"]],
        "topics": client["sns"].list_topics()["Topics"],
        "databases": [database["Name"] for database in client["glue"].get_databases()["DatabaseList"]],
        "key": client["secretsmanager"].get_secret_value(SecretId=secret["ARN"])["SecretString"],
        "stacks": [one["StackStatus"] for one in client["cloudformation"].describe_stacks()["Stacks"]],
        "replay": replay.state(stack.read_state().replay_url),
    }


@pytest.fixture
def untouched(own) -> Iterator[LocalStack]:
    before = condition(own)
    assert before["functions"]
    assert before["key"]
    yield own
    assert condition(own) == before


STRANGERS_CALLS = [
    ("secretsmanager", "list_secrets", {}),
    ("lambda", "list_functions", {}),
    ("s3", "create_bucket", {"Bucket": "stranger"}),
    ("sns", "create_topic", {"Name": "stranger"}),
    ("glue", "create_database", {"DatabaseInput": {"Name": "stranger"}}),
]
REFUSED = re.compile("AccessDenied.*the local stack refuses this request: .* has its access key")


def test_a_caller_with_another_key_is_refused_in_words(untouched):
    key = access_key(untouched.home)
    for pair in (("test", key.secret), (key.id, "test"), ("000000000000", key.secret)):
        others = clients(untouched.read_state().endpoint, *pair)
        for service, operation, parameters in STRANGERS_CALLS:
            with pytest.raises(ClientError, match=REFUSED):
                getattr(others[service], operation)(**parameters)


FOREIGN = [
    {"Host": EVIL},
    {"Host": "127.0.0.1.evil.example"},
    {"Host": "localhost@evil.example"},
    {"Host": "127.0.0.1:x"},
    {"Origin": "http://127.0.0.1:8888"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Mode": "navigate"},
]


METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]


def test_what_a_browser_or_a_foreign_name_asks_is_refused_by_both(untouched):
    state = untouched.read_state()
    urls = (f"{state.endpoint}/_ministack/health", f"{state.endpoint}/", f"{state.replay_url}/flights")
    for headers, method, url in itertools.product(FOREIGN, METHODS, urls):
        answer = requests.request(method, url, headers=headers, timeout=10)
        assert answer.status_code == 403, (headers, method, url)
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_only_the_question_whether_it_is_up_needs_no_signature(untouched):
    endpoint = untouched.read_state().endpoint
    for host in ("127.0.0.1:1", "localhost", "[::1]:9"):
        assert requests.get(f"{endpoint}/_ministack/health", headers={"Host": host}, timeout=10).ok
    for method, path in (
        ("POST", "/_ministack/health"),
        ("POST", "/_ministack/reset"),
        ("POST", "/_ministack/config"),
        ("GET", "/_ministack/ready"),
        ("GET", "/_localstack/health"),
        ("GET", "/health"),
        ("GET", "//_ministack/health"),
        ("OPTIONS", "/"),
    ):
        assert requests.request(method, endpoint + path, timeout=10).status_code == 403, path


def test_answers_to_the_stacks_own_programs_let_no_page_read_them(own):
    key = access_key(own.home)
    client = clients(own.read_state().endpoint, key.id, key.secret)
    names = client["s3"].list_buckets()["ResponseMetadata"]["HTTPHeaders"]
    assert not [name for name in names if name.startswith("access-control")]


def test_the_key_is_for_its_owner_only_in_no_command_line_and_no_log(own):
    key = access_key(own.home)
    for name in ("access-key.json", "env"):
        assert (own.home / name).stat().st_mode & 0o077 == 0
        assert key.secret in (own.home / name).read_text()
    for process in (own.emulator, own.replay):
        assert key.secret not in " ".join(process.running().cmdline())
        assert key.secret not in process.log.read_text()
    flight_key = condition(own)["key"]
    assert flight_key not in own.emulator.running().environ().values()
    assert flight_key in own.replay.running().environ().values()


@dataclasses.dataclass
class Attacker:
    """A web server on another port of loopback: its page attacks, and reports what it could read."""

    port: int
    reports: queue.Queue


@pytest.fixture
def attacker(own) -> Iterator[Attacker]:
    state, reports = own.read_state(), queue.Queue()
    ports = {"emulator": state.emulator_port, "replay": state.replay_port}
    page = PAGE.read_text().replace("PORTS", json.dumps(ports)).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(page)

        def do_POST(self) -> None:
            reports.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield Attacker(server.server_port, reports)
        server.shutdown()


@pytest.fixture
def browser(tmp_path):
    """A command that runs Chromium, for which evil.example is this machine."""
    if not CHROMIUM:
        if os.environ.get("REQUIRE_ALL_TESTS"):
            pytest.fail("Chromium is not installed, and no test may be skipped here")
        pytest.skip("Chromium is not installed: no page tried to get in")
    return [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path}", f"--host-resolver-rules=MAP {EVIL} 127.0.0.1"]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", EVIL])
def test_a_web_page_in_this_machines_browser_reads_nothing_and_changes_nothing(untouched, attacker, browser, name):
    command = [*browser, f"http://{name}:{attacker.port}/"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as chromium:
        try:
            report = attacker.reports.get(timeout=90)
        finally:
            chromium.terminate()
    assert len(report["tried"]) > 60
    assert report["read"] == []


def test_a_name_that_was_rebound_to_this_machine_leads_nowhere(untouched, browser):
    """A page of such a name asks without an `Origin`, and over http without `Sec-Fetch-*`."""
    state = untouched.read_state()
    for port, path in ((state.emulator_port, "/_ministack/health"), (state.replay_port, "/_replay")):
        command = [*browser, "--dump-dom", f"http://{EVIL}:{port}{path}"]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
        assert "loopback" in shown
        assert "available" not in shown
        assert "clock" not in shown


def test_a_stack_that_is_made_anew_has_another_key(tmp_path):
    stack, keys = LocalStack(tmp_path, tmp_path), []
    for _ in range(2):
        keys.append(access_key(tmp_path))
        stack.down(purge=True)
    assert keys[0] != keys[1]


def test_an_emulator_that_asks_for_another_key_is_replaced(own):
    """As one that was started before its state folder's key was lost."""
    before, key = own.emulator.running().pid, access_key(own.home)
    (own.home / "access-key.json").unlink()
    done = aviation(own.home, "up")
    assert done.returncode == 0, done.stderr
    assert own.emulator.running().pid != before
    assert access_key(own.home) != key
    assert condition(own)["functions"]


def test_a_process_works_with_one_stack_after_the_other(monkeypatch):
    """Each has an access key of its own, and boto3 keeps the first that it finds."""
    for number in range(2):
        monkeypatch.setenv("AVIATION_STACK", f"stack{number}")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", f"LOCAL{number}")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", f"secret{number}")
        used = aws.client("s3")._request_signer._credentials
        assert (used.access_key, used.secret_key) == (f"LOCAL{number}", f"secret{number}")
