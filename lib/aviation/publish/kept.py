"""Files kept in the runs bucket, each under the newest and under its day."""

import mimetypes
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from aviation import aws
from aviation.places import place

PREFIX = "published"
LATEST = f"{PREFIX}/latest"
"""What the template puts behind CloudFront, where it is asked to."""
DAYS = f"{PREFIX}/days"
PAGE = "dashboard.html"


def put(folder: Path, day: date | None) -> list[str]:
    """Put every file of `folder` under LATEST, and under DAYS if the day that they are about is known; returns their
    keys as they were written.

    Pictures come before the pages that show them, PAGE last of all: who looks meanwhile sees the pages of before.
    """
    s3, bucket, keys = aws.client("s3"), place("RunsBucket"), []
    for prefix in ([f"{DAYS}/{day}"] if day else []) + [LATEST]:
        for file in _pages_last(file for file in folder.rglob("*") if file.is_file()):
            keys.append(f"{prefix}/{file.relative_to(folder).as_posix()}")
            s3.put_object(
                Bucket=bucket,
                Key=keys[-1],
                Body=file.read_bytes(),
                ContentType=content_type(file),
                CacheControl="no-cache",
            )
    return keys


def _pages_last(files: Iterable[Path]) -> list[Path]:
    return sorted(files, key=lambda file: (file.name == PAGE, file.suffix == ".html", file))


def content_type(file: Path) -> str:
    """What a browser is told that a file is, by its name."""
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
