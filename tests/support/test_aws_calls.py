"""What IAM judges is read from requests as SDKs send them."""

import boto3
import pytest

from support.aws_calls import ACCOUNT, Call, Request, calls, recorder

GLUE = f"arn:aws:glue:us-east-1:{ACCOUNT}:"


def request(service: str, method: str, target: str, body: bytes = b"", status: int = 200, **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("AKIA", "us-east-1", service, method, target, named, body, status)


@pytest.mark.parametrize(
    ("method", "target", "action", "resource"),
    [
        ("GET", "/raw?list-type=2&prefix=flights%2F", "s3:ListBucket", "raw"),
        ("GET", "/raw/?location", "s3:GetBucketLocation", "raw"),
        ("HEAD", "/raw", "s3:ListBucket", "raw"),
        ("GET", "/raw/flights/a%20b.gz", "s3:GetObject", "raw/flights/a b.gz"),
        ("HEAD", "/raw/flights/a.gz", "s3:GetObject", "raw/flights/a.gz"),
        ("PUT", "/raw/a", "s3:PutObject", "raw/a"),
        ("POST", "/raw/a?uploads", "s3:PutObject", "raw/a"),
        ("PUT", "/raw/a?partNumber=1&uploadId=x", "s3:PutObject", "raw/a"),
        ("POST", "/raw/a?uploadId=x", "s3:PutObject", "raw/a"),
        ("DELETE", "/raw/a?uploadId=x", "s3:AbortMultipartUpload", "raw/a"),
        ("DELETE", "/raw/a", "s3:DeleteObject", "raw/a"),
        ("DELETE", "/raw/a?versionId=1", "s3:DeleteObjectVersion", "raw/a"),
        ("GET", "/raw?versions", "s3:ListBucketVersions", "raw"),
    ],
)
def test_a_request_to_s3_is_an_action_on_a_bucket_or_an_object(method, target, action, resource):
    assert list(calls([request("s3", method, target)])) == [Call(action, (f"arn:aws:s3:::{resource}",))]


def test_each_object_that_one_request_deletes_is_a_call_and_so_is_the_source_of_a_copy():
    body = b"<Delete><Object><Key>a</Key></Object><Object><Key>b</Key><VersionId>1</VersionId></Object></Delete>"
    assert list(calls([request("s3", "POST", "/raw?delete", body)])) == [
        Call("s3:DeleteObject", ("arn:aws:s3:::raw/a",)),
        Call("s3:DeleteObjectVersion", ("arn:aws:s3:::raw/b",)),
    ]
    assert list(calls([request("s3", "PUT", "/raw/a", x_amz_copy_source="/other/b")])) == [
        Call("s3:GetObject", ("arn:aws:s3:::other/b",)),
        Call("s3:PutObject", ("arn:aws:s3:::raw/a",)),
    ]


@pytest.mark.parametrize(
    ("sent", "call"),
    [
        (
            request("glue", "POST", "/", b'{"DatabaseName": "d", "Name": "t"}', x_amz_target="AWSGlue.GetTable"),
            Call("glue:GetTable", (f"{GLUE}catalog", f"{GLUE}database/d", f"{GLUE}table/d/t")),
        ),
        (
            request("sns", "POST", "/", b"Action=PublishBatch&TopicArn=arn%3Aaws%3Asns%3At"),
            Call("sns:Publish", ("arn:aws:sns:t",)),
        ),
        (
            request("lambda", "POST", "/2015-03-31/functions/f/invocations", b"{}"),
            Call("lambda:InvokeFunction", (f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f",)),
        ),
        (
            # CBOR: a map of one text to another
            request(
                "monitoring",
                "POST",
                "/service/GraniteServiceVersion20100801/operation/PutMetricData",
                b"\xa1\x69Namespace\x68Aviation",
            ),
            Call("cloudwatch:PutMetricData", ("*",), (("cloudwatch:namespace", "Aviation"),)),
        ),
    ],
    ids=lambda value: value.action if isinstance(value, Call) else value.service,
)
def test_a_request_in_any_protocol_is_an_action_on_all_that_it_needs(sent, call):
    assert list(calls([sent])) == [call]


def test_what_names_a_query_alone_is_judged_by_the_workgroup_that_it_was_started_in():
    started = request("athena", "POST", "/", b'{"WorkGroup": "w"}', x_amz_target="AmazonAthena.StartQueryExecution")
    looked = request("athena", "POST", "/", b'{"QueryExecutionId": "1"}', x_amz_target="AmazonAthena.GetQueryExecution")
    workgroup = (f"arn:aws:athena:us-east-1:{ACCOUNT}:workgroup/w",)
    assert list(calls([started, looked])) == [
        Call("athena:StartQueryExecution", workgroup),
        Call("athena:GetQueryExecution", workgroup),
    ]


def test_a_call_that_is_not_known_is_no_silence():
    with pytest.raises(AssertionError, match="ec2:RunInstances; tell "):
        list(calls([request("ec2", "POST", "/", b"Action=RunInstances")]))


def test_the_recorder_passes_on_what_is_sent_and_what_is_answered(emulator):
    key = emulator["AWS_ACCESS_KEY_ID"]
    with recorder(emulator["AWS_ENDPOINT_URL"]) as recording:
        session = boto3.Session(key, emulator["AWS_SECRET_ACCESS_KEY"], region_name="us-east-1")
        s3 = session.client("s3", endpoint_url=recording.url)
        s3.create_bucket(Bucket="recorded")
        s3.put_object(Bucket="recorded", Key="a", Body=b"body")
        assert s3.get_object(Bucket="recorded", Key="a")["Body"].read() == b"body"
        assert s3.head_object(Bucket="recorded", Key="a")["ContentLength"] == 4
    bucket = "arn:aws:s3:::recorded"
    assert recording.calls(key) == {
        Call("s3:CreateBucket", (bucket,)),
        Call("s3:PutObject", (f"{bucket}/a",)),
        Call("s3:GetObject", (f"{bucket}/a",)),
    }
    assert recording.calls("somebody else") == set()
