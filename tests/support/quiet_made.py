"""The object of the runs bucket that says what is acknowledged and muted, in place of a stack's."""

import hashlib
import io
from threading import Lock
from typing import Any

from botocore.exceptions import ClientError

from aviation.alerts import quiet
from aviation.alerts.quiet import Quiet
from aviation.board.quieted import Quieted, Seen


class MadeQuieted(Quieted):
    """Nothing is acknowledged or muted; what is put is kept in memory."""

    def __init__(self, *quiets: Quiet):
        super().__init__()
        self.quiets = list(quiets)

    def seen(self) -> Seen:
        return Seen(self.quiets, str(len(self.quiets)))

    def refusal(self) -> str:
        return ""

    def put(self, made: Quiet) -> None:
        self.quiets = [*(one for one in self.quiets if one.what != made.what), made]

    def take_back(self, what: tuple[str, ...]) -> Quiet | None:
        taken = next((one for one in self.quiets if one.what == what), None)
        self.quiets = [one for one in self.quiets if one is not taken]
        return taken


class MadeBucket:
    """S3 with one object, as far as `aviation.alerts.quiet` asks it: conditions hold, and who is not allowed something
    is told so. It stands in the place of `aviation.aws` too."""

    def __init__(self, patch: Any = None):
        self.body: bytes | None = None
        self.denied: set[str] = set()
        self.before_write: list[Any] = []
        self._lock = Lock()
        if patch:
            patch.setattr(quiet, "aws", self)
            patch.setattr(quiet, "place", lambda name: name)

    def client(self, service: str) -> "MadeBucket":
        assert service == "s3"
        return self

    @property
    def tag(self) -> str | None:
        return None if self.body is None else f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"'

    def get_object(self, **where: str) -> dict[str, Any]:
        self._refuse("GetObject")
        if self.body is None:
            raise _error("NoSuchKey", 404, "GetObject")
        return {"Body": io.BytesIO(self.body), "ETag": self.tag}

    def put_object(self, Body: bytes, IfMatch: str = "", IfNoneMatch: str = "", **where: str) -> dict[str, Any]:  # noqa: N803 - as boto3 names them
        self._refuse("PutObject")
        if self.before_write:
            self.before_write.pop()()
        with self._lock:
            if IfMatch and self.body is None:
                raise _error("NoSuchKey", 404, "PutObject")
            if (IfMatch and IfMatch != self.tag) or (IfNoneMatch and self.body is not None):
                raise _error("PreconditionFailed", 412, "PutObject")
            self.body = Body
            return {"ETag": self.tag}

    def _refuse(self, operation: str) -> None:
        if operation in self.denied:
            raise _error("AccessDenied", 403, operation)


def _error(code: str, status: int, operation: str) -> ClientError:
    said = {"Error": {"Code": code, "Message": "said by S3"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(said, operation)
