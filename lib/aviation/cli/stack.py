"""The local stack: up, down, its clock, the demo."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from aviation import home
from aviation.errors import ParameterError
from aviation.poll.plans import PLANS
from aviation.times import parse_utc, utc_text

if TYPE_CHECKING:
    from aviation.local.stack import LocalStack


@click.command()
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="The day of 2013 that the replay serves.")
@click.option("--api-url", help="Use the flight API at this URL, with AVIATIONSTACK_ACCESS_KEY, not the replay.")
@click.option("--plan", type=click.Choice(list(PLANS)), help="The plan of that API's key.  [default: basic]")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="The AWS emulator's port (else the last one, or a free one)."
)
@click.option(
    "--replay-port", type=click.IntRange(1, 65535), help="The replay's port (else the last one, or a free one)."
)
@click.option("--board-port", type=click.IntRange(1, 65535), help="The board's port (else the last one, or 8800).")
@click.option("--schedule", is_flag=True, help="Let the deployed schedules poll and load, while the day goes by.")
@click.option(
    "--every",
    type=int,
    metavar="MINUTES",
    help="With --schedule: minutes between polls of flights; the others stay daily, at 03:12 UTC.",
)
@click.option("--purge", is_flag=True, help="Forget the data of the last stack first.")
def up(
    day: datetime | None,
    api_url: str | None,
    plan: str | None,
    port: int | None,
    replay_port: int | None,
    board_port: int | None,
    schedule: bool,
    every: int | None,
    purge: bool,
) -> None:
    """Start the local stack and deploy the template into it."""
    if every is not None and not schedule:
        raise ParameterError("--every says how often the schedules run: give --schedule too")
    if plan and not api_url:
        raise ParameterError("--plan is of the key for --api-url: give that too (the replay has no plan)")
    stack = _local_stack()
    environment = stack.up(
        day=f"{day:%Y-%m-%d}" if day else None,
        api_url=api_url,
        plan=plan,
        port=port,
        replay_port=replay_port,
        board_port=board_port,
        schedule=schedule,
        every=every,
        purge=purge,
    )
    where = (
        f"AWS at {environment['AWS_ENDPOINT_URL']}",
        f"the flight API at {environment['AVIATIONSTACK_BASE_URL']}",
        f"the board at {stack.board.open()}",
    )
    click.echo(f"up: {', '.join(where)}")


@click.command()
@click.option("--purge", is_flag=True, help="Forget its data too.")
def down(purge: bool) -> None:
    """Stop the local stack."""
    click.echo("down: stopped" if _local_stack().down(purge=purge) else "down: nothing was running")


@click.command()
@click.argument("time", required=False)
def clock(time: str | None) -> None:
    """Show the replay's clock, or set it to TIME (ISO 8601, UTC)."""
    when = parse_utc(time) if time else None
    click.echo(utc_text(_local_stack().clock(when)))


@click.command()
def demo() -> None:
    """Poll a real day 13 times, load it once, show what came of it."""
    from aviation.jobs.demo import run as run_demo

    run_demo(_local_stack())


def _local_stack() -> "LocalStack":
    from aviation.local.stack import LocalStack

    return LocalStack(home.root())


COMMANDS = (up, down, clock, demo)
