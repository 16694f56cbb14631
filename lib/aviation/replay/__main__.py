"""`python -m aviation.replay`: serve the replay until SIGTERM or SIGINT."""

import argparse
import os
import signal
import sys
from datetime import UTC, datetime
from threading import Thread

from aviation.replay.server import Replay

KEY = "AVIATIONSTACK_ACCESS_KEY"


def main() -> None:
    """Read the arguments, serve, and stop on a signal. The key comes from the environment: arguments are public."""
    parser = argparse.ArgumentParser(prog="python -m aviation.replay", description=__doc__)
    parser.add_argument("--day", default="2013-07-10", help="the day of 2013 that is replayed (%(default)s)")
    parser.add_argument("--clock", type=_utc, help="where the clock stands at first (12:30Z on the day after)")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 chooses a free one, which is printed")
    parser.add_argument("--quota", type=int, help="how many calls are answered (no end)")
    parser.add_argument(
        "--max-limit", type=int, choices=(100, 1000), default=1000, help="the plan's largest page (%(default)s)"
    )
    options = parser.parse_args()
    key = os.environ.get(KEY)
    if not key:
        parser.error(f"set {KEY} to the access key that the replay shall ask for")
    try:
        server = Replay(**vars(options), key=key, log=True)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    for number in (signal.SIGTERM, signal.SIGINT):
        # From a thread: `shutdown` waits for `serve_forever`, which the signal interrupts.
        signal.signal(number, lambda *_: Thread(target=server.shutdown).start())
    print(f"replay: {options.day} at {server.url}, clock {server.state()['clock']}", flush=True)
    with server:
        server.serve_forever(poll_interval=0.1)
    sys.exit(0)


def _utc(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


if __name__ == "__main__":
    main()
