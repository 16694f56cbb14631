"""Whether a request was signed with a stack's access key: AWS Signature Version 4, in the header or in the query.

The canonical request and the signature are botocore's. The emulator's own Python runs this.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from botocore.auth import SIGV4_TIMESTAMP, S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

CLOCK = timedelta(minutes=15)
"""How far from this machine's time a signature may be, as on AWS."""
LONGEST = timedelta(days=7)
"""How long a presigned URL can hold, as on AWS."""
_SCOPE = r"(?P<id>[^/,\s]+)/(?P<day>\d{8})/(?P<region>[^/,\s]+)/(?P<service>[^/,\s]+)/aws4_request"
_NAMES, _HEX = r"(?P<names>[a-z0-9._-]+(?:;[a-z0-9._-]+)*)", r"(?P<signature>[0-9a-f]{64})"
HEADER = re.compile(rf"AWS4-HMAC-SHA256 Credential={_SCOPE},\s*SignedHeaders={_NAMES},\s*Signature={_HEX}", re.ASCII)
UNHASHED = re.compile(r"UNSIGNED-PAYLOAD|STREAMING-[A-Z0-9-]+")


class UnsignedError(Exception):
    """A request is not signed with the stack's access key; the text says what is wrong with it."""


@dataclass(frozen=True)
class Request:
    """As it came in: `path` and `query` as sent (encoded), header names in lower case, none left out."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]

    def header(self, name: str) -> str | None:
        """Its value; None if it is not there, or not once."""
        values = [value for given, value in self.headers if given == name]
        return values[0] if len(values) == 1 else None


@dataclass(frozen=True)
class Signature:
    """What a request says of its signature. `lasts` is None for one in the header."""

    key_id: str
    day: str
    region: str
    service: str
    names: list[str]
    signature: str
    timestamp: str
    lasts: timedelta | None = None


def check(request: Request, body: bytes, credentials: Credentials, now: datetime | None = None) -> None:
    """UnsignedError if a request, with its whole body, is not signed with `credentials` at `now` (aware)."""
    said = _said(request)
    if not hmac.compare_digest(said.key_id.encode(), credentials.access_key.encode()):
        raise UnsignedError("it is signed with another access key")
    _check_time(said, now or datetime.now(UTC))
    must = {"host"} | {name for name, _ in request.headers if name.startswith("x-amz-")}
    if not must <= set(said.names):
        raise UnsignedError("a header that has to be signed is not")
    actual = hashlib.sha256(body).hexdigest()
    unhashed = said.service == "s3" and said.lasts is not None
    hashed = request.header("x-amz-content-sha256") or ("UNSIGNED-PAYLOAD" if unhashed else actual)
    if hashed != actual and not (said.service == "s3" and UNHASHED.fullmatch(hashed)):
        raise UnsignedError("its body is not the one that was signed")
    if not hmac.compare_digest(_computed(request, said, credentials, hashed), said.signature):
        raise UnsignedError("its signature does not match")


def _said(request: Request) -> Signature:
    """What the request says of its signature; UnsignedError if it says nothing, or not in AWS's form."""
    if any(name == "authorization" for name, _ in request.headers):
        if match := HEADER.fullmatch(request.header("authorization") or ""):
            return _signature(match, request.header("x-amz-date") or "")
    else:
        query = parse_qsl(request.query, keep_blank_values=True)
        given = {name: value for name, value in query if name.startswith("X-Amz-")}
        parts = (given.get(f"X-Amz-{name}", "") for name in ("Algorithm", "Credential", "SignedHeaders", "Signature"))
        match = HEADER.fullmatch("{} Credential={},SignedHeaders={},Signature={}".format(*parts))
        seconds = given.get("X-Amz-Expires", "")
        if match and re.fullmatch(r"[1-9][0-9]{0,5}", seconds, re.ASCII):
            return _signature(match, given.get("X-Amz-Date", ""), timedelta(seconds=int(seconds)))
    raise UnsignedError("it is not signed")


def _signature(match: re.Match[str], timestamp: str, lasts: timedelta | None = None) -> Signature:
    names = match["names"].split(";")
    parts = match["id"], match["day"], match["region"], match["service"]
    return Signature(*parts, names, match["signature"], timestamp, lasts)


def _check_time(said: Signature, now: datetime) -> None:
    try:
        signed = datetime.strptime(said.timestamp, SIGV4_TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        raise UnsignedError("its signature has no time") from None
    if said.timestamp[:8] != said.day or signed > now + CLOCK:
        raise UnsignedError("its signature is of another time")
    if now > signed + min(said.lasts or CLOCK, LONGEST):
        raise UnsignedError("its signature has expired")


def _computed(request: Request, said: Signature, credentials: Credentials, hashed: str) -> str:
    """The signature that the request would have if `credentials` had signed it."""
    query = "&".join(pair for pair in request.query.split("&") if not pair.startswith("X-Amz-Signature="))
    rebuilt = AWSRequest(request.method, f"http://loopback{request.path}?{query}")
    for name, value in request.headers:
        if name in said.names:
            rebuilt.headers.add_header(name, value)
    rebuilt.context.update(timestamp=said.timestamp, hashed=hashed)
    signer = (_ReceivedByS3 if said.service == "s3" else _Received)(credentials, said.service, said.region)
    canonical = signer.canonical_request(rebuilt)
    return str(signer.signature(signer.string_to_sign(rebuilt, canonical), rebuilt))


class _Received(SigV4Auth):  # type: ignore[misc]  # botocore ships no types
    """Signs what was received: the headers that the caller signed, and the hash that it said."""

    def headers_to_sign(self, request: AWSRequest) -> Any:
        return request.headers

    def payload(self, request: AWSRequest) -> Any:
        return request.context["hashed"]


class _ReceivedByS3(_Received, S3SigV4Auth):  # type: ignore[misc]
    """The same, with the path as S3 has it: as sent."""
