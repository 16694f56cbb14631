"""Which raw objects are new: the ones that the bucket lists and `loads` does not.

Firehose names an object by the hour at which it arrived: `<entity>/yyyy/MM/dd/HH/<name>`.
"""

import re
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from aviation import aws


class RawObject(NamedTuple):
    """An object of the raw bucket: its key, and its size in bytes as the bucket lists it."""

    key: str
    size: int

    @property
    def entity(self) -> str:
        """The folder that it is in."""
        return self.key.partition("/")[0]

    @property
    def hour(self) -> datetime:
        """The UTC hour of its arrival, naive."""
        return datetime.strptime(self.age[: len("yyyy/MM/dd/HH")], _HOUR)

    @property
    def age(self) -> str:
        """What sorts objects of all entities by the hour of their arrival, and those of an hour by name."""
        return self.key.partition("/")[2]


# The objects of an entity whose keys sort after a key, in order.
ListObjects = Callable[[str, str], Iterable[RawObject]]
_HOUR = "%Y/%m/%d/%H"
_KEY = re.compile(r"(?P<entity>[^/]+)/(?P<hour>\d{4}/\d{2}/\d{2}/\d{2})/.*[^/]")


def bucket_lister(bucket: str) -> ListObjects:
    """Lists the objects in an S3 bucket."""
    pages = aws.client("s3").get_paginator("list_objects_v2")

    def list_objects(entity: str, start_after: str) -> Iterable[RawObject]:
        for page in pages.paginate(Bucket=bucket, Prefix=f"{entity}/", StartAfter=start_after):
            yield from (RawObject(entry["Key"], entry["Size"]) for entry in page.get("Contents", []))

    return list_objects


def new_objects(
    entity: str, since: datetime | None, loaded: Collection[str], list_objects: ListObjects
) -> list[RawObject]:
    """The entity's objects that arrived in the hour `since` (UTC, naive) or later and whose keys are not in `loaded`;
    for None, those of any hour."""
    start = f"{entity}/" + (f"{since.strftime(_HOUR)}/" if since else "")
    found = list_objects(entity, start)
    return [item for item in found if item.key not in loaded and arrival_hour(item.key, entity)]


def arrival_hour(key: str, entity: str) -> datetime | None:
    """The UTC hour in the key; None where it is not the key of one of the entity's raw objects."""
    match = _KEY.fullmatch(key)
    if not match or match["entity"] != entity:
        return None
    try:
        return datetime.strptime(match["hour"], _HOUR)
    except ValueError:
        return None
