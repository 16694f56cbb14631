"""Records at a steady pace through the whole system, for minutes or an hour: is each there once, how late, how dear?

    .venv/bin/python benchmarks/sustained.py [--polls 5] [--every 72] [--legs 20000] [--seed 1] [--write]

An hour, a million records: `--polls 50`. Starts a flight API and a stack of its own; invokes the producer of flights
every so many seconds, and leaves the loads to the stack's own schedules. Each poll is of all legs, each of which has
changed since the poll before it. Prints a line a poll, then the report: lag, memory (of every process, looked at each
second), disk, and whether every record is there once. `--write` keeps the report in docs/sustained.md. Exits with 1
where something that must hold does not, with 130 where it was stopped; what it started has ended by then. Takes as long
as the polls and a minute or two more, 4 GB of memory and of disk.
"""

import argparse
import os
import secrets
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from aviation import api_key, aws, home, replay
from aviation.errors import AviationError, one_line
from aviation.jobs.start import run_producer
from aviation.local.processes import Process, choose_port, plain_environment
from aviation.local.stack import LocalStack
from aviation.places import stack_name
from hour import legs, outcome, report
from hour.report import Poll, Run
from hour.watching import Watching
from pages import circumstances

API = Path(__file__).parent / "hour/api.py"
PLAN = "professional"
LAST_LOAD_SECONDS, LOOK_SECONDS = 900, 5
MOST_POLLS, MOST_LEGS, MOST_SECONDS = 1000, 200_000, 3600


def start_api(api: Process, folder: Path, options: argparse.Namespace, key: str) -> str:
    """Start the flight API, in a process of its own; its base URL."""
    legs.write(folder / "legs.jsonl", options.legs)
    port = choose_port(None, None, "--port")
    arguments = [folder / "legs.jsonl", options.polls, options.seed]
    served = ["--day", legs.FIRST_DAY, "--clock", legs.clock(0).isoformat(), "--port", port]
    command = [sys.executable, str(API), *map(str, arguments), *map(str, served)]
    environment = plain_environment(**{api_key.VARIABLE: key}, HOME=str(folder))
    api.start(command, environment, f"http://127.0.0.1:{port}/_replay")
    return f"http://127.0.0.1:{port}/v1"


def start_stack(stack: LocalStack, url: str, key: str) -> None:
    """The stack, whose schedules start the loads; those of the producers are off, since a schedule goes by minutes."""
    os.environ[api_key.VARIABLE] = key
    try:
        stack.up(api_url=url, plan=PLAN, schedule=True)
    finally:
        del os.environ[api_key.VARIABLE]
    scheduler, group = aws.client("scheduler"), stack_name()
    for item in scheduler.list_schedules(GroupName=group)["Schedules"]:
        schedule = scheduler.get_schedule(Name=item["Name"], GroupName=group)
        if ":lambda:" in schedule["Target"]["Arn"]:
            wanted = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
            scheduler.update_schedule(**{name: schedule[name] for name in wanted}, State="DISABLED")


def poll(number: int, url: str, options: argparse.Namespace, stack: LocalStack, watching: Watching) -> Poll:
    """One poll of all legs; a poll that fails has 0 records, and is told."""
    replay.set_clock(url, legs.clock(number))
    begun, records, streamed = time.time(), 0, 0
    parameters = {"watch": {}, "max_calls": 2 * options.legs // 1000 + 20, "deadline_seconds": 240}
    try:
        counts = run_producer("flights", parameters).counts
        records, streamed, said = counts["records"], counts["bytes"], counts.get("warning", "")
    except AviationError as error:
        said = one_line(error)
    done = Poll(begun, time.time(), records, streamed, outcome.folder_bytes(stack.home / "ministack"))
    loads = outcome.loads()
    loaded = f"{sum(load.lines for load in loads):,} lines loaded in {len(loads)} batches"
    used = watching.samples[-1].used if watching.samples else {}
    memory = ", ".join(f"{group} {count / 1e6:,.0f}" for group, count in used.items())
    print(
        f"poll {number + 1:>3}: {records:,} records in {done.ended - begun:.1f} s; {loaded}; "
        f"MB: {memory}, folder {done.folder / 1e6:,.0f} {said}".rstrip(),
        flush=True,
    )
    return done


def measured(options: argparse.Namespace, folder: Path) -> Run:
    """Start everything, poll, wait for the last load, ask what came of it. All that it started has ended afterwards."""
    key, api, stack = secrets.token_hex(16), Process(folder, "api"), LocalStack(home.root(), folder / "home")
    with ExitStack() as started:
        started.callback(api.stop)
        started.callback(stack.down)
        url = start_api(api, folder, options, key)
        start_stack(stack, url, key)
        watching = started.enter_context(Watching(stack, api))
        first, polls = time.monotonic(), []
        for number in range(options.polls):
            time.sleep(max(0.0, first + number * options.every - time.monotonic()))
            polls.append(poll(number, url, options, stack, watching))
        wait_for_loads()
        loads = outcome.loads()
        failed = [line for line in stack.schedules.log.read_text().splitlines() if ": failed: " in line]
        for line in failed:
            print(line, flush=True)
        kept = outcome.kept(legs.read(folder / "legs.jsonl"), options.polls, options.seed)
        folder_bytes = outcome.folder_bytes(stack.home / "ministack")
        lags, sizes = outcome.lags(loads), outcome.sizes()
        return Run(options.legs, polls, loads, lags, kept, sizes, folder_bytes, watching, failed)


def wait_for_loads() -> None:
    """Wait until every raw object is loaded, for so long at most: what is missing then is told as lost."""
    until = time.monotonic() + LAST_LOAD_SECONDS
    while time.monotonic() < until:
        loaded = {key for load in outcome.loads() for key in load.objects}
        if all(key in loaded for key, _ in outcome.raw()):
            return
        time.sleep(LOOK_SECONDS)
    print(f"sustained: after {LAST_LOAD_SECONDS} s there is still something that no load has read", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--polls", type=int, default=5)
    parser.add_argument("--every", type=int, default=72, help="seconds from poll to poll (%(default)s)")
    parser.add_argument("--legs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    for name, most in (("polls", MOST_POLLS), ("legs", MOST_LEGS), ("every", MOST_SECONDS)):
        if not 1 <= getattr(options, name) <= most:
            parser.error(f"--{name} must be 1 to {most:,}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # it, too, ends what was started
    begun = circumstances() | {"every": options.every, "seed": options.seed}
    try:
        with tempfile.TemporaryDirectory(prefix="aviation-sustained-") as name:
            run = measured(options, Path(name))
    except KeyboardInterrupt:
        print("sustained: stopped, with all that it had started", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
    except AviationError as error:
        sys.exit(f"sustained: {one_line(error)}")
    text = report.write(run, begun)
    print(f"\n{text}")
    if options.write:
        report.keep(text)
    sys.exit(any(verdict.holds is False for verdict in report.verdicts(run)))


if __name__ == "__main__":
    main()
