"""How many calls of AWS a load makes, and how many of them it waits for one after another.

    .venv/bin/python benchmarks/calls.py [--loads 3] [--delay 0.1]

Polls a replayed day every half hour and loads each poll through a proxy that holds each call back by `--delay` seconds.
For how long at least one call is held back, divided by the delay, is the number of calls in a row: those that overlap
count once. Neither depends on how fast the machine is. Prints medians; uses a stack of its own in a temporary folder.
"""

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from aviation import home

ROOT = Path(__file__).parents[1]
DAY = datetime(2013, 7, 10, 10)


class Proxy:
    """A proxy on loopback before `endpoint`, in a thread of its own, that holds each call back by `delay` seconds.
    `held` has when each call began to be, by service and operation."""

    def __init__(self, endpoint: str, delay: float):
        self.upstream, self.delay = urlsplit(endpoint), delay
        self.held: list[tuple[float, str]] = []
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**20))
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def taken(self) -> tuple[Counter[str], float]:
        """The calls since the last time, by service and operation, and how many of them came one after another."""
        held, self.held = sorted(self.held), []
        until, waited = 0.0, 0.0
        for began, _ in held:
            waited += began + self.delay - max(began, until)
            until = began + self.delay
        return Counter(name for _, name in held), waited / self.delay

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, requests = await asyncio.open_connection(self.upstream.hostname, self.upstream.port)
        back = asyncio.create_task(_pass_on(answers, writer))
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.held.append((time.monotonic(), _operation(head.decode("latin-1"))))
                await asyncio.sleep(self.delay)
                requests.write(head)
                length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
                left = int(length[1]) if length else 0
                while left and (part := await reader.read(min(left, 2**16))):
                    left -= len(part)
                    requests.write(part)
                    await requests.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            requests.close()
        await back


def _operation(head: str) -> str:
    """The service and operation of a request, as its head says."""
    service = re.search(r"Credential=[^,]*/(\w+)/aws4_request", head, re.IGNORECASE)
    target = re.search(r"x-amz-target: *\S+\.(\w+)", head, re.IGNORECASE)
    method, _, rest = head.partition(" ")
    listing = "list-type=" in rest.partition(" ")[0]
    return f"{service[1] if service else 'unsigned'} {target[1] if target else 'LIST' if listing else method}"


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while part := await reader.read(2**16):
            writer.write(part)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


class Stack:
    """A local stack of its own in `folder`, used through the program as a person does."""

    def __init__(self, folder: Path):
        given = {name: value for name, value in os.environ.items() if not name.startswith(("AVIATION", "AWS_"))}
        self.environment = given | {"AVIATION_HOME": str(folder)}
        self("up", "--day", f"{DAY:%Y-%m-%d}")
        written = (folder / home.ENVIRONMENT).read_text().splitlines()
        self.environment |= dict(line.partition("=")[::2] for line in written)

    def __call__(self, *arguments: str, **environment: str) -> str:
        command = [sys.executable, "-m", "aviation", *arguments]
        return subprocess.run(
            command, env=self.environment | environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    def poll(self, number: int) -> None:
        """Poll flights at the day's half hour of that number."""
        self("clock", f"{DAY + timedelta(minutes=30 * number):%Y-%m-%dT%H:%MZ}")
        self("produce", "flights")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loads", type=int, default=3)
    parser.add_argument("--delay", type=float, default=0.1)
    chosen = parser.parse_args()
    taken = []
    with tempfile.TemporaryDirectory(prefix="aviation-calls-") as folder:
        stack = Stack(Path(folder))
        try:
            proxy = Proxy(stack.environment["AWS_ENDPOINT_URL"], chosen.delay)
            for number in range(1 + chosen.loads):
                stack.poll(number)
                stack("load", "flights", AWS_ENDPOINT_URL=proxy.url)
                taken.append(proxy.taken())
        finally:
            stack("down")
    counts, in_a_row = zip(*taken[1:], strict=True)  # the first load makes the tables
    for name in sorted(set().union(*counts)):
        print(f"{name:<40}{statistics.median(count[name] for count in counts):>8.0f}")
    print(f"{'in a row':<40}{statistics.median(in_a_row):>8.0f}")


if __name__ == "__main__":
    main()
