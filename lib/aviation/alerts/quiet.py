"""What nobody needs to be told of: disruptions that somebody has acknowledged, and what is muted for a while.

One object of the runs bucket, which the board changes and the alerts obey. It is written only as it was last read: S3
refuses a conditional write whose object has changed since (412) or is gone (404), or is being written by another (409).
Who may not write is refused (403) before any of that is looked at.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import json
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple, get_args

from botocore.exceptions import ClientError

from aviation import aws
from aviation.errors import AviationError, ParameterError
from aviation.places import place
from aviation.times import parse_utc, utc_text

KEY = "alerts/board.quiet.json"
"""No watch has this key: their names have no dot."""
KEPT = timedelta(days=7)
"""So long after its end an entry is still kept, for who asks why nothing was sent."""
ACKNOWLEDGED = timedelta(days=30)
"""So long an acknowledgement is kept at most: by then its flight is history."""
TRIES, MOST_WAIT_SECONDS = 8, 0.4
CHANGED = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"})
NEVER = '"00000000000000000000000000000000"'
"""The tag of no object."""

Kind = Literal["acknowledged", "muted"]
Scope = Literal["flight", "airline", "airport", "route"]


class ForbiddenError(AviationError):
    """Who asks may not read or write what is acknowledged and muted."""


@dataclass(frozen=True)
class Quiet:
    """What is acknowledged, or muted: `code` is a flight's key, an airline, an airport, or a route like `JFK-LAX`, as
    the tables have them (IATA, ICAO where there is none). `disruption` is what of a flight was acknowledged: cancelled,
    diverted, delayed, its aircraft's turn, or a forecast; None of a mute. `when` and `until` are UTC, naive; an
    acknowledgement holds as long as the disruption does, and has no `until`."""

    kind: Kind
    scope: Scope
    code: str
    disruption: str | None
    who: str
    when: datetime
    until: datetime | None
    note: str = ""

    @property
    def what(self) -> tuple[str, ...]:
        """The same for what takes the other's place."""
        return (self.kind, self.scope, self.code, self.disruption or "")

    @property
    def forgotten_at(self) -> datetime:
        """When it need not be kept any more."""
        return (self.until or self.when + ACKNOWLEDGED) + KEPT

    def holds(self, now: datetime) -> bool:
        """Whether it does at `now` (UTC, naive)."""
        return self.until is None or now < self.until

    def is_of(self, flight_key: str, airline: str, route: str, disruption: str) -> bool:
        """Whether it is about that disruption of that leg."""
        if self.scope == "flight":
            return self.code == flight_key and self.disruption in (None, disruption)
        return self.code in {"airline": (airline,), "airport": route.split("-"), "route": (route,)}[self.scope]

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self) | {"when": utc_text(self.when), "until": self.until and utc_text(self.until)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Quiet":
        """From what `to_json` made. KeyError, TypeError, ValueError or ParameterError for anything else."""
        until = value["until"]
        made = cls(**value | {"when": _naive(value["when"]), "until": None if until is None else _naive(until)})
        texts = (made.code, made.who, made.note, made.disruption or "")
        if made.kind not in get_args(Kind) or made.scope not in get_args(Scope) or not all(map(_is_text, texts)):
            raise ValueError(value)
        return made


class Kept(NamedTuple):
    """What is kept, and the object's tag: None where there is none."""

    quiets: list[Quiet]
    tag: str | None


def now() -> datetime:
    """The instant by which a mute ends: UTC, naive, to the second."""
    return datetime.now(UTC).replace(microsecond=0, tzinfo=None)


def read() -> Kept:
    """What is kept. AviationError where it cannot be read, ForbiddenError for who may not."""
    s3, where = aws.client("s3"), _where()
    try:
        answer = s3.get_object(**where)
        kept = json.loads(answer["Body"].read())
        return Kept([Quiet.from_json(value) for value in kept["quiet"]], answer["ETag"])
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return Kept([], None)
        raise _told(error) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ParameterError):
        raise AviationError(
            f"s3://{where['Bucket']}/{KEY}, what was acknowledged and muted, cannot be read: delete it, and nothing is "
            "acknowledged or muted any more"
        ) from None


def of(quiets: Iterable[Quiet], flight_key: str, airline: str, route: str, disruption: str) -> list[Quiet]:
    """Those that hold now of that disruption of that leg, mutes first, then those that last the longest."""
    at = now()
    found = [quiet for quiet in quiets if quiet.holds(at) and quiet.is_of(flight_key, airline, route, disruption)]
    return sorted(found, key=lambda quiet: (quiet.until or datetime.min, quiet.when), reverse=True)


def put(quiet: Quiet) -> Kept:
    """Keep it, in the place of one of the same. Errors as of `change`."""
    return change(lambda quiets: [*(one for one in quiets if one.what != quiet.what), quiet])


def change(changed: Callable[[list[Quiet]], list[Quiet]]) -> Kept:
    """Keep what `changed` makes of what is kept, and what others change at the same time, too; `changed` may be called
    more than once. ForbiddenError for who may not, AviationError where others keep writing."""
    for _ in range(TRIES):
        quiets, tag = read()
        at = now()
        made = [quiet for quiet in changed(quiets) if quiet.forgotten_at > at]
        condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        if written := _write([quiet.to_json() for quiet in made], condition):
            return Kept(made, written)
        time.sleep(random.uniform(0, MOST_WAIT_SECONDS))  # noqa: S311 - so that two do not meet again
    raise AviationError("others are acknowledging and muting at this moment: try again")


def check() -> None:
    """ForbiddenError if who runs this may not write it. Nothing is written: no object has the tag that is asked for."""
    _write([], {"IfMatch": NEVER})


def _write(quiets: list[dict[str, Any]], condition: dict[str, str]) -> str | None:
    """Write them under a condition: the object's new tag, or None where the condition does not hold."""
    body = json.dumps({"quiet": quiets}, indent=1).encode()
    try:
        answer = aws.client("s3").put_object(**_where(), Body=body, ContentType="application/json", **condition)
    except ClientError as error:
        if error.response["Error"]["Code"] in CHANGED:
            return None
        raise _told(error) from None
    return str(answer["ETag"])


def _told(error: ClientError) -> ClientError | ForbiddenError:
    """The error, in words where it is a refusal."""
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") != 403:
        return error
    return ForbiddenError(
        f"not allowed with these credentials: to acknowledge and mute takes s3:GetObject and s3:PutObject on "
        f"s3://{place('RunsBucket')}/{KEY}, and s3:ListBucket on the bucket"
    )


def _where() -> dict[str, str]:
    return {"Bucket": place("RunsBucket"), "Key": KEY}


def _naive(text: str) -> datetime:
    return parse_utc(text).replace(tzinfo=None)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
