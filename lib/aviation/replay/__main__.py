"""`python -m aviation.replay`: serve the replay until SIGTERM or SIGINT."""

import argparse
import os
import signal
import sys
from datetime import datetime
from threading import Thread

from aviation.errors import ParameterError
from aviation.replay import DEFAULT_DAY
from aviation.replay.server import Replay
from aviation.times import parse_utc

KEY = "AVIATIONSTACK_ACCESS_KEY"


def main() -> None:
    """Read the arguments, serve, and stop on a signal. The key comes from the environment: arguments are public."""
    parser = argparse.ArgumentParser(prog="python -m aviation.replay", description=__doc__)
    parser.add_argument("--day", default=DEFAULT_DAY, help="the day of 2013 to replay (%(default)s)")
    parser.add_argument("--clock", type=_utc, help="the time it starts at, in UTC (12:30Z on the day after)")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 picks a free one and prints it")
    parser.add_argument("--quota", type=int, help="how many calls it answers (no limit)")
    parser.add_argument(
        "--max-limit", type=int, choices=(100, 1000), default=1000, help="the plan's largest page (%(default)s)"
    )
    options = parser.parse_args()
    key = os.environ.get(KEY)
    if not key:
        parser.error(f"set {KEY} to the access key that callers must send")
    try:
        server = Replay(**vars(options), key=key, log=True)
    except (ParameterError, OSError) as error:
        parser.error(str(error))
    for number in (signal.SIGTERM, signal.SIGINT):
        # From a thread: `shutdown` waits for `serve_forever`, which the signal interrupts.
        signal.signal(number, lambda *_: Thread(target=server.shutdown).start())
    print(f"replay: {options.day} at {server.url}, clock {server.state()['clock']}", flush=True)
    with server:
        server.serve_forever(poll_interval=0.1)
    sys.exit(0)


def _utc(text: str) -> datetime:
    try:
        return parse_utc(text)
    except ParameterError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    main()
