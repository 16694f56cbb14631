"""An emulator that is killed, again and again, amid what its callers do: it keeps what it has acknowledged."""

import contextlib
import gzip
import hashlib
import json
import random
import threading
import time
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from aviation.local.emulator import start
from aviation.local.processes import Process, choose_port
from aviation.local.stack import LocalStack
from aviation.local.state import State
from support import ROOT
from support.bare_emulator import clients
from support.own_stack import aviation, started

BUCKET, STREAM, DATABASE = "raw", "lines", "aviation"
ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/lines"
SERVICES = ("s3", "kinesis", "firehose", "glue", "secretsmanager")


class Killed:
    """An emulator that can be killed and started again, and what it has acknowledged."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, State(emulator_port=choose_port(None, None, ""))
        self.process = Process(folder, "ministack")
        self.objects: dict[str, bytes] = {}
        self.lines: list[str] = []
        self.overwritten = self.version = self.secret = 0
        self.started = 0
        self.start()
        self.made()

    def start(self) -> None:
        start(self.process, self.state, root=ROOT, folder=self.folder)
        self.client = clients(self.state.environment(self.folder), *SERVICES)

    def made(self) -> None:
        s3, kinesis, firehose, glue, secrets = self.client.values()
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        s3.create_bucket(Bucket="published")
        kinesis.create_stream(StreamName=STREAM, ShardCount=1)
        kinesis.get_waiter("stream_exists").wait(StreamName=STREAM, WaiterConfig={"Delay": 1})
        firehose.create_delivery_stream(
            DeliveryStreamName=STREAM,
            DeliveryStreamType="KinesisStreamAsSource",
            KinesisStreamSourceConfiguration={"KinesisStreamARN": ARN, "RoleARN": "arn:aws:iam::000000000000:role/a"},
            ExtendedS3DestinationConfiguration={
                "RoleARN": "arn:aws:iam::000000000000:role/a",
                "BucketARN": f"arn:aws:s3:::{BUCKET}",
                "Prefix": "lines/",
            },
        )
        glue.create_database(DatabaseInput={"Name": DATABASE})
        glue.create_table(DatabaseName=DATABASE, TableInput={"Name": "flights", "Parameters": {"version": "0"}})
        secrets.create_secret(Name="key", SecretString="0")

    def puts(self, random: random.Random) -> None:
        """New objects, and one that is overwritten with another length each time."""
        while True:
            self.started += 1
            key, body = f"a b/{self.started} ü+.gz", random.randbytes(random.choice((10, 100_000, 3_000_000)))
            self.client["s3"].put_object(Bucket=BUCKET, Key=key, Body=body)
            self.objects[key] = body
            text = json.dumps({"n": self.started}) + " " * random.randrange(50)
            self.client["s3"].put_object(Bucket="published", Key="lease", Body=text.encode())
            self.overwritten = self.started

    def streams(self, random: random.Random) -> None:
        while True:
            lines = [f"{random.getrandbits(64)}" for _ in range(3)]
            records = [{"Data": gzip.compress(line.encode()), "PartitionKey": line} for line in lines]
            answer = self.client["kinesis"].put_records(StreamName=STREAM, Records=records)
            assert answer["FailedRecordCount"] == 0
            self.lines += lines

    def commits(self, _: random.Random) -> None:
        for version in range(self.version + 1, 10**6):
            table = {"Name": "flights", "Parameters": {"version": str(version)}}
            self.client["glue"].update_table(DatabaseName=DATABASE, TableInput=table)
            self.version = version
            self.client["secretsmanager"].put_secret_value(SecretId="key", SecretString=str(version))
            self.secret = version

    def kill_amid(self, random: random.Random) -> None:
        """Let all of it go on, and kill the emulator after a while."""

        def until_killed(work, seed: int) -> None:
            with contextlib.suppress(BotoCoreError, ClientError, KeyError):  # an answer that was cut has no counts
                work(type(random)(seed))

        work = (self.puts, self.streams, self.commits)
        threads = [threading.Thread(target=until_killed, args=(one, random.getrandbits(32))) for one in work]
        for thread in threads:
            thread.start()
        time.sleep(random.uniform(0.1, 0.5))
        self.process.running().kill()
        for thread in threads:
            thread.join(30)
        self.start()

    def check(self) -> None:
        """All that was acknowledged is there, and each object is whole."""
        s3, _, _, glue, secrets = self.client.values()
        for key, body in self.objects.items():
            assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == body
        lease = s3.get_object(Bucket="published", Key="lease")
        text = lease["Body"].read()
        assert len(text) == lease["ContentLength"]
        assert lease["ETag"].strip('"') == hashlib.md5(text, usedforsecurity=False).hexdigest()
        assert json.loads(text)["n"] in (self.overwritten, self.started)
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="lines/")
        raw = [s3.get_object(Bucket=BUCKET, Key=found["Key"]) for page in pages for found in page.get("Contents", [])]
        delivered = [gzip.decompress(one["Body"].read()).decode() for one in raw]
        assert set(self.lines) <= set(delivered)
        assert len(delivered) == len(set(delivered))
        [table] = glue.get_tables(DatabaseName=DATABASE)["TableList"]
        assert int(table["Parameters"]["version"]) in (self.version, self.version + 1)
        secret = int(secrets.get_secret_value(SecretId="key")["SecretString"])
        assert secret in (self.secret, self.secret + 1)
        self.version, self.secret = int(table["Parameters"]["version"]), secret


def killed_often(folder: Path, seed: int, kills: int) -> Killed:
    emulator, numbers = Killed(folder), random.Random(seed)
    try:
        for _ in range(kills):
            emulator.kill_amid(numbers)
            emulator.check()
        assert emulator.objects
        assert emulator.lines
        assert emulator.version
    finally:
        emulator.process.stop()
    return emulator


def test_what_was_acknowledged_outlives_kills(tmp_path):
    killed_often(tmp_path, seed=1, kills=4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
def test_what_was_acknowledged_outlives_many_kills(tmp_path, seed):
    killed_often(tmp_path, seed, kills=10)


def test_an_object_that_a_kill_left_half_told_is_whole_and_what_the_killed_one_unpacked_is_gone(tmp_path):
    emulator = Killed(tmp_path)
    try:
        emulator.client["s3"].put_object(Bucket="published", Key="lease", Body=b"the old one", Metadata={"a": "b"})
        emulator.process.running().kill()
        folder = tmp_path / "ministack"
        [file] = (folder / "s3").rglob("lease")
        file.write_bytes(b"the new one, which is longer")  # what is said of it was to be written next
        file.with_name("lease.meta.json.tmp").write_bytes(b'{"content')
        unpacked = folder / "tmp/ministack-lambda-x/code/module.py"
        unpacked.parent.mkdir(parents=True)
        unpacked.touch()
        emulator.start()
        lease = emulator.client["s3"].get_object(Bucket="published", Key="lease")
        text = lease["Body"].read()
        assert text == b"the new one, which is longer"
        assert (lease["ContentLength"], lease["Metadata"]) == (len(text), {"a": "b"})
        assert lease["ETag"].strip('"') == hashlib.md5(text, usedforsecurity=False).hexdigest()
        assert not unpacked.exists()
        assert not list(folder.rglob("*.tmp"))
    finally:
        emulator.process.stop()


def test_a_deployment_amid_which_the_emulator_is_killed_is_made_again(tmp_path):
    stack = LocalStack(ROOT, tmp_path)
    try:
        with started(tmp_path, "up") as deploying:
            next(line for line in deploying.stderr if "cloudformation.yaml" in line)
            stack.emulator.running().kill()
            assert deploying.wait(120) != 0
        again = aviation(tmp_path, "up")
        assert again.returncode == 0, again.stderr
        assert "up: the AWS emulator had been killed; it still has 0 tables" in again.stderr
        once_more = aviation(tmp_path, "up")
        assert "nothing to change" in once_more.stderr
        # And one that has been told is kept, with the key.
        stack.emulator.running().kill()
        after = aviation(tmp_path, "up")
        assert "and the API's key" in after.stderr
        assert "nothing to change" in after.stderr
        assert "had been killed" not in aviation(tmp_path, "up").stderr
    finally:
        stack.down(purge=True)
