"""What is in the tables: a question, how fresh they are, the dashboard."""

import shutil
import sys
from pathlib import Path

import click

from aviation import home


@click.command()
@click.argument("sql")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--as-of", metavar="TIME", help="Answer as the tables stood then (ISO 8601, UTC).")
def query(sql: str, form: str, as_of: str | None) -> None:
    """Ask the tables, in Athena's SQL."""
    from aviation import query as tables
    from aviation.cli.answer import as_text

    answer = tables.sql(sql, as_of=as_of)
    if as_of:
        click.echo("as of: reference tables (cities, airplanes, aircraft_types) answer as of now", err=True)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    click.echo(as_text(answer, form, width))


@click.command()
@click.option("--stack", help="A stack on AWS (else the one that the shell is set up for, or the local one).")
def status(stack: str | None) -> None:
    """How old each table is, and what the last runs did."""
    from aviation.status import render

    if stack:
        home.use_stack(stack)
    click.echo(render())


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where to write it (else <home>/dashboard.html).")
@click.option("--day", default="", metavar="DATE", help="The flights of that date (else of the newest).")
@click.option("--as-of", metavar="TIME", help="As the tables stood then (ISO 8601, UTC).")
def dashboard(output: Path | None, day: str, as_of: str | None) -> None:
    """Write the board's page Now as one file that needs no board; its path is the last line."""
    from aviation.board.offline import write

    click.echo(write(output or home.home() / "dashboard.html", day=day, as_of=as_of))


COMMANDS = (query, status, dashboard)
