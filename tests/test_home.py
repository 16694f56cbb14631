"""The environment of the stack in use: no proxy stands between this process and loopback."""

import os

import pytest

from aviation import home


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """Whatever is set here is put back: `home` sets variables of this process."""
    for name in ("NO_PROXY", "no_proxy", "AVIATION_STACK", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("AVIATION_HOME", str(tmp_path))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "127.0.0.1,localhost,::1"),
        ({"NO_PROXY": "corp.example, 10.0.0.0/8"}, "corp.example,10.0.0.0/8,127.0.0.1,localhost,::1"),
        ({"no_proxy": "localhost corp.example"}, "localhost,corp.example,127.0.0.1,::1"),
        ({"NO_PROXY": "a.example", "no_proxy": "b.example"}, "a.example,b.example,127.0.0.1,localhost,::1"),
        ({"NO_PROXY": "*"}, "*"),
    ],
)
@pytest.mark.parametrize("stack", ["chosen by the shell", "none"])
def test_loopback_is_added_to_the_hosts_that_need_no_proxy(monkeypatch, given, expected, stack):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    if stack != "none":
        monkeypatch.setenv("AVIATION_STACK", stack)
    home.load_environment()
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == expected
    home.load_environment()
    assert os.environ["NO_PROXY"] == expected


def test_what_the_shell_says_now_counts_beside_what_it_said_when_the_stack_was_started(monkeypatch, tmp_path):
    (tmp_path / home.ENVIRONMENT).write_text("AVIATION_STACK=local\nNO_PROXY=old.example\nno_proxy=old.example\n")
    monkeypatch.setenv("NO_PROXY", "new.example")
    home.load_environment()
    assert os.environ["AVIATION_STACK"] == "local"
    assert os.environ["no_proxy"] == "new.example,127.0.0.1,localhost,::1"


def test_the_state_folder_is_the_one_that_was_chosen_whatever_its_file_says(monkeypatch, tmp_path):
    (tmp_path / home.ENVIRONMENT).write_text("AVIATION_STACK=local\nAVIATION_HOME=/where/it/was/before\n")
    home.load_environment()
    assert home.home() == tmp_path


def test_a_state_folder_that_is_named_from_here_is_the_same_from_elsewhere(monkeypatch, tmp_path):
    (tmp_path / home.ENVIRONMENT).write_text("AVIATION_STACK=local\n")
    monkeypatch.chdir(tmp_path.parent)
    monkeypatch.setenv("AVIATION_HOME", tmp_path.name)
    home.load_environment()
    monkeypatch.chdir("/")
    assert home.home() == tmp_path


def test_only_a_regular_file_is_replaced(tmp_path):
    pipe, folder = tmp_path / "pipe", tmp_path / "folder"
    os.mkfifo(pipe)
    folder.mkdir()
    for taken in (pipe, folder):
        with pytest.raises(FileExistsError, match="no regular file: give another path"):
            home.write(taken, "text")
    assert pipe.is_fifo()
    assert sorted(tmp_path.iterdir()) == [folder, pipe]
