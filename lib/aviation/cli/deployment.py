"""AWS: what is built for it, the stack that is deployed, and what that costs."""

from pathlib import Path

import click

from aviation import home


@click.command()
@click.option("--dist", type=click.Path(path_type=Path), default=Path("dist"), show_default=True)
@click.option("--publish", is_flag=True, help="What the publishing job runs, too: downloads 90 MB of wheels once.")
@click.option("--train", is_flag=True, help="What the training job runs, too: downloads 90 MB of wheels once.")
def build(dist: Path, publish: bool, train: bool) -> None:
    """Build what AWS runs: the Lambda zip, the Glue script and its library."""
    from aviation.deploy import wheels
    from aviation.deploy.build import build as build_artefacts

    jobs = [job for job, chosen in ((wheels.PUBLISHING, publish), (wheels.TRAINING, train)) if chosen]
    for path in (build_artefacts(dist) | wheels.build(dist, *jobs)).values():
        click.echo(f"build: {path} ({path.stat().st_size / 1e6:.1f} MB)")


@click.command()
@click.option("--stack", required=True, help="The name of the CloudFormation stack.")
@click.option("--parameters", type=click.Path(path_type=Path), help="A YAML file of the template's parameters.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--force", is_flag=True, help="Deploy schedules that the API plan cannot carry, too.")
def deploy(stack: str, parameters: Path | None, dry_run: bool, force: bool) -> None:
    """Build, upload and deploy the template to AWS, with the key in AVIATIONSTACK_ACCESS_KEY."""
    from aviation.deploy.stack import deploy_to_aws

    outputs = deploy_to_aws(stack, parameters, root=home.root(), dry_run=dry_run, force=force)
    for name, value in outputs.items():
        click.echo(f"{name}: {value}")


@click.command()
@click.option("--stack", required=True, help="The name of the CloudFormation stack.")
@click.option("--bucket", "buckets", multiple=True, help="Delete this bucket too, with all that is in it (repeatable).")
def destroy(stack: str, buckets: tuple[str, ...]) -> None:
    """Delete a stack from AWS; its buckets stay, except those named."""
    from aviation.deploy.stack import destroy as destroy_stack

    destroy_stack(stack, buckets=buckets)


@click.command()
@click.option("--stack", required=True, help="The name of the CloudFormation stack.")
def first_deploy_check(stack: str) -> None:
    """Check on a deployed stack what only a real account can show, a line each; exit 1 where anything is NOT so."""
    from aviation.deploy.first_deploy import check

    for line in check(stack):
        click.echo(line)


@click.command()
@click.option("--parameters", type=click.Path(path_type=Path), help="A YAML file of the template's parameters.")
@click.option("--plan", help="Reckon with this plan of the flight API (else the parameter ApiPlan).")
@click.option("--flights-per-day", type=click.IntRange(1), help="Rows a day of the watch (else as polls reported).")
@click.option("--load-seconds", type=click.IntRange(1), help="Seconds that a load takes on Glue.")
@click.option("--stack", help="Reckon with what the polls and loads of this stack on AWS reported.")
def cost(
    parameters: Path | None, plan: str | None, flights_per_day: int | None, load_seconds: int | None, stack: str | None
) -> None:
    """Say what a month costs and how old data gets, beside other settings."""
    from aviation.deploy.cost import render
    from aviation.deploy.template import read_parameters
    from aviation.deploy.told import Told

    given = read_parameters(parameters, home.root()) if parameters else {}
    given |= {"ApiPlan": plan} if plan else {}
    if stack:
        home.use_stack(stack)
    told = Told.by_the_stack() if stack else None
    click.echo(render(given, home.root(), flights=flights_per_day, load_seconds=load_seconds, told=told))


COMMANDS = (build, deploy, destroy, first_deploy_check, cost)
