"""Where alerts and the morning brief go beside the stack's topic, and the brief itself."""

import sys
from pathlib import Path
from typing import Any

import click

from aviation import home
from aviation.errors import AviationError
from aviation.words import counted


@click.command()
@click.option("--set", "sets", is_flag=True, help="Read addresses from stdin, one a line, and keep them instead.")
@click.option("--test", "tests", is_flag=True, help="Send a message to each address.")
@click.option("--clear", "clears", is_flag=True, help="Keep no address.")
@click.option("--stack", help="A stack on AWS (else the one that the shell is set up for, or the local one).")
def tell(sets: bool, tests: bool, clears: bool, stack: str | None) -> None:
    """Where messages go beside the topic: mail, Slack, Teams, a webhook. Without an option, which kinds there are.

    An address is a URL of apprise (https://appriseit.com/services/). It holds secrets: it is kept in a secret of the
    stack's, and never shown.
    """
    from aviation import tell as told

    if sum((sets, tests, clears)) > 1:
        raise click.UsageError("give one of --set, --test and --clear")
    if stack:
        home.use_stack(stack)
    if sets:
        click.echo(f"tell: {counted(len(told.put(_given())), 'address', 'addresses')} kept; try them with --test")
        return
    if clears:
        told.clear()
        click.echo("tell: no address is kept")
        return
    addresses = told.kept()
    if not addresses:
        nothing = "no address is kept: 'aviation tell --set' reads them from stdin, one a line"
        if tests:
            raise AviationError(nothing)
        click.echo(f"tell: {nothing}")
    if tests:
        _test(addresses)
        return
    for number, address in enumerate(addresses, 1):
        click.echo(f"{number}. {address.kind}" + ("" if address.service else f": {told.NOT_KNOWN}"))


def _test(addresses: list[Any]) -> None:
    """Send a message to each address and say which took it, and why another did not. AviationError where any did
    not."""
    from aviation import tell as told

    message = told.Message("Aviation: a test", "Alerts and the morning brief come here.")
    lost = 0
    for number, address in enumerate(addresses, 1):
        why = told.tried(message, address)
        click.echo(f"{number}. {address.kind}: {f'not delivered: {why}' if why else 'delivered'}")
        lost += bool(why)
    if lost:
        raise AviationError(
            f"{lost} of {counted(len(addresses), 'address', 'addresses')} did not take the message: is each of "
            "them still right, and reachable from here?"
        )


def _given() -> str:
    """The addresses from stdin; from a person line by line, unseen, until an empty line."""
    if not sys.stdin.isatty():
        return sys.stdin.read()
    lines = []
    while line := click.prompt("address (empty ends)", default="", hide_input=True, show_default=False, err=True):
        lines.append(line)
    return "\n".join(lines)


@click.command()
@click.option("-o", "--output", type=click.Path(file_okay=False), help="The folder for it (else <home>/brief).")
@click.option("--as-of", metavar="TIME", default="", help="Speak as of that time (ISO 8601, UTC).")
@click.option("--send", "sends", is_flag=True, help="Send it to the addresses of 'aviation tell', too.")
@click.option("--stack", help="A stack on AWS (else the one that the shell is set up for, or the local one).")
def brief(output: str | None, as_of: str, sends: bool, stack: str | None) -> None:
    """Write the morning brief, a page, text and pictures; the page's path is the last line."""
    from aviation import brief as written

    if stack:
        home.use_stack(stack)
    chosen = written.resolve(as_of=as_of, sends=sends, folder=output or "")
    made, report = written.run(chosen)
    click.echo(made.title)
    click.echo(Path(output or home.home() / "brief").resolve() / "brief.html")
    if warning := report.get("warning"):
        raise AviationError(str(warning))


COMMANDS = (tell, brief)
