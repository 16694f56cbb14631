"""What tests share: one Spark session a run, one bare emulator, and a stand-in for the flight API."""

import json
import uuid
import zipfile
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest

from aviation import home
from aviation.deploy.build import build_lambda
from aviation.poll.client import Api
from support import STREAMED
from support.bare_emulator import started_emulator
from support.stand_in import KEY, StandIn

WAREHOUSE = "spark.sql.catalog.glue_catalog.warehouse"


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """Spark as on a laptop, but with the tables' catalog in a folder: its place is the setting WAREHOUSE."""
    from pyspark.sql import SparkSession

    from aviation.local import spark as local_spark

    conf = {
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.glue_catalog": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.glue_catalog.type": "hadoop",
        WAREHOUSE: f"file:{tmp_path_factory.mktemp('warehouse')}",
    }
    folder = home.home() / "spark-tests"
    local_spark.write_conf(folder, "http://127.0.0.1:9", conf)
    # Only while it starts: what else a test starts has settings of its own.
    with pytest.MonkeyPatch.context() as patch:
        for name, value in local_spark.environment(folder).items():
            patch.setenv(name, value)
        session = SparkSession.builder.appName("tests").getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="session")
def task_root(tmp_path_factory) -> Path:
    """The Lambdas' real zip, unpacked."""
    folder = tmp_path_factory.mktemp("lambda")
    build_lambda(folder / "lambda.zip")
    with zipfile.ZipFile(folder / "lambda.zip") as archive:
        archive.extractall(folder / "task")
    return folder / "task"


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
    """An emulator of this run's own: the variables that reach it."""
    with started_emulator(tmp_path_factory.mktemp("ministack")) as environment:
        yield environment


@pytest.fixture(scope="session")
def made_stack(emulator):
    """Streams, runs bucket and an empty secret, as the template makes them."""
    session = boto3.Session(emulator["AWS_ACCESS_KEY_ID"], emulator["AWS_SECRET_ACCESS_KEY"], region_name="us-east-1")
    names = ("kinesis", "s3", "secretsmanager")
    clients = SimpleNamespace(
        **{name: session.client(name, endpoint_url=emulator["AWS_ENDPOINT_URL"]) for name in names}
    )
    for entity in STREAMED:
        clients.kinesis.create_stream(StreamName=f"test-{entity}", ShardCount=1)
        clients.kinesis.get_waiter("stream_exists").wait(StreamName=f"test-{entity}", WaiterConfig={"Delay": 1})
    return clients


@pytest.fixture
def producer_stack(emulator, made_stack, stand_in, tmp_path, monkeypatch):
    """The environment of a producer: the made stack with a bucket and a secret of this test's own, and the stand-in."""
    unique = uuid.uuid4().hex
    bucket, secret = f"test-runs-{unique[:12]}", f"test-key-{unique}"
    made_stack.s3.create_bucket(Bucket=bucket)
    made_stack.secretsmanager.create_secret(Name=secret)
    environment = emulator | {
        "AVIATION_STACK": "test",
        "AVIATION_HOME": str(tmp_path / "home"),
        "AVIATION_RUNS_BUCKET": bucket,
        "AVIATION_API_KEY_SECRET": secret,
        "AVIATION_API_PLAN": "business",
        "AVIATIONSTACK_BASE_URL": stand_in.url,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AVIATIONSTACK_ACCESS_KEY", raising=False)
    monkeypatch.delenv("AVIATION_RUN_ID", raising=False)
    return SimpleNamespace(**vars(made_stack), bucket=bucket, secret=secret, environment=environment)


@pytest.fixture
def put_key(producer_stack):
    producer_stack.secretsmanager.put_secret_value(SecretId=producer_stack.secret, SecretString=KEY)


@pytest.fixture
def sent(producer_stack):
    """What arrives on an entity's stream from now on: a function that gives the lines, parsed."""
    iterators = {}
    for entity in STREAMED:
        name = f"test-{entity}"
        [shard] = producer_stack.kinesis.list_shards(StreamName=name)["Shards"]
        iterators[entity] = producer_stack.kinesis.get_shard_iterator(
            StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="LATEST"
        )["ShardIterator"]

    def read(entity: str) -> list[dict]:
        found = producer_stack.kinesis.get_records(ShardIterator=iterators[entity])["Records"]
        return [json.loads(line) for record in found for line in record["Data"].splitlines()]

    return read
