"""Requests as botocore sends them pass the guard's check of their signature; changed in any part, none does."""

import dataclasses
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aviation.local.signature import CLOCK, Request, UnsignedError, check

ID, SECRET = "LOCALKEY", "the secret of the stack"
STACK = Credentials(ID, SECRET)
SESSION = boto3.Session(ID, SECRET, region_name="us-east-1")
ENDPOINT = "http://127.0.0.1:4566"
Sent = tuple[Request, bytes]


def received(method: str, url: str, headers, body) -> Sent:
    """What a server on loopback receives of it."""
    parts = urlsplit(url)
    named = [(str(name).lower(), value.decode() if isinstance(value, bytes) else value) for name, value in headers]
    named += [] if any(name == "host" for name, _ in named) else [("host", parts.netloc)]
    body = body.read() if hasattr(body, "read") else (body or b"")
    return Request(method, parts.path or "/", parts.query, named), body.encode() if isinstance(body, str) else body


def sent(service: str, operation: str, **parameters) -> Sent:
    """What botocore sends for a call, signed."""
    client = SESSION.client(service, endpoint_url=ENDPOINT, config=Config(retries={"max_attempts": 0}))
    caught: list[AWSPreparedRequest] = []

    def catch(request, **_):
        caught.append(request)
        body = b"<a/>" if service == "s3" else b"{}"
        answer = AWSResponse(request.url, 200, {}, None)
        answer._content = body
        return answer

    client.meta.events.register("before-send", catch)
    getattr(client, operation)(**parameters)
    [request] = caught
    return received(request.method, request.url, request.headers.items(), request.body)


ODD = "a b/ü+%2F=&?#~'()*!;:@$,/../x//y"
CALLS = [
    ("s3", "put_object", {"Bucket": "raw", "Key": ODD, "Body": b"body", "Metadata": {"a": "b  c"}}),
    ("s3", "get_object", {"Bucket": "raw", "Key": ODD, "Range": "bytes=0-1"}),
    ("s3", "list_objects_v2", {"Bucket": "raw", "Prefix": "flights/ü +", "StartAfter": "a&b=c", "Delimiter": "/"}),
    ("s3", "delete_objects", {"Bucket": "raw", "Delete": {"Objects": [{"Key": "a"}]}}),
    ("s3", "upload_part", {"Bucket": "raw", "Key": "k", "PartNumber": 1, "UploadId": "u/+=", "Body": b"x" * 9}),
    ("glue", "get_tables", {"DatabaseName": "aviation"}),
    ("kinesis", "put_records", {"StreamName": "s", "Records": [{"Data": b"\x00\xff", "PartitionKey": "p"}]}),
    ("lambda", "get_function", {"FunctionName": "arn:aws:lambda:us-east-1:000000000000:function:a"}),
    ("scheduler", "list_schedules", {"GroupName": "a b", "State": "ENABLED"}),
    ("secretsmanager", "get_secret_value", {"SecretId": "key"}),
]


@pytest.fixture(scope="module", params=CALLS, ids=lambda call: f"{call[0]}-{call[1]}")
def call(request) -> Sent:
    service, operation, parameters = request.param
    return sent(service, operation, **parameters)


def refused(request: Request, body: bytes, now: datetime | None = None, credentials: Credentials = STACK) -> str:
    with pytest.raises(UnsignedError) as error:
        check(request, body, credentials, now)
    return str(error.value)


def test_what_botocore_signs_is_signed(call):
    check(*call, STACK)


def test_another_secret_or_id_is_not_the_stacks(call):
    assert refused(*call, credentials=Credentials(ID, "test")) == "its signature does not match"
    assert refused(*call, credentials=Credentials("test", SECRET)) == "it is signed with another access key"


def test_each_part_is_signed(call):
    request, body = call
    for change in (
        {"method": "DELETE"},
        {"path": request.path + "x"},
        {"query": "&".join(filter(None, (request.query, "acl=")))},
        {"headers": [*request.headers, ("x-amz-added", "1")]},
        {"headers": [(name, "127.0.0.1:1" if name == "host" else value) for name, value in request.headers]},
    ):
        refused(dataclasses.replace(request, **change), body)
    refused(request, body + b"x")
    for name, value in request.headers:
        if name.startswith("x-amz-") or name == "authorization":
            gone = [pair for pair in request.headers if pair[0] != name]
            refused(dataclasses.replace(request, headers=gone), body)
            refused(dataclasses.replace(request, headers=[*gone, (name, value[:-1] + "~")]), body)
            refused(dataclasses.replace(request, headers=[*request.headers, (name, value)]), body)


def test_a_signature_holds_for_fifteen_minutes_either_way(call):
    now = datetime.now(UTC)
    check(*call, STACK, now + CLOCK - timedelta(seconds=5))
    assert refused(*call, now + CLOCK + timedelta(seconds=5)) == "its signature has expired"
    assert refused(*call, now - CLOCK - timedelta(seconds=5)) == "its signature is of another time"


@given(st.data())
def test_no_changed_authorization_passes(data):
    request, body = SAMPLE
    [given_value] = [value for name, value in request.headers if name == "authorization"]
    place = data.draw(st.integers(0, len(given_value) - 1))
    new = data.draw(st.characters(min_codepoint=32, max_codepoint=255))
    changed = given_value[:place] + new + given_value[place + data.draw(st.integers(0, 1)) :]
    assume(re.sub(r",\s*", ",", changed) != re.sub(r",\s*", ",", given_value))
    headers = [(name, changed if name == "authorization" else value) for name, value in request.headers]
    refused(dataclasses.replace(request, headers=headers), body)


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=40)), max_size=6), st.binary(max_size=40))
def test_what_is_not_signed_never_passes_and_never_breaks(headers, body):
    named = [(name.lower(), value) for name, value in headers]
    for extra in ([], [("authorization", "AWS4-HMAC-SHA256 Credential=a/b")], [("host", "127.0.0.1")]):
        refused(Request("GET", "/", "", named + extra), body)


SAMPLE = sent("glue", "get_tables", DatabaseName="aviation")


def presigned(seconds: int, key: str = "a b", operation: str = "get_object") -> str:
    client = SESSION.client("s3", endpoint_url=ENDPOINT, config=Config(signature_version="s3v4"))
    return client.generate_presigned_url(operation, Params={"Bucket": "raw", "Key": key}, ExpiresIn=seconds)


@settings(max_examples=40, deadline=None)  # a client is made for each
@given(key=st.text(min_size=1, max_size=30), body=st.binary())
def test_any_key_of_an_object_can_be_asked_for(key, body):
    check(*received("PUT", presigned(60, key, "put_object"), [], body), STACK)
    check(*sent("s3", "put_object", Bucket="raw", Key=key, Body=body), STACK)


def test_a_presigned_url_holds_as_long_as_it_says_and_only_as_it_is():
    request, body = received("GET", presigned(60), [], b"")
    check(request, body, STACK)
    now = datetime.now(UTC)
    check(request, body, STACK, now + timedelta(seconds=50))
    assert refused(request, body, now + timedelta(seconds=70)) == "its signature has expired"
    refused(dataclasses.replace(request, query=request.query.replace("Expires=60", "Expires=99")), body)
    refused(dataclasses.replace(request, query=request.query + "&versionId=1"), body)
    refused(dataclasses.replace(request, path="/raw/b"), body)
    refused(dataclasses.replace(request, method="DELETE"), body)
    refused(dataclasses.replace(request, query=request.query + "&X-Amz-Expires=60"), body)


def test_no_presigned_url_holds_for_more_than_a_week():
    aws = AWSRequest("GET", f"{ENDPOINT}/raw/a")
    S3SigV4QueryAuth(STACK, "s3", "us-east-1", expires=900_000).add_auth(aws)
    request, body = received("GET", aws.prepare().url, [], b"")
    check(request, body, STACK)
    assert refused(request, body, datetime.now(UTC) + timedelta(days=7, minutes=1)) == "its signature has expired"


def as_streamed(service: str, hashed: str) -> Sent:
    """As the SDKs for Java send what they stream to S3: the chunks have signatures of their own, after the header's."""

    class Streamed(SigV4Auth):
        def _normalize_url_path(self, path):
            return path

        def payload(self, request):
            return hashed

    aws = AWSRequest("PUT", f"{ENDPOINT}/raw/a", headers={"x-amz-content-sha256": hashed}, data=b"chunks")
    Streamed(STACK, service, "us-east-1").add_auth(aws)
    prepared = aws.prepare()
    return received("PUT", prepared.url, prepared.headers.items(), b"5;chunk-signature=0\r\nchunk\r\n")


@pytest.mark.parametrize(
    "hashed", ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"]
)
def test_what_is_streamed_to_s3_is_signed_by_its_header_and_to_nothing_else(hashed):
    check(*as_streamed("s3", hashed), STACK)
    request, body = as_streamed("s3", hashed)
    refused(dataclasses.replace(request, path="/raw/b"), body)
    assert refused(*as_streamed("glue", hashed)) == "its body is not the one that was signed"
