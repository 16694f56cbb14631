"""Deploy the template: the same code for the local stack and for AWS.

The artefacts are kept in a bucket that the template itself makes, so a new stack is first made with its buckets alone;
then with everything but its schedules, since they need the API's key, and the key its secret; then as it is meant.
Artefacts and template are stored under the hash of their content, so a deployment that changes nothing uploads nothing
and ends at once.
"""

import hashlib
import json
import logging
import os
import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from aviation import aws, home, places, secret
from aviation.api_key import VARIABLE
from aviation.deploy import buckets, change_sets, events, reservations, states, wheels
from aviation.deploy.boundary import with_boundary
from aviation.deploy.buckets import BUCKETS, is_there
from aviation.deploy.buckets import existing as bucket_names
from aviation.deploy.build import build
from aviation.deploy.plan import check_plan, with_defaults
from aviation.deploy.template import TEMPLATE, read_parameters, read_template, taking_over, without_descriptions
from aviation.errors import AccessKeyError, ParameterError, PlanError, StackError
from aviation.poll import lease

logger = logging.getLogger(__name__)

ARTEFACTS = {
    "LambdaKey": "Deployment_Lambda.zip",
    "LoadScriptKey": "aviation_data_load.py",
    "LibraryKey": "aviation.zip",
}
BUCKET_OUTPUTS = {f"{title}Bucket" for title in BUCKETS}
NO_SCHEDULES = {"ScheduleState": "DISABLED"}


def deploy(
    stack: str, parameters: dict[str, str], *, root: Path, key: str | None = None, show: bool = False
) -> dict[str, str]:
    """Make or update the stack from the checkout `root`, with these template parameters, and put the API's key into its
    secret. Returns its outputs by name.

    Whatever an earlier deployment left is taken up (`states`). No schedule is enabled before the secret holds a key:
    without one, given now or before, all stay disabled. With `show` the changes are logged before they are made, a line
    each. A StackError names the first resource that failed and the reason; CloudFormation has rolled back by then.
    """
    artefacts, parameters = _artefacts(root, parameters), with_boundary(stack, parameters)
    if not states.settle(stack) or BUCKET_OUTPUTS - set(_outputs(stack)):
        buckets.provide(stack, parameters, root)
    bucket = _outputs(stack)["ArtefactsBucket"]
    keys = {parameter: _upload(bucket, file) for parameter, file in artefacts.items()}
    template = _uploaded_template(bucket, root)
    parameters = parameters | keys | reservations.allowed(stack, parameters, root)
    first = parameters if _keep_key(stack, key) else parameters | NO_SCHEDULES
    changed = change_sets.apply(stack, template, first, show=show)
    if not _keep_key(stack, key):
        logger.info("deploy: %s: the API's key is missing, no schedule runs: set %s and deploy again", stack, VARIABLE)
    elif first != parameters:
        logger.info("deploy: %s: enabling the schedules", stack)
        changed += change_sets.apply(stack, template, parameters, show=show)
    outputs = _outputs(stack)
    secret.stored(outputs["AddressesSecret"])  # restored, if somebody deleted it: the alerts read it
    logger.info("deploy: %s: %s", stack, f"{changed} resources changed" if changed else "nothing to change")
    return outputs


def stored_key(stack: str) -> str | None:
    """The API's key in the stack's secret; None where there is none, or no stack."""
    name = _outputs(stack).get("ApiKeySecret") if events.described(stack) else None
    return secret.stored(name) if name else None


def deploy_to_aws(
    stack: str, file: Path | None, *, root: Path, dry_run: bool = False, force: bool = False
) -> dict[str, str]:
    """Deploy with the template parameters in `file`, and the API's key in AVIATIONSTACK_ACCESS_KEY. Returns the stack's
    outputs by name.

    With `dry_run` the changes are logged, none is made, and no outputs are returned. PlanError where the API plan
    cannot carry the schedules' calls, unless `force`.
    """
    parameters = read_parameters(file, root) if file else {}
    home.use_stack(check_name(stack))
    _check_plan(stack, parameters, root, force)
    _check_database(stack, parameters, root)
    if dry_run:
        _preview(stack, parameters, root)
        return {}
    key = os.environ.get(VARIABLE, "").strip()
    if len(key.split()) > 1:
        raise AccessKeyError(f"{VARIABLE} has white space in it: that is no access key")
    return deploy(stack, parameters, root=root, key=key or None, show=True)


def destroy(stack: str, *, buckets: Iterable[str] = ()) -> None:
    """Delete the stack. Its buckets are kept, with all that is in them, except those that `buckets` names.

    StackError where there is neither a stack nor a bucket of it. ParameterError where a name is not one of the stack's
    buckets: nothing is deleted then.
    """
    home.use_stack(stack)
    exists, existing_buckets = events.described(stack), set(bucket_names(stack).values())
    if not exists and not existing_buckets:
        raise StackError(f"there is no stack '{stack}' in {aws.client('s3').meta.region_name}: nothing to destroy")
    doomed = set(buckets)
    if unknown := doomed - existing_buckets:
        raise ParameterError(
            f"{', '.join(sorted(unknown))}: not a bucket of the stack '{stack}', which has "
            f"{', '.join(sorted(existing_buckets))}"
        )
    if exists:
        states.delete(stack)
        logger.info("destroy: %s: the stack is gone", stack)
    for name in sorted(doomed):
        bucket = boto3.resource("s3", config=aws.CONFIG).Bucket(name)
        logger.info("destroy: %s: emptying the bucket %s", stack, name)
        bucket.object_versions.delete()
        bucket.delete()
    for name in sorted(existing_buckets - doomed):
        logger.info("destroy: %s: kept the bucket %s; to delete it too, name it with --bucket", stack, name)


def _keep_key(stack: str, key: str | None) -> bool:
    """Put the key, if it is given, into the stack's secret. Returns whether the secret holds one; it does not where
    there is no secret yet."""
    name = _outputs(stack).get("ApiKeySecret")
    if not name:
        return False
    if key:
        if secret.put(name, key):
            logger.info("deploy: %s: the API's key is stored in its secret", stack)
        return True
    return secret.stored(name) is not None


def _preview(stack: str, parameters: dict[str, str], root: Path) -> None:
    """Log what a deployment would change.

    The template of an existing stack is uploaded, under the hash of its content. A new stack has no bucket yet, and a
    request takes at most 51,200 bytes, so its template is sent along without its descriptions.
    """
    now = events.described(stack)
    ahead = states.way(now.status if now else None)
    if now and (ahead.then not in ("make", "change") and now.status != "REVIEW_IN_PROGRESS"):
        words = ahead.words.format(stack=stack)
        logger.info("deploy: %s: it is %s: %s; nothing was changed", stack, now.status, words)
        return
    exists = ahead.then == "change"
    keys = {parameter: _key(path) for parameter, path in _artefacts(root, parameters).items()}
    keys |= reservations.allowed(stack, parameters, root)
    kept = {} if exists else bucket_names(stack)
    if exists and (bucket := _outputs(stack).get("ArtefactsBucket")):
        template = _uploaded_template(bucket, root)
    else:
        body = without_descriptions(taking_over(read_template(root), buckets.as_kept(kept)))
        template = {"TemplateBody": json.dumps(body, separators=(",", ":"))}
    lines = change_sets.preview(stack, template, with_boundary(stack, parameters) | keys, adopting=bool(kept))
    for line in lines:
        logger.info("  %s", line)
    logger.info("deploy: %s: %d resources would change; nothing was changed", stack, len(lines))


def _uploaded_template(bucket: str, root: Path) -> dict[str, str]:
    key = _upload(bucket, root / TEMPLATE)
    return {"TemplateURL": f"{aws.client('s3').meta.endpoint_url}/{bucket}/{key}"}


def _artefacts(root: Path, parameters: dict[str, str]) -> dict[str, Path]:
    given = with_defaults(parameters, root)
    # Wheels are built, downloaded and uploaded only for a stack with such a job.
    jobs = [job for job in wheels.JOBS if given[job.switch] == "true"]
    built = build(root / "dist") | wheels.build(root / "dist", *jobs)
    names = ARTEFACTS | {parameter: name for job in jobs for parameter, name in job.keys.items()}
    return {parameter: built[name] for parameter, name in names.items()}


def _key(file: Path) -> str:
    content = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    if file.suffix == ".whl":
        return f"{content}/{file.name}"  # pip goes by a wheel's name
    name, _, kind = file.name.partition(".")
    return f"{name}-{content}.{kind}"


def _upload(bucket: str, file: Path) -> str:
    """Put the file into the bucket under the hash of its content, unless it is there already. Returns its key."""
    s3, key = aws.client("s3"), _key(file)
    if not is_there(partial(s3.head_object, Bucket=bucket, Key=key)):
        logger.info("deploy: uploading %s (%.1f MB)", file.name, file.stat().st_size / 1e6)
        s3.put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
    return key


def _check_plan(stack: str, parameters: dict[str, str], root: Path, force: bool) -> None:
    exists = events.described(stack) and "RunsBucket" in _outputs(stack)
    seen = lease.seen("flights") if exists else {}
    use = check_plan(parameters, root, seen=seen)
    for line in use.lines():
        logger.info("deploy: %s", line)
    if (reasons := use.refusals()) and not force:
        raise PlanError(f"{'; '.join(reasons)}; --force deploys it all the same")
    for reason in reasons:
        logger.info("deploy: all the same: %s", reason)


def _check_database(stack: str, parameters: dict[str, str], root: Path) -> None:
    """ParameterError where the Glue database is there already and is not this stack's."""
    if events.described(stack) and "Database" in states.resources(stack):
        return
    name = with_defaults(parameters, root)["DatabaseName"]
    try:
        aws.client("glue").get_database(Name=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "EntityNotFoundException":
            return
        raise
    raise ParameterError(
        f"the Glue database '{name}' is there already: set DatabaseName in the parameter file to another"
    )


def check_name(stack: str) -> str:
    """The stack's name, where the buckets can be named after it (63 characters, with account and region).

    ParameterError for another. Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,24}", stack):
        raise ParameterError(
            f"'{stack}' cannot be a stack's name: take lower case letters, digits and hyphens, a letter first, at most "
            "25 characters, since the buckets are named after it"
        )
    return stack


def _outputs(stack: str) -> dict[str, str]:
    places.stack_outputs.cache_clear()
    return places.stack_outputs(stack)
