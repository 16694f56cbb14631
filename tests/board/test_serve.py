"""The board as a server: where it listens, who may be let in, how it ends."""

import signal
import socket
import subprocess
import sys

import pytest
import requests
from click.testing import CliRunner

from aviation.board.pages import sql
from aviation.board.serve import Listening, serve
from aviation.cli import main
from aviation.errors import ParameterError, StackError
from support import ROOT
from support.board import MadeTables, browser
from support.board_made import MadeStack, whole

PROGRAM = """
import sys
from aviation.board.serve import Listening, serve
from support.board import MadeTables
serve(Listening("127.0.0.1", int(sys.argv[1])), lambda line: print(line, flush=True), tables=MadeTables())
"""


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def served(port):
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, str(port)]
    process = subprocess.Popen(command, cwd=ROOT / "tests", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_although_pages_listen(served, port, ended_by):
    assert served.stdout.readline() == f"board: http://127.0.0.1:{port}/ (Ctrl-C ends it)\n"
    streams = [requests.get(f"http://127.0.0.1:{port}/events", stream=True, timeout=10) for _ in range(3)]
    lines = [stream.iter_lines() for stream in streams]  # kept: without them the streams would be closed from here
    assert {next(line) for line in lines} == {b"retry: 2000"}
    served.send_signal(ended_by)
    assert served.wait(30) == 0
    assert served.communicate() == ("", "")


SLOW_PROGRAM = """
import sys
from aviation import aws
from aviation.board.serve import Listening, serve
from aviation.board.tables import Loaded, Tables
from aviation.engine import connection
from aviation.sql.catalog import Catalog

connection.place = lambda name: name
aws.access = lambda: aws.Access("key", "secret", "", "us-east-1")


class NoTables(Tables):
    def refresh(self):
        self._now = self._now or Loaded("1", Catalog())
        return False


serve(Listening("127.0.0.1", int(sys.argv[1])), lambda line: print(line, flush=True), tables=NoTables())
"""
# More rows than are counted in the seconds that a question has.
SLOW = "select count(*) from unnest(sequence(1, 100000)) as a (x) cross join unnest(sequence(1, 1000000)) as b (y) "
SLOW += "where (x * y) % 7 = 3"


def test_it_ends_at_once_although_a_query_runs(port):
    command = [sys.executable, "-W", "ignore", "-c", SLOW_PROGRAM, str(port)]
    with subprocess.Popen(command, cwd=ROOT / "tests", stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        with pytest.raises(requests.Timeout):
            requests.get(f"http://127.0.0.1:{port}/api/sql", params={"sql": SLOW}, timeout=3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0  # long before the query's own 20 s are over


def test_an_address_that_is_too_long_is_refused_in_one_line_that_its_sender_can_read(served, port):
    served.stdout.readline()
    for sent in ({"params": {"text": "x" * 1_000_000}}, {"headers": {"X-Long": "x" * 1_000_000}}):
        refused = requests.get(f"http://127.0.0.1:{port}/flights", timeout=10, **sent)
        assert (refused.status_code, refused.text) == (431, "not taken: its address, or its headers, are too long\n")
        assert "default-src 'none'" in refused.headers["Content-Security-Policy"]
    # What the page SQL takes fits, in any script.
    longest = requests.get(f"http://127.0.0.1:{port}/sql", params={"sql": "字" * sql.MOST_LETTERS}, timeout=10)
    assert longest.status_code == 400
    assert "<textarea" in longest.text


def test_what_is_no_http_is_refused_in_one_line(served, port):
    served.stdout.readline()
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(b"no request\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.endswith(b"\r\n\r\nnot taken: it is no HTTP request\n")


def test_a_port_in_use_is_one_line(served, port, tmp_path, monkeypatch):
    served.stdout.readline()
    monkeypatch.setattr("aviation.board.serve.Tables", MadeTables)
    done = CliRunner(env={"AVIATION_HOME": str(tmp_path)}).invoke(main, ["board", "--port", str(port)])
    line = f"aviation: port {port} is in use: stop what listens there, or give another one with --port\n"
    assert (done.exit_code, done.stderr) == (1, line)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--host", "0.0.0.0"], "lets other machines in: give --token or --trusted-header NAME, and --allowed-host"),  # noqa: S104
        (["--host", "::"], "lets other machines in"),
        (["--host", "192.0.2.1", "--token"], "lets other machines in"),
        (["--host", "192.0.2.1", "--allowed-host", "board.example"], "lets other machines in"),
        (["--host", "board.example"], "lets other machines in"),
        (["--allowed-host", "board.example"], "--allowed-host lets others in: give --token or --trusted-header NAME"),
        (["--port", "99999"], "99999 is not in the range"),
        (["--port", "BUSY"], "no stack is known: run 'aviation up'"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_in_one_line(tmp_path, port, arguments, line):
    no_stack = dict.fromkeys(("AVIATION_STACK", "AVIATION_LOCAL", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION"))
    given = [str(port) if argument == "BUSY" else argument for argument in arguments]
    with socket.create_server(("127.0.0.1", port)):
        done = CliRunner(env=no_stack | {"AVIATION_HOME": str(tmp_path)}).invoke(main, ["board", *given])
    assert done.exit_code in (1, 2)
    assert line in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_address_of_another_machine_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("AVIATION_HOME", str(tmp_path))
    elsewhere = Listening("192.0.2.1", 8899, ("board.example",), has_token=True)
    with pytest.raises(StackError, match=r"^cannot listen on 192\.0\.2\.1 \(.*\): give an address of this machine"):
        serve(elsewhere, print, tables=MadeTables())


def test_the_token_is_in_no_output(tmp_path, monkeypatch):
    monkeypatch.setenv("AVIATION_HOME", str(tmp_path))
    access = Listening("127.0.0.1", 8800, ("board.example",), has_token=True).access()
    assert access.token == (tmp_path / "board-token").read_text().strip()
    assert access.token not in repr(access)
    assert access.hosts >= {"127.0.0.1", "localhost", "board.example"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_loopback_needs_nothing_else(host):
    access = Listening(host, 8800).access()
    assert host in access.hosts
    assert not access.token


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "::", "1.1.1.1", "board.example", ""])  # noqa: S104
def test_any_other_address_needs_more(host):
    with pytest.raises(ParameterError):
        Listening(host, 8800).access()


def test_an_unreachable_stack_is_one_line_on_a_page_and_in_the_api(monkeypatch):
    from botocore.exceptions import EndpointConnectionError

    client = browser(whole(), stack=MadeStack())

    def refresh(*_: object, **__: object):
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9/x")

    monkeypatch.setattr("aviation.board.tables.duck.answer", refresh)
    monkeypatch.setattr(whole().loaded, "answers", type(whole().loaded.answers)(5))
    answered = client.get("/api/flights")
    assert answered.status_code == 503
    assert "http://127.0.0.1:9" in answered.json()["error"]
    assert client.get("/flights").status_code == 503
