"""Past runs: a list, and pages to read them."""

import sys

import click


@click.group(invoke_without_command=True)
@click.option("--job", help="Only this job's, say producer/flights.")
@click.option("--failed", is_flag=True, help="Only those that failed, of the newest 2,000.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many, newest first.")
@click.pass_context
def runs(context: click.Context, job: str | None, failed: bool, limit: int) -> None:
    """List the last runs: when, how long, what came of them; a failed one with its cell and its reason."""
    if context.invoked_subcommand:
        return
    from aviation.runs import pages, store

    records = store.latest(job, limit, failed=failed)
    for record in records:
        click.echo(pages.line(record))
    if not records:
        click.echo("no such runs" if job or failed else "no runs yet: start one with 'aviation produce flights'")


@runs.command()
@click.argument("run_id")
@click.option("--open/--no-open", "browse", default=None, help="Open it in a browser (by default on a terminal).")
def show(run_id: str, browse: bool | None) -> None:
    """Write the executed notebook of a run as HTML and open it; its path is the last line. RUN_ID can be cut short."""
    from aviation.runs import pages, store

    record = store.find(run_id)
    click.echo(pages.line(record))
    page = pages.write_page(record)
    if browse or (browse is None and sys.stdout.isatty()):
        click.launch(str(page))
    click.echo(page)


@runs.command()
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="How many, newest first.")
def index(limit: int) -> None:
    """Write <home>/runs/index.html: the failed runs on top, each with its failing cell; its path is the last line."""
    from aviation.runs import pages, store

    click.echo(pages.write_index(store.latest(limit=limit)))


COMMANDS = (runs,)
