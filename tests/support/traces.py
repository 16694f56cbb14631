"""Where a secret is to be found: in files, packed or not, and in what processes were started with."""

import base64
import contextlib
import gzip
import html
import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import psutil

DEEPEST = 3
"""A packed file within a packed file is looked into so often."""


def forms(secret: str) -> set[bytes]:
    """The secret as files and command lines can hold it: plain, and as URLs, JSON, HTML, hex and base64 write it, the
    last wherever in a longer text it begins."""
    plain = secret.encode()
    texts = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), html.escape(secret)}
    texts |= {json.dumps(secret)[1:-1], repr(secret)[1:-1], plain.hex(), plain.hex().upper()}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            whole = encode(bytes(before) + plain).decode().rstrip("=")
            # The letters at either end hold bits of what stands beside the secret, too.
            texts.add(whole[(0, 2, 3)[before] : -1])
    return {text.encode() for text in texts} | {secret.encode("utf-16-le")}


def in_files(secret: str, roots: Iterable[Path], *, but: Iterable[Path] = ()) -> list[str]:
    """The files under `roots` (files or folders) that hold it, by their contents or their names; within a packed one
    the member, after `!`. `but` are files and folders that may."""
    sought, kept = forms(secret), [place.resolve() for place in but]
    found = []
    for file in _files(roots):
        if any(file.resolve().is_relative_to(place) for place in kept):
            continue
        if any(form in os.fsencode(file) for form in sought):
            found.append(f"{file}: its name")
        try:
            content = file.read_bytes()
        except FileNotFoundError:  # it went while we looked
            continue
        found += _within(str(file), content, sought, DEEPEST)
    return found


def in_processes(secret: str, pids: Iterable[int]) -> list[str]:
    """Those of the processes that have it on their command line or in the environment that they were started with, as
    `<pid> <place>`: `cmdline` or `environ`."""
    sought = forms(secret)
    return [
        f"{pid} {place}"
        for pid in pids
        for place in ("cmdline", "environ")
        if any(form in _started_with(pid, place) for form in sought)
    ]


def of_stack(home: Path) -> set[int]:
    """The processes that belong to the local stack whose state folder is `home`: those that were started with that
    folder in their environment or on their command line, and their children. This one is none."""
    folder = os.fsencode(home)
    first = [
        pid for pid in psutil.pids() if any(folder in _started_with(pid, place) for place in ("cmdline", "environ"))
    ]
    found = set(first)
    for pid in first:
        with contextlib.suppress(psutil.NoSuchProcess):
            found |= {child.pid for child in psutil.Process(pid).children(recursive=True)}
    return found - {os.getpid()}


def _started_with(pid: int, place: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{place}").read_bytes()
    except OSError:  # it has ended, or is another user's
        return b""


def _files(roots: Iterable[Path]) -> Iterator[Path]:
    for root in roots:
        yield from [root] if root.is_file() else (file for file in root.rglob("*") if file.is_file())


def _within(where: str, content: bytes, sought: set[bytes], depth: int) -> list[str]:
    found = [where] if any(form in content for form in sought) else []
    if not depth:
        return found
    for name, inner in _members(content):
        found += _within(f"{where}!{name}", inner, sought, depth - 1)
    return found


def _members(content: bytes) -> Iterator[tuple[str, bytes]]:
    """What is packed in it, by name; nothing where it is not packed, or is broken."""
    try:
        if content.startswith(b"\x1f\x8b"):
            yield "gzip", gzip.decompress(content)
        elif zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for name in archive.namelist():
                    yield name, archive.read(name)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError):
        return
