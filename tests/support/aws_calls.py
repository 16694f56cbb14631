"""Which AWS calls a caller makes, read from its requests: a recording proxy on loopback before an emulator.

It sees what any SDK sends (boto3, and the two Java ones of S3A and Iceberg) and derives from each request what IAM
judges: the action, the ARNs that the action is needed on, and the condition keys.
"""

import io
import json
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.parsers import RpcV2CBORParser

from support.onward import pass_on

ACCOUNT, REGION = "000000000000", "us-east-1"
SIGNED = re.compile(r"Credential=([^/]+)/\d+/([^/]*)/([^/]+)/aws4_request")
S3_OPERATIONS = {
    ("GET", "bucket"): {
        "location": "GetBucketLocation",
        "uploads": "ListBucketMultipartUploads",
        "versions": "ListBucketVersions",
        "": "ListObjectsV2",
    },
    ("HEAD", "bucket"): {"": "HeadBucket"},
    ("PUT", "bucket"): {"": "CreateBucket"},
    ("DELETE", "bucket"): {"": "DeleteBucket"},
    ("GET", "object"): {"uploadId": "ListMultipartUploadParts", "versionId": "GetObjectVersion", "": "GetObject"},
    ("HEAD", "object"): {"versionId": "GetObjectVersion", "": "HeadObject"},
    ("PUT", "object"): {"uploadId": "UploadPart", "": "PutObject"},
    ("POST", "object"): {"uploads": "CreateMultipartUpload", "uploadId": "CompleteMultipartUpload"},
    ("DELETE", "object"): {"uploadId": "AbortMultipartUpload", "versionId": "DeleteObjectVersion", "": "DeleteObject"},
}
"""What is asked of S3, by the request and what stands in its query."""
S3_ACTIONS = {
    "HeadObject": "GetObject",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "HeadBucket": "ListBucket",
    "DeleteObjects": "DeleteObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
}
"""Operations of S3 that need another action than the one of their name.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"""
RENAMED = {"lambda:Invoke": "lambda:InvokeFunction", "sns:PublishBatch": "sns:Publish"}
"""Operations that are called otherwise than the action that they need."""
PREFIXES = {"monitoring": "cloudwatch"}
"""The prefix of the actions of a service, where it signs under another name."""
ARNS = {
    "athena": ("workgroup/{WorkGroup}",),
    "cloudformation": ("stack/{StackName}/id",),
    "kinesis": ("stream/{StreamName}",),
    "lambda": ("function:{FunctionName}",),
    "secretsmanager": ("{SecretId}",),
    "sns": ("{TopicArn}",),
    "sqs": ("{QueueName}",),
    "glue:GetJob": ("job/{JobName}",),
    "glue:GetJobRun": ("job/{JobName}",),
    "glue:StartJobRun": ("job/{JobName}",),
    "glue:GetDatabase": ("catalog", "database/{Name}"),
    "glue:GetTable": ("catalog", "database/{DatabaseName}", "table/{DatabaseName}/{Name}"),
    "glue:GetTables": ("catalog", "database/{DatabaseName}", "table/{DatabaseName}/*"),
    "glue:CreateTable": ("catalog", "database/{DatabaseName}", "table/{DatabaseName}/{TableInput[Name]}"),
    "glue:UpdateTable": ("catalog", "database/{DatabaseName}", "table/{DatabaseName}/{TableInput[Name]}"),
    "cloudwatch:PutMetricData": ("*",),
    "cloudformation:ValidateTemplate": ("*",),
    "sts:GetCallerIdentity": ("*",),
}
"""Every resource that an action, or any action of a service, is needed on; Glue wants the catalog and the database too.
Source: https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html"""


@dataclass(frozen=True)
class Call:
    """One call: the IAM action, every ARN that it is needed on (`*`: the action knows none), and condition keys."""

    action: str
    resources: tuple[str, ...]
    context: tuple[tuple[str, str], ...] = ()


@dataclass
class Request:
    """One request as it was sent, by whom (`access_key`), and the status of its answer."""

    access_key: str
    region: str
    service: str
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def query(self) -> dict[str, str]:
        """The parameters behind the path, an empty one included."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


@dataclass
class Recorder:
    """A recording proxy: what is sent to `url` goes on to the emulator, and stands in `requests`."""

    url: str
    requests: list[Request] = field(default_factory=list)

    def calls(self, *access_keys: str) -> set[Call]:
        """The different calls of the callers with these keys that were not denied."""
        sent = [request for request in self.requests if request.access_key in access_keys]
        return set(calls(request for request in sent if request.status != 403))

    def denied(self, *access_keys: str) -> set[Call]:
        """The different calls of theirs that were."""
        sent = [request for request in self.requests if request.access_key in access_keys]
        return set(calls(request for request in sent if request.status == 403))


@contextmanager
def recorder(endpoint: str) -> Iterator[Recorder]:
    """A recorder before the emulator at `endpoint`, on a free port of loopback."""
    handler = type("Handler", (_Handler,), {"endpoint": urlsplit(endpoint).netloc, "requests": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    recording = Recorder(f"http://127.0.0.1:{server.server_port}", handler.requests)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield recording
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    endpoint: str
    requests: list[Request]

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = pass_on(self, self.endpoint, body)
        self.note(body, answer.status)
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = forward  # noqa: N815 - as http.server looks for them

    def note(self, body: bytes, status: int) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        if not (signed := SIGNED.search(headers.get("authorization", ""))):
            return
        key, region, service = signed.groups()
        kept = body if service != "s3" or self.command == "POST" else b""
        request = Request(key, region, service, self.command, self.path, headers, kept, status)
        self.requests.append(request)

    def log_message(self, *args: object) -> None:
        pass


def calls(requests: Iterable[Request]) -> Iterator[Call]:
    """What IAM judges of each request."""
    last: dict[str, str] = {}
    for request in requests:
        if request.service == "s3":
            yield from _of_s3(request)
            continue
        operation, given = _operation(request)
        # What comes later names the query or the iterator, and is judged by where that was begun.
        given["QueueName"] = given.get("QueueUrl", "").rpartition("/")[2]
        last |= {name: given[name] for name in ("WorkGroup", "StreamName") if name in given}
        yield _call(request, operation, last | given)


def _call(request: Request, operation: str, given: dict) -> Call:
    service = PREFIXES.get(request.service, request.service)
    action = RENAMED.get(f"{service}:{operation}", f"{service}:{operation}")
    formats = ARNS.get(action) or ARNS.get(service)
    assert formats, f"a call that is not known here: {action}; tell tests/support/aws_calls.py its ARN"
    named = [text.format_map(given) for text in formats]
    root = f"arn:aws:{service}:{request.region}:{ACCOUNT}:"
    resources = tuple(name if name == "*" or name.startswith("arn:") else root + name for name in named)
    context = (("cloudwatch:namespace", given["Namespace"]),) if "Namespace" in given else ()
    return Call(action, resources, context)


def _operation(request: Request) -> tuple[str, dict]:
    """The operation's name and its parameters, in whichever of AWS's protocols they were sent."""
    path = unquote(urlsplit(request.target).path)
    if target := request.headers.get("x-amz-target"):
        return target.rpartition(".")[2], json.loads(request.body or b"{}")
    if "/operation/" in path:  # CBOR
        parser = RpcV2CBORParser(None)
        return path.rpartition("/")[2], parser.parse_data_item(io.BufferedReader(io.BytesIO(request.body)))
    if invoked := re.search("/functions/([^/]+)/invocations", path):
        return "Invoke", {"FunctionName": invoked[1]}
    given = dict(parse_qsl(request.body.decode()))
    return given["Action"], given


def _of_s3(request: Request) -> Iterator[Call]:
    bucket, _, key = unquote(urlsplit(request.target).path).lstrip("/").partition("/")
    query, arn = request.query, f"arn:aws:s3:::{bucket}"
    if request.method == "POST" and "delete" in query:
        for one in re.findall("<Object>(.*?)</Object>", request.body.decode(), re.DOTALL):
            action = "s3:DeleteObjectVersion" if "<VersionId>" in one else "s3:DeleteObject"
            yield Call(action, (f"{arn}/{re.search('<Key>(.*?)</Key>', one)[1]}",))
        return
    if copied := request.headers.get("x-amz-copy-source"):
        yield Call("s3:GetObject", (f"arn:aws:s3:::{unquote(copied).lstrip('/')}",))
    known = S3_OPERATIONS[request.method, "object" if key else "bucket"]
    operation = next(operation for name, operation in known.items() if name in query or not name)
    yield Call(f"s3:{S3_ACTIONS.get(operation, operation)}", (f"{arn}/{key}" if key else arn,))
