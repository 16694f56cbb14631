"""What a disk without room leaves of the local stack: what is refused is told in a line, and works once there is room.

A limit of the size of a file stands in for the full disk.
"""

import contextlib

import psutil
import pytest
from botocore.exceptions import ClientError

from support import bare_emulator
from support.own_stack import aviation


@contextlib.contextmanager
def no_room(emulator: psutil.Process, size: int):
    """The emulator can write no file of more than `size` bytes."""
    soft, hard = emulator.rlimit(psutil.RLIMIT_FSIZE)
    emulator.rlimit(psutil.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        emulator.rlimit(psutil.RLIMIT_FSIZE, (soft, hard))


def test_a_function_that_could_not_be_unpacked_runs_once_there_is_room(own):
    unpacked = own.home / "ministack/tmp"
    with no_room(own.emulator.running(), 100_000):
        done = aviation(own.home, "produce", "aircraft_types")
        assert done.returncode == 1
        assert done.stderr.strip() == "aviation: producer aircraft_types: [Errno 27] File too large"
        assert not list(unpacked.glob("ministack-lambda-*"))
    done = aviation(own.home, "produce", "aircraft_types")
    assert done.returncode == 0, done.stderr


CALLS = [
    ("s3", "put_object", {"Bucket": "full", "Key": "a", "Body": b"x" * 5000}),
    ("secretsmanager", "put_secret_value", {"SecretId": "full", "SecretString": "x" * 5000}),
    ("glue", "create_database", {"DatabaseInput": {"Name": "full", "Description": "x" * 2000}}),
]


def test_what_the_emulator_cannot_write_it_does_not_acknowledge(tmp_path):
    with bare_emulator.started_emulator(tmp_path) as environment:
        client = bare_emulator.clients(environment, "s3", "secretsmanager", "glue")
        client["s3"].create_bucket(Bucket="full")
        client["secretsmanager"].create_secret(Name="full", SecretString="y")
        with no_room(bare_emulator.process(tmp_path).running(), 500):
            for service, operation, parameters in CALLS:
                with pytest.raises(ClientError, match="cannot write to its state folder: File too large: make room"):
                    getattr(client[service], operation)(**parameters)
        client["s3"].put_object(Bucket="full", Key="a", Body=b"new")
        assert client["s3"].get_object(Bucket="full", Key="a")["Body"].read() == b"new"
