"""What the producer's tests run against: an API stand-in that does what a test tells it, and a real emulator."""

import json
import os
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests

from aviation.api import Api

ROOT = Path(__file__).parents[2]
MINISTACK = ROOT / ".aviation/emulator/bin/ministack"
KEY = "canary+key/with=odd&chars%"
ENTITIES = ("flights", "cities", "aircraft_types")


class StandIn:
    """An API on loopback that pages `records`; before that it plays `script`, one scene a call."""

    def __init__(self):
        self.records: list = []
        self.script: list[Callable] = []
        self.calls: list[dict[str, str]] = []
        self.headers: dict[str, str] = {}
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                stand_in.calls.append({"endpoint": urlsplit(self.path).path.rpartition("/")[2], **query})
                scene = stand_in.script.pop(0) if stand_in.script else answer(stand_in.page(query))
                scene(self)

            def send_response(self, code, message=None):
                self.send_response_only(code, message)
                for name, value in ({"Date": self.date_time_string()} | stand_in.headers).items():
                    self.send_header(name, value)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *args: None  # clients that gave up waiting are part of the play
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def page(self, query: dict[str, str]) -> dict:
        offset, limit = int(query["offset"]), int(query["limit"])
        rows = self.records[offset : offset + limit]
        return {
            "pagination": {"limit": limit, "offset": offset, "count": len(rows), "total": len(self.records)},
            "data": rows,
        }


def answer(body, status: int = 200, **headers: str) -> Callable:
    """A scene: an answer of that status, of JSON where `body` is no bytes."""

    def play(handler):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return play


def error(code: str, status: int, text: str = "no") -> Callable:
    return answer({"error": {"code": code, "message": text}}, status)


def cut(handler) -> None:
    """A scene: the connection closes before the promised body is whole."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"pagination": {')


def hang(handler) -> None:
    """A scene: no answer while anybody would wait for it."""
    time.sleep(1)


def drip(handler) -> None:
    """A scene: a byte every now and then, so that no time-out between two bytes ever fires."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(60):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


@pytest.fixture
def stand_in():
    started = StandIn()
    yield started
    started.server.shutdown()
    started.server.server_close()


@pytest.fixture
def connect(stand_in):
    """An Api of the stand-in that loses no time between tries."""

    def make(**options) -> Api:
        budget = {"max_calls": 50, "deadline_seconds": 5, "backoff_seconds": 0.001, "read_seconds": 0.3}
        return Api(stand_in.url, KEY, **(budget | options))

    return make


@pytest.fixture(scope="session")
def emulator(tmp_path_factory):
    """A MiniStack of this run's own; its endpoint."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = tmp_path_factory.mktemp("ministack")
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), "BIND_HOST": "127.0.0.1"}
    environment |= {"IOT_MTLS_ENABLED": "0", "GATEWAY_PORT": str(port), "LOG_LEVEL": "WARNING"}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen([MINISTACK], env=environment, stdout=log, stderr=log, cwd=home)
    endpoint = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{endpoint}/_ministack/health")
        yield endpoint
    finally:
        process.terminate()
        process.wait(10)


def wait_for(url: str) -> None:
    for _ in range(300):
        try:
            if requests.get(url, timeout=1).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")


@pytest.fixture(scope="session")
def made_stack(emulator):
    """Streams, runs bucket and an empty secret, as the template makes them."""
    options = {"endpoint_url": emulator, "region_name": "us-east-1"}
    options |= {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    clients = SimpleNamespace(**{name: boto3.client(name, **options) for name in ("kinesis", "s3", "secretsmanager")})
    for entity in ENTITIES:
        clients.kinesis.create_stream(StreamName=f"test-{entity}", ShardCount=1)
        clients.kinesis.get_waiter("stream_exists").wait(StreamName=f"test-{entity}", WaiterConfig={"Delay": 1})
    return clients


@pytest.fixture
def stack(emulator, made_stack, stand_in, tmp_path, monkeypatch):
    """The environment of a producer: the made stack with a bucket and a secret of this test's own, and the stand-in."""
    unique = uuid.uuid4().hex
    bucket, secret = f"test-runs-{unique[:12]}", f"test-key-{unique}"
    made_stack.s3.create_bucket(Bucket=bucket)
    made_stack.secretsmanager.create_secret(Name=secret)
    environment = {
        "AWS_ENDPOINT_URL": emulator,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AVIATION_STACK": "test",
        "AVIATION_HOME": str(tmp_path / "home"),
        "AVIATION_RUNS_BUCKET": bucket,
        "AVIATION_API_KEY_SECRET": secret,
        "AVIATIONSTACK_BASE_URL": stand_in.url,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AVIATIONSTACK_ACCESS_KEY", raising=False)
    monkeypatch.delenv("AVIATION_RUN_ID", raising=False)
    return SimpleNamespace(**vars(made_stack), bucket=bucket, secret=secret, environment=environment)


@pytest.fixture
def put_key(stack):
    stack.secretsmanager.put_secret_value(SecretId=stack.secret, SecretString=KEY)


@pytest.fixture
def sent(stack):
    """What arrives on an entity's stream from now on: a function that gives the lines, parsed."""
    iterators = {}
    for entity in ENTITIES:
        name = f"test-{entity}"
        [shard] = stack.kinesis.list_shards(StreamName=name)["Shards"]
        iterators[entity] = stack.kinesis.get_shard_iterator(
            StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="LATEST"
        )["ShardIterator"]

    def read(entity: str) -> list[dict]:
        found = stack.kinesis.get_records(ShardIterator=iterators[entity])["Records"]
        return [json.loads(line) for record in found for line in record["Data"].splitlines()]

    return read
