"""The model in use, in the published bucket: whole, or said not to be."""

import json
import threading
import uuid
from dataclasses import replace

import boto3
import pytest

from aviation import aws
from aviation.errors import AviationError
from aviation.forecast import levels, store


@pytest.fixture
def bucket(emulator, monkeypatch, tmp_path):
    """An empty published bucket."""
    for name, value in (emulator | {"AVIATION_HOME": str(tmp_path / "home")}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    name = f"test-models-{uuid.uuid4().hex[:12]}"
    aws.client("s3").create_bucket(Bucket=name)
    return name


def written(model, folder, **card):
    """The model as a file; `card` changes its card, and with that its name."""
    file = folder / f"{uuid.uuid4().hex}.npz"
    replace(model, card=model.card | card).write(file)
    return file


def test_there_is_none_before_one_is_kept(bucket):
    assert store.current(bucket) is None


def test_what_is_kept_is_in_use_and_what_was_before_it_stays(bucket, model, of_july, tmp_path):
    other = replace(model, offsets={side: by + 1 for side, by in model.offsets.items()})
    for each in (other, model):
        store.keep(written(each, tmp_path), bucket)
        now = store.current(bucket)
        assert now.name == each.name
        assert (now.forecasts(of_july.features).dep == each.forecasts(of_july.features).dep).all()
    keys = [item["Key"] for item in aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert len(keys) == 3 and all(key.startswith("models/delay_forecast/") for key in keys)


def test_a_reader_meanwhile_finds_the_old_one_or_the_new_one(bucket, model, tmp_path):
    other = replace(model, offsets={side: by + 1 for side, by in model.offsets.items()})
    files = [written(each, tmp_path) for each in (model, other)]
    store.keep(files[0], bucket)
    stop = threading.Event()

    def writes():
        while not stop.is_set():
            for file in files:
                store.keep(file, bucket)

    writer = threading.Thread(target=writes)
    writer.start()
    try:
        assert {store.current(bucket).name for _ in range(40)} <= {model.name, other.name}
    finally:
        stop.set()
        writer.join()


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"{}", b'{"sha256": "0000"}', b'{"sha256": {}}', b"\xff"], ids=lambda body: repr(body)
)
def test_a_card_that_names_no_model_is_said(bucket, body):
    aws.client("s3").put_object(Bucket=bucket, Key=store.CARD, Body=body)
    with pytest.raises(AviationError, match="train it again"):
        store.current(bucket)


def test_a_file_that_is_not_the_cards_is_said(bucket, model, tmp_path):
    file = written(model, tmp_path)
    store.keep(file, bucket)
    key = f"{store.PREFIX}/{json.loads(file.with_suffix('.json').read_bytes())['sha256']}.npz"
    aws.client("s3").put_object(Bucket=bucket, Key=key, Body=file.read_bytes()[:-9])
    with pytest.raises(AviationError, match="train it again"):
        store.current(bucket)


def test_a_model_of_other_features_is_said(bucket, model, tmp_path):
    store.keep(written(model, tmp_path, features=["minutes_ahead", "moon"]), bucket)
    with pytest.raises(AviationError, match="other features"):
        store.current(bucket)


def test_what_is_not_whole_is_not_kept(bucket, model, tmp_path):
    file = written(model, tmp_path)
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(AviationError, match="not the one of its card"):
        store.keep(file, bucket)
    assert store.current(bucket) is None


def test_the_features_of_this_version_are_those_of_its_rows(of_july):
    assert store.names() == levels.names(of_july.features)
