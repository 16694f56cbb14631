"""A refusal in the protocol of the service that was asked: what an SDK takes for AWS's own."""

import json
from collections.abc import Mapping

from aviation.replay.answers import error_object
from support.onward import Answer

JSON = "application/x-amz-json-1.1"
CODES = {
    ("s3", "throttle"): (503, "SlowDown"),
    ("s3", "error"): (500, "InternalError"),
    ("kinesis", "throttle"): (400, "ProvisionedThroughputExceededException"),
    ("kinesis", "error"): (500, "InternalFailure"),
    ("glue", "throttle"): (400, "ThrottlingException"),
    ("glue", "error"): (500, "InternalServiceException"),
    ("sns", "throttle"): (400, "Throttling"),
    ("sns", "error"): (500, "InternalFailure"),
    ("monitoring", "throttle"): (400, "Throttling"),
    ("monitoring", "error"): (500, "InternalServiceFault"),
    ("api", "throttle"): (429, "rate_limit_reached"),
    ("api", "error"): (500, "internal_error"),
}
"""Status and code of each service. Sources: the lists of errors in the API reference of each, and
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""


def refusal(service: str, kind: str, headers: Mapping[str, str]) -> Answer:
    """The answer of `service` to a request with these headers; `kind` is throttle or error."""
    status, code = CODES[service, kind]
    told = f"a fault of the harness: {kind}"
    if service == "api":
        waiting = {"Retry-After": "0"} if kind == "throttle" else {}
        return Answer(status, {"Content-Type": "application/json", **waiting}, json.dumps(error_object(code)).encode())
    if service == "s3":
        text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{told}</Message></Error>"
        return Answer(status, {"Content-Type": "application/xml"}, text.encode())
    if protocol := headers.get("smithy-protocol"):
        body = b"\xa2" + b"".join(map(_cbor_text, ("__type", code, "message", told)))
        return Answer(status, {"Content-Type": "application/cbor", "smithy-protocol": protocol}, body)
    if "x-amz-target" in headers:
        body = json.dumps({"__type": code, "message": told}).encode()
        return Answer(status, {"Content-Type": headers.get("content-type", JSON), "x-amzn-ErrorType": code}, body)
    text = f"<ErrorResponse><Error><Code>{code}</Code><Message>{told}</Message></Error></ErrorResponse>"
    return Answer(status, {"Content-Type": "text/xml"}, text.encode())


def none_taken(body: bytes) -> Answer:
    """The answer to a PutRecords call (its body) whose every record met a busy shard."""
    records = json.loads(body)["Records"]
    failed = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "a fault of the harness"}
    told = {"FailedRecordCount": len(records), "Records": [failed] * len(records)}
    return Answer(200, {"Content-Type": JSON}, json.dumps(told).encode())


def _cbor_text(text: str) -> bytes:
    content = text.encode()
    return (b"\x78" + bytes([len(content)]) if len(content) > 23 else bytes([0x60 + len(content)])) + content
