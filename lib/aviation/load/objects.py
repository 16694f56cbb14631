"""Which raw objects are new: the ones that the bucket lists and `loads` does not.

Firehose names an object by the hour at which it arrived: `<entity>/yyyy/MM/dd/HH/<name>`.
"""

import re
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

from aviation import aws

# The keys of an entity's objects that sort after a key, in order.
ListKeys = Callable[[str, str], Iterable[str]]
_HOUR = "%Y/%m/%d/%H"
_KEY = re.compile(r"(?P<entity>[^/]+)/(?P<hour>\d{4}/\d{2}/\d{2}/\d{2})/.*[^/]")


def bucket_lister(bucket: str) -> ListKeys:
    """Lists the keys in an S3 bucket."""
    pages = aws.client("s3").get_paginator("list_objects_v2")

    def list_keys(entity: str, start_after: str) -> Iterable[str]:
        for page in pages.paginate(Bucket=bucket, Prefix=f"{entity}/", StartAfter=start_after):
            yield from (entry["Key"] for entry in page.get("Contents", []))

    return list_keys


def new_keys(entity: str, loaded: Collection[str], list_keys: ListKeys, look_back_hours: int | None) -> list[str]:
    """The keys of the entity's objects that are not in `loaded`, the keys of all entities that were loaded before.

    The listing starts `look_back_hours` before the newest hour of which something was loaded: an object of an earlier
    hour can turn up late: Firehose keeps trying for as long as the stream keeps its records. None lists everything.
    """
    hours = [hour for key in loaded if (hour := arrival_hour(key, entity))]
    start = f"{entity}/"
    if hours and look_back_hours is not None:
        start += (max(hours) - timedelta(hours=look_back_hours)).strftime(_HOUR) + "/"
    return [key for key in list_keys(entity, start) if key not in loaded and arrival_hour(key, entity)]


def arrival_hour(key: str, entity: str) -> datetime | None:
    """The UTC hour in the key; None where it is not the key of one of the entity's raw objects."""
    match = _KEY.fullmatch(key)
    if not match or match["entity"] != entity:
        return None
    try:
        return datetime.strptime(match["hour"], _HOUR)
    except ValueError:
        return None
