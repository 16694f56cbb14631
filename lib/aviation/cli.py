"""The program `aviation`: a thin wrapper, every command one call into the package."""

import logging
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
from botocore.exceptions import BotoCoreError, ClientError

from aviation import backend, home
from aviation.entities import ENTITIES
from aviation.errors import AviationError, ParameterError
from aviation.redact import guard_logs
from aviation.times import parse_utc, utc_text


class Commands(click.Group):
    """Every error that Aviation raises ends as one line on stderr and its exit code; --debug shows the traceback."""

    def invoke(self, context: click.Context):
        try:
            return super().invoke(context)
        except AviationError as error:
            if context.params.get("debug"):
                raise
            click.echo(f"aviation: {error}", err=True)
            context.exit(error.exit_code)
        except BrokenPipeError:  # `| head` has read enough
            sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - it is open until the process ends
            context.exit(0)
        except OSError as error:
            if context.params.get("debug"):
                raise
            click.echo(f"aviation: {' '.join(str(error).split())}", err=True)
            context.exit(1)
        except click.UsageError as error:
            where = error.ctx.command_path if error.ctx else "aviation"
            click.echo(f"aviation: {error.format_message()} See '{where} --help'.", err=True)
            context.exit(error.exit_code)
        except (BotoCoreError, ClientError) as error:
            if context.params.get("debug"):
                raise
            click.echo(f"aviation: AWS said: {error}{backend.in_use().hint}", err=True)
            context.exit(1)


class Echo(logging.Handler):
    """Log records as plain lines on stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(self.format(record), err=True)


@contextmanager
def progress_shown(level: int) -> Iterator[None]:
    """What the package logs from `level` up is shown: the progress of a command."""
    logger, echo = logging.getLogger("aviation"), Echo()
    before = logger.level, logger.propagate
    logger.addHandler(echo)
    logger.setLevel(level)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(echo)
        logger.level, logger.propagate = before


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error, and what libraries log.")
def main(debug: bool):
    """Flight data, at most 30 minutes old, from the aviationstack API to tables."""
    guard_logs()
    logging.basicConfig(level=logging.DEBUG if debug else logging.WARNING)
    click.get_current_context().with_resource(progress_shown(logging.DEBUG if debug else logging.INFO))


@main.command()
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="The day of 2013 that the replay serves.")
@click.option("--api-url", help="Use the flight API at this URL, with AVIATIONSTACK_ACCESS_KEY, not the replay.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="The AWS emulator's port (else the last one, or a free one)."
)
@click.option(
    "--replay-port", type=click.IntRange(1, 65535), help="The replay's port (else the last one, or a free one)."
)
@click.option("--schedule", is_flag=True, help="Let the deployed schedules poll and load, while the day goes by.")
@click.option(
    "--every",
    type=int,
    metavar="MINUTES",
    help="With --schedule: flights so often; the others stay daily, at 03:12 UTC.",
)
def up(
    day: datetime | None,
    api_url: str | None,
    port: int | None,
    replay_port: int | None,
    schedule: bool,
    every: int | None,
):
    """Start the local stack and deploy the template into it."""
    if every is not None and not schedule:
        raise ParameterError("--every says how often the schedules run: give --schedule too")
    environment = _local_stack().up(
        day=f"{day:%Y-%m-%d}" if day else None,
        api_url=api_url,
        port=port,
        replay_port=replay_port,
        schedule=schedule,
        every=every,
    )
    click.echo(
        f"up: AWS at {environment['AWS_ENDPOINT_URL']}, the flight API at {environment['AVIATIONSTACK_BASE_URL']}"
    )


@main.command()
@click.option("--purge", is_flag=True, help="Forget its data too.")
def down(purge: bool):
    """Stop the local stack."""
    click.echo("down: stopped" if _local_stack().down(purge=purge) else "down: nothing was running")


@main.command()
@click.argument("time", required=False)
def clock(time: str | None):
    """Show the replay's clock, or set it to TIME (ISO 8601, UTC)."""
    click.echo(utc_text(_local_stack().clock(parse_utc(time) if time else None)))


@main.command()
@click.argument("entity")
def produce(entity: str):
    """Run one producer, through its deployed Lambda."""
    from aviation.jobs.start import run_producer

    _show_run(run_producer(entity))


@main.command()
@click.argument("entities", nargs=-1, metavar=f"[{'|'.join(ENTITIES)}]...")
@click.option(
    "--all", "reconcile", is_flag=True, help="Look in all of raw for what is new, not only in its last hours."
)
def load(entities: tuple[str, ...], reconcile: bool):
    """Load what is new in raw into the tables; all entities where none is named."""
    from aviation.entities import entity_named

    names = [entity_named(name).name for name in entities]
    _show_run(backend.in_use().load({"entities": names, "reconcile": reconcile}))


@main.command()
@click.argument("entities", nargs=-1, metavar=f"[{'|'.join(ENTITIES)}]...")
def requeue(entities: tuple[str, ...]):
    """Load quarantined records again, once what was wrong is mended; what is still refused stays in quarantine."""
    from aviation.entities import entity_named

    names = [entity_named(name).name for name in entities]
    _show_run(backend.in_use().load({"entities": names, "requeue": True}))


@main.command()
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The first day.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The last day.")
@click.option(
    "-f",
    "--file",
    type=click.Path(path_type=Path),
    default=Path("parameters/producer/flights.yaml"),
    show_default=True,
    help="The producer's parameters; its filters go with each day's date.",
)
@click.option("--load-every", type=int, default=30, show_default=True, help="Load after so many days.")
@click.option("--again", is_flag=True, help="Poll days again that were polled before.")
def backfill(first: datetime, last: datetime, file: Path, load_every: int, again: bool):
    """Take past days: poll each once, load them in batches. Cut off, the same command goes on where it stopped."""
    from aviation.jobs.backfill import run as run_backfill

    done = run_backfill(first.date(), last.date(), file=file, load_every=load_every, again=again)
    click.echo(f"backfill: {done['days']:,} days, {done['records']:,} records, {done['loaded']:,} observations loaded")


@main.command()
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option("-f", "--file", type=click.Path(path_type=Path), help="A YAML file of parameters.")
@click.option("-p", "--parameter", "pairs", nargs=2, multiple=True, metavar="NAME VALUE", help="One parameter.")
def run(notebook: Path, file: Path | None, pairs: tuple[tuple[str, str], ...]):
    """Run any notebook as a job."""
    from aviation.runs import notebook as runs

    _show_run(runs.execute(notebook, runs.read_parameters(file, dict(pairs)), job=notebook.stem))


@main.command()
@click.argument("sql")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--as-of", metavar="TIME", help="Answer as the tables stood then (ISO 8601, UTC).")
def query(sql: str, form: str, as_of: str | None):
    """Ask the tables, in Athena's SQL."""
    from aviation import query as tables
    from aviation.sql.answer import as_text

    answer = tables.sql(sql, as_of=as_of)
    if as_of:
        click.echo("as of: reference tables (cities, airplanes, aircraft_types) answer as of now", err=True)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    click.echo(as_text(answer, form, width))


@main.command()
@click.option("--stack", help="A stack on AWS (else the one that the shell is set up for, or the local one).")
def status(stack: str | None):
    """How old each table is, and what the last runs did."""
    from aviation.status import render

    if stack:
        home.use_stack(stack)
    click.echo(render())


@main.group(invoke_without_command=True)
@click.option("--job", help="Only this job's, say producer/flights.")
@click.option("--failed", is_flag=True, help="Only those that failed, of the newest so many.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="The newest so many.")
@click.pass_context
def runs(context: click.Context, job: str | None, failed: bool, limit: int):
    """List the last runs: when, how long, what came of them; a failed one with its cell and its reason."""
    from aviation.runs import notebook as all_runs
    from aviation.runs import pages as run_pages

    if context.invoked_subcommand:
        return
    found = [record for record in all_runs.latest(job, limit) if not failed or record["status"] == "failed"]
    for record in found:
        click.echo(run_pages.line(record))
    if not found:
        click.echo("no such runs" if job or failed else "no runs yet: start one with 'aviation produce flights'")


@runs.command()
@click.argument("run_id")
@click.option("--open/--no-open", "browse", default=None, help="Open it in a browser (by default on a terminal).")
def show(run_id: str, browse: bool | None):
    """Write the executed notebook of a run as HTML and open it; its path is the last line. RUN_ID can be cut short."""
    from aviation.runs import notebook as all_runs
    from aviation.runs import pages as run_pages

    record = all_runs.find(run_id)
    click.echo(run_pages.line(record))
    page = run_pages.write_page(record)
    if browse or (browse is None and sys.stdout.isatty()):
        click.launch(str(page))
    click.echo(page)


@runs.command()
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="The newest so many.")
def index(limit: int):
    """Write <home>/runs/index.html: the failed runs on top, each with its failing cell; its path is the last line."""
    from aviation.runs import notebook as all_runs
    from aviation.runs import pages as run_pages

    click.echo(run_pages.write_index(all_runs.latest(limit=limit)))


@main.command()
@click.argument("run_id")
def retry(run_id: str):
    """Run a run again, with the same parameters. RUN_ID can be cut short."""
    from aviation.jobs import start as jobs
    from aviation.runs import notebook as all_runs

    _show_run(jobs.retry(all_runs.find(run_id)))


@main.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where to write it (else <home>/dashboard.html).")
def dashboard(output: Path | None):
    """Render the HTML dashboard; its path is the last line."""
    from aviation.dashboard.page import write

    click.echo(write(output or home.home() / "dashboard.html"))


@main.command()
@click.option("--dist", type=click.Path(path_type=Path), default=Path("dist"), show_default=True)
def build(dist: Path):
    """Build what AWS runs: the Lambda zip, the Glue script and its library."""
    from aviation.deploy.build import build as build_artefacts

    for path in build_artefacts(dist).values():
        click.echo(f"build: {path} ({path.stat().st_size / 1e6:.1f} MB)")


@main.command()
@click.option("--stack", required=True, help="The name of the CloudFormation stack.")
@click.option("--parameters", type=click.Path(path_type=Path), help="A YAML file of the template's parameters.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--force", is_flag=True, help="Deploy schedules that the API plan cannot carry, too.")
def deploy(stack: str, parameters: Path | None, dry_run: bool, force: bool):
    """Build, upload and deploy the template to AWS, with the key in AVIATIONSTACK_ACCESS_KEY."""
    from aviation.deploy.stack import deploy_to_aws

    outputs = deploy_to_aws(stack, parameters, root=home.root(), dry_run=dry_run, force=force)
    for name, value in outputs.items():
        click.echo(f"{name}: {value}")


@main.command()
@click.option("--stack", required=True, help="The name of the CloudFormation stack.")
@click.option("--bucket", "buckets", multiple=True, help="Delete this bucket too, with all that is in it (repeatable).")
def destroy(stack: str, buckets: tuple[str, ...]):
    """Delete a stack from AWS; its buckets stay, except those named."""
    from aviation.deploy.stack import destroy as destroy_stack

    destroy_stack(stack, buckets=buckets)


@main.command()
@click.option("--parameters", type=click.Path(path_type=Path), help="A YAML file of the template's parameters.")
@click.option("--plan", help="Reckon with this plan of the flight API (else the parameter ApiPlan).")
@click.option("--flights-per-day", type=click.IntRange(1), help="Flights that a poll finds (else all that it may ask).")
@click.option("--load-seconds", type=click.IntRange(1), help="Seconds that a load takes on Glue.")
def cost(parameters: Path | None, plan: str | None, flights_per_day: int | None, load_seconds: int | None):
    """Say what a month costs and how old data gets, beside other settings."""
    from aviation.deploy.cost import LOAD_SECONDS, render
    from aviation.deploy.template import read_parameters

    given = read_parameters(parameters, home.root()) if parameters else {}
    given |= {"ApiPlan": plan} if plan else {}
    click.echo(render(given, home.root(), flights=flights_per_day, load_seconds=load_seconds or LOAD_SECONDS))


@main.command()
def demo():
    """Poll a real day 13 times, load it once, show what came of it."""
    from aviation.jobs.demo import run as run_demo

    run_demo(_local_stack())


def _local_stack():
    from aviation.local.stack import LocalStack

    return LocalStack(home.root())


def _show_run(record: dict) -> None:
    click.echo(f"{record['status']}  run {record['run_id']}  {record['seconds']:.1f} s")
    for name, value in record["counts"].items():
        click.echo(f"  {name:<24} {value}")


if __name__ == "__main__":
    sys.exit(main())
