"""What the emulator has acknowledged is on disk: an ASGI layer that lets no answer out before it is.

By itself the emulator keeps objects of S3 on disk, and everything else in memory until it is stopped. The emulator's
own Python runs this.
"""

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ministack import app as emulator
from ministack.core import persistence
from ministack.services import cloudformation, firehose, kinesis, lambda_svc, s3

from aviation.local.guard import App, Message, Receive, Send, fail

logger = logging.getLogger("aviation.durable")

SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/(?P<service>[^/]+)/")
READS = ("Get", "List", "Describe", "BatchGet", "Search")
"""How the names of actions that change nothing begin."""
DELIVERED = ("PutRecord", "PutRecords", "PutRecordBatch")
"""What a stream takes is kept as the objects that it is delivered to."""


@dataclass
class Work:
    """What one request still waits for, and what of it could not be written."""

    deliveries: list[asyncio.Task[Any]] = field(default_factory=list)
    failures: list[OSError] = field(default_factory=list)


WORK: ContextVar[Work] = ContextVar("work")


class Durable:
    """Stands before `app`, the emulator's. State is written per service, whole or not at all."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.written: dict[str, str] = {}
        self.orphans: list[set[str]] = []
        self.prune: Callable[[set[str]], None] = lambda_svc._prune_orphan_code_blobs
        # Code goes when the state that does not name it has been written, and not before.
        lambda_svc._prune_orphan_code_blobs = self.orphans.append

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        work = Work()
        WORK.set(work)
        refused = False

        async def settled(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start":
                await asyncio.gather(*work.deliveries)
                if message["status"] < 400:
                    self._save(scope, work)
                refused = bool(work.failures)
                if refused:
                    why = f"the local stack cannot write to its state folder: {work.failures[0].strerror}"
                    logger.error("%s", why)
                    await fail(send, scope, 503, "ServiceUnavailable", f"{why}: make room, and try again")
            if not refused:
                await send(message)

        await self.app(scope, receive, settled)

    def _save(self, scope: Message, work: Work) -> None:
        getters = emulator._build_persistence_save_dict()
        for key in changed(scope):
            if key in getters:
                try:
                    self._write(key, getters[key])
                except OSError as error:
                    work.failures.append(error)
                except (TypeError, ValueError) as error:  # some values in Athena's answers are no JSON
                    logger.error("the state of %s is not kept: %s", key, error)

    def _write(self, key: str, state: Callable[[], Any]) -> None:
        """Write the state of a service as the emulator does when it is stopped, if it is not what was written last."""
        content = _content(key, state)
        if content != self.written.get(key):
            file = Path(persistence.STATE_DIR, f"{key}.json")
            file.parent.mkdir(parents=True, exist_ok=True)
            partial = file.with_suffix(".tmp")
            try:
                partial.write_text(content)
                partial.replace(file)
            except OSError:
                partial.unlink(missing_ok=True)
                raise
            self.written[key] = content
        while self.orphans:
            self.prune(self.orphans.pop())


def _content(key: str, state: Callable[[], Any]) -> str:
    """A service's state in the emulator's format."""
    version = persistence._state_format_version(key)
    while True:
        # A function's thread may change a dictionary while it is read.
        with contextlib.suppress(RuntimeError):
            return json.dumps({"__ministack_format__": version, "payload": state()}, default=persistence._json_default)


def changed(scope: Message) -> list[str]:
    """The states that a request may have changed, by their names on disk."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    match = SCOPE.search(headers.get("authorization", ""))
    service, action = match["service"] if match else "", headers.get("x-amz-target", "").rpartition(".")[2]
    if service == "cloudformation":
        # It works on after its answer, on any service. A deployment that was killed is none: it is made again.
        stacks = cloudformation._stacks._data.values()
        is_busy = any(stack.get("StackStatus", "").endswith("_IN_PROGRESS") for stack in stacks)
        return [] if is_busy else list(emulator._state_map)
    if scope["method"] in ("GET", "HEAD") or action.startswith(READS) or action in DELIVERED:
        return []
    path = scope["path"].strip("/")
    if (service == "s3" and "/" in path) or path.endswith("/invocations"):
        return []  # objects are on disk; what a function does, it asks for
    known = emulator.SERVICE_REGISTRY.get(emulator.SERVICE_NAME_ALIASES.get(service, service), {})
    modules = {known.get("module"), *known.get("sub_modules", ())}
    return [key for key, module in emulator._state_map.items() if module in modules]


def install() -> None:
    """Have the emulator's services tell of what they write, and keep no record that has been delivered."""
    s3._atomic_write = _noting(s3._atomic_write)
    firehose._put_s3_object = _deliver
    firehose.ingest_from_kinesis_source = _forgetting(firehose.ingest_from_kinesis_source)
    kinesis.get_state = _without_records


def _noting(write: Callable[..., None]) -> Callable[..., None]:
    """The emulator logs that an object could not be written, and acknowledges it."""

    def noting(*arguments: Any, **options: Any) -> None:
        try:
            write(*arguments, **options)
        except OSError as error:
            if work := WORK.get(None):
                work.failures.append(error)
            raise

    return noting


def _deliver(bucket: str, key: str, body: bytes) -> None:
    """Put an object of a delivery stream; the request whose records it holds waits for it."""
    headers = {"content-type": "application/octet-stream", "content-length": str(len(body)), "host": "s3.localhost"}
    put = s3.handle_request("PUT", f"/{bucket}/{key}", headers, body, {}, internal=True)
    try:
        task = asyncio.get_running_loop().create_task(put)
    except RuntimeError:
        asyncio.run(put)
    else:
        if work := WORK.get(None):
            work.deliveries.append(task)


def _forgetting(ingest: Callable[[str, list[Any]], None]) -> Callable[[str, list[Any]], None]:
    """A delivery stream would keep every record that it ever delivered."""

    def forgetting(stream_arn: str, records: list[Any]) -> None:
        ingest(stream_arn, records)
        for stream in firehose._streams.values():
            for destination in stream.get("destinations", []):
                destination["records"].clear()

    return forgetting


def _without_records() -> dict[str, Any]:
    """The streams' state but for their records: what is delivered is in S3."""
    streams = type(kinesis._streams)()
    for name, stream in kinesis._streams._data.items():
        shards = {shard: {**about, "records": []} for shard, about in stream["shards"].items()}
        streams._data[name] = {**stream, "shards": shards}
    others = {"consumers": kinesis._consumers, "resource_policies": kinesis._resource_policies}
    return {"streams": streams, "shard_iterators": {}, **others}
