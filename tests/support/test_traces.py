"""The search for a secret finds one that is there, in whatever form."""

import base64
import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from urllib.parse import quote

import pytest

from support import traces

SECRET = "pl4nted/key+with=signs&more"


def zipped(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.txt", content)
    return packed.getvalue()


PLAIN = f"...{SECRET}...".encode()
HELD = {
    "plain": PLAIN,
    "url": quote(SECRET, safe="").encode(),
    "json": json.dumps({"k": SECRET}).encode(),
    "hex": SECRET.encode().hex().encode(),
    "gzip": gzip.compress(PLAIN),
    "zip": zipped(PLAIN),
    "gzip in zip": zipped(gzip.compress(PLAIN)),
    "base64 in gzip": gzip.compress(base64.b64encode(PLAIN)),
    **{f"base64 {n}": base64.b64encode(b"x" * n + SECRET.encode() + b"yz") for n in range(4)},
    "urlsafe base64": base64.urlsafe_b64encode(b"a" + SECRET.encode()),
    "utf-16": SECRET.encode("utf-16"),
}


@pytest.mark.parametrize("form", HELD)
def test_a_file_that_holds_it_is_found(tmp_path, form):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/file").write_bytes(HELD[form])
    (tmp_path / "other").write_bytes(gzip.compress(b"nothing"))
    [found] = traces.in_files(SECRET, [tmp_path])
    assert found.startswith(str(tmp_path / "folder/file"))
    assert traces.in_files(SECRET, [tmp_path], but=[tmp_path / "folder"]) == []
    assert traces.in_files("another-secret", [tmp_path]) == []


def test_a_name_that_holds_it_and_a_packed_file_that_is_broken(tmp_path):
    (tmp_path / "pl4nted.txt").write_bytes(gzip.compress(PLAIN)[:-9])
    assert traces.in_files("pl4nted", [tmp_path]) == [f"{tmp_path}/pl4nted.txt: its name"]


@pytest.mark.parametrize("place", ["cmdline", "environ"])
def test_a_process_that_was_started_with_it_is_found(place):
    program = "import sys; print(flush=True); sys.stdin.read()"
    arguments = [SECRET] if place == "cmdline" else []
    environment = os.environ | ({"A_KEY": SECRET} if place == "environ" else {})
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        assert traces.in_processes(SECRET, [os.getpid(), process.pid]) == [f"{process.pid} {place}"]
        assert traces.in_processes("another-secret", [process.pid]) == []
        process.stdin.close()


def test_the_running_stacks_key_is_in_the_replay_and_the_secret_alone_and_a_planted_one_is_found(stack, canary):
    store = stack.home / "ministack"
    pids = traces.of_stack(stack.home)
    replay = stack.replay.running().pid
    assert {replay, stack.emulator.running().pid} <= pids
    # The replay asks for the key, as the API does: it was given it.
    assert traces.in_processes(canary, pids) == [f"{replay} environ"]
    assert traces.in_files(canary, [stack.home], but=[store]) == []
    planted = stack.home / "logs/planted.log.gz"
    planted.write_bytes(gzip.compress(f"GET /v1/flights?access_key={canary}".encode()))
    try:
        assert traces.in_files(canary, [stack.home], but=[store]) == [f"{planted}!gzip"]
    finally:
        planted.unlink()
