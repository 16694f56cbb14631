"""Whatever is typed, or stands in a file that is read: a value, or one line that says what is wrong, never a
traceback."""

import os
from datetime import datetime

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aviation.cli import main
from aviation.errors import AviationError
from aviation.jobs.backfill import CHECKPOINT, Checkpoint
from aviation.local.driver import WarmDriver
from aviation.runs import store
from aviation.runs.parameters import read_parameters
from aviation.times import parse_utc, utc_text

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
A_TIME = st.from_regex(r"\A\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d|Z)?)?\Z") | st.text()
ARGUMENT = (st.text(min_size=1) | st.binary(min_size=1).map(os.fsdecode)).filter(lambda text: "\0" not in text)
"""What a shell can hand over: any bytes but zero, which Python decodes."""
DEEP = "[" * 100_000
OTHER_JSON = [
    b"",
    b"[]",
    b"3",
    b"null",
    b'"x"',
    b"\xff",
    DEEP.encode(),
    b'{"a": []}',
    b'{"connection": [], "conf": ""}',
]
IN_ONE_PROCESS = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)


@given(A_TIME)
@example("0001-01-01T00:00+14:00")
@example("9999-12-31T23:59-14:00")
@example("²013-07-10")
def test_a_time_is_one_that_can_be_written_or_refused(text):
    try:
        assert isinstance(parse_utc(text), datetime)
        assert parse_utc(utc_text(parse_utc(text))) <= parse_utc(text)
    except AviationError as error:
        assert "\n" not in str(error)


@settings(IN_ONE_PROCESS, max_examples=200)
@given(st.text() | ANY_JSON.map(yaml.safe_dump) | st.dictionaries(st.text(), ANY_JSON).map(yaml.safe_dump))
@example("a: &a [*a]")
@example("a: &a {b: *a}")
@example("&a {b: *a}")
@example(f"a: {DEEP}")
@example("? [1, 2]\n: 3")
@example("!!python/object:os.system x")
@example("a: 0001-01-01T00:00:00+14:00")
@example("a: \x00")
def test_a_file_of_parameters_is_a_mapping_or_refused(tmp_path, text):
    file = tmp_path / "parameters.yaml"
    file.write_bytes(text.encode(errors="surrogatepass"))
    for given_ in ((file,), (None, {"name": text})):
        try:
            assert all(isinstance(name, str) for name in read_parameters(*given_))
        except AviationError as error:
            assert "\n" not in str(error)


COMMANDS = [
    ["clock", "TEXT"],
    ["query", "select 1", "--as-of", "TEXT"],
    ["query", "TEXT"],
    ["load", "TEXT"],
    ["produce", "TEXT"],
    ["backfill", "--from", "TEXT", "--to", "TEXT"],
    ["run", "TEXT", "-p", "TEXT", "TEXT"],
    ["run", "notebooks/producer.ipynb", "-p", "entity", "TEXT"],
    ["run", "notebooks/producer.ipynb", "-f", "TEXT"],
    ["runs", "--limit", "TEXT"],
    ["runs", "show", "TEXT"],
    ["retry", "TEXT"],
    ["up", "--port", "TEXT"],
    ["up", "--day", "TEXT"],
    ["up", "--schedule", "--every", "TEXT"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@IN_ONE_PROCESS
@given(ARGUMENT | A_TIME.filter(lambda text: "\0" not in text))
@example("0001-01-01T00:00+14:00")
@example("&a [*a]")
def test_a_command_takes_any_text_or_refuses_it_in_one_line(command, nothing_up, text):
    if command[:1] == ["up"] and text.strip().isdecimal():
        return
    done = CliRunner().invoke(main, [text if part == "TEXT" else part for part in command])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code in (0, 1, 2)


@pytest.fixture
def nothing_up(tmp_path, monkeypatch):
    """No stack is known."""
    for name in ("AVIATION_STACK", "AWS_ENDPOINT_URL", "AVIATION_LOCAL", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AVIATION_HOME", str(tmp_path))


@pytest.mark.parametrize("body", OTHER_JSON, ids=lambda body: body[:20])
def test_what_cannot_be_read_of_the_bucket_is_told_in_one_line(producer_stack, body):
    producer_stack.s3.put_object(Bucket=producer_stack.bucket, Key=CHECKPOINT, Body=body)
    with pytest.raises(AviationError, match=r"flights\.json, which days were polled, cannot be read"):
        Checkpoint.read()
    producer_stack.s3.put_object(Bucket=producer_stack.bucket, Key="job/2026/03/01/1.json", Body=body)
    assert store.latest("job") == []


class Quiet(WarmDriver):
    """Warms no other."""

    def start(self) -> None:
        pass


@pytest.mark.parametrize("body", OTHER_JSON, ids=lambda body: body[:20])
def test_a_warm_driver_that_says_nonsense_is_none(tmp_path, body):
    driver = Quiet(tmp_path)
    driver.waiting.parent.mkdir()
    driver.waiting.write_bytes(body)
    driver.process.start(["sleep", "60"], {"PATH": os.environ["PATH"]}, None)
    with driver.lent() as is_lent:
        assert not is_lent
    assert not driver.process.running()
