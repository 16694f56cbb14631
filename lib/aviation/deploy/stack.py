"""Deploy the template: the same code for the local stack and for AWS.

The artefacts are kept in a bucket that the template itself makes, so a new stack is first made with its buckets alone.
Artefacts and template are stored under the hash of their content, so a deployment that changes nothing uploads nothing
and ends at once.
"""

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from aviation import api_key, aws, home, places
from aviation.deploy import change_sets
from aviation.deploy.boundary import with_boundary
from aviation.deploy.build import build
from aviation.deploy.plan import check_plan
from aviation.deploy.template import TEMPLATE, buckets_alone, read_parameters, read_template, without_descriptions
from aviation.errors import ParameterError, PlanError, StackError

logger = logging.getLogger(__name__)

ARTEFACTS = {
    "LambdaKey": "Deployment_Lambda.zip",
    "LoadScriptKey": "aviation_data_load.py",
    "LibraryKey": "aviation.zip",
}
BUCKETS = ("Raw", "Published", "Runs", "Artefacts")


def deploy(stack: str, parameters: dict[str, str], *, root: Path, show: bool = False) -> dict[str, str]:
    """Make or update the stack from the checkout `root`, with these template parameters. Returns its outputs by name.

    With `show` the changes are logged before they are made, a line each. A StackError names the first resource that
    failed and the reason; CloudFormation has rolled back by then.
    """
    artefacts, parameters = _artefacts(root), with_boundary(stack, parameters)
    if not change_sets.exists(stack):
        _adopt_buckets(stack)
        _make_buckets(stack, parameters, root)
    bucket = _outputs(stack)["ArtefactsBucket"]
    keys = {parameter: _upload(bucket, file) for parameter, file in artefacts.items()}
    template = _uploaded_template(bucket, root)
    changed = change_sets.apply(stack, template, parameters | keys, show=show)
    logger.info("deploy: %s: %s", stack, f"{changed} resources changed" if changed else "nothing to change")
    return _outputs(stack)


def deploy_to_aws(
    stack: str, file: Path | None, *, root: Path, dry_run: bool = False, force: bool = False
) -> dict[str, str]:
    """Deploy with the template parameters in `file`, and put the API's key from AVIATIONSTACK_ACCESS_KEY, if that is
    set, into the stack's secret. Returns the stack's outputs by name.

    With `dry_run` the changes are logged, none is made, and no outputs are returned. PlanError where the API plan
    cannot carry the schedules' calls, unless `force`.
    """
    parameters = read_parameters(file, root) if file else {}
    _check_plan(parameters, root, force)
    home.use_stack(stack)
    if dry_run:
        _preview(stack, parameters, root)
        return {}
    outputs = deploy(stack, parameters, root=root, show=True)
    if key := os.environ.get(api_key.VARIABLE):
        api_key.put(outputs["ApiKeySecret"], key)
    elif not api_key.read(outputs["ApiKeySecret"]):
        logger.info("deploy: %s: the API's key is missing: set AVIATIONSTACK_ACCESS_KEY and deploy again", stack)
    return outputs


def destroy(stack: str, *, buckets: Iterable[str] = ()) -> None:
    """Delete the stack. Its buckets are kept, with all that is in them, except those that `buckets` names.

    StackError where there is neither a stack nor a bucket of it. ParameterError where a name is not one of the stack's
    buckets: nothing is deleted then.
    """
    home.use_stack(stack)
    exists, existing_buckets = change_sets.exists(stack), set(_existing_buckets(stack).values())
    if not exists and not existing_buckets:
        raise StackError(f"there is no stack '{stack}' in {aws.client('s3').meta.region_name}: nothing to destroy")
    doomed = set(buckets)
    if unknown := doomed - existing_buckets:
        raise ParameterError(
            f"{', '.join(sorted(unknown))}: not a bucket of the stack '{stack}', which has "
            f"{', '.join(sorted(existing_buckets))}"
        )
    if exists:
        change_sets.delete(stack)
        logger.info("destroy: %s: the stack is gone", stack)
    for name in sorted(doomed):
        bucket = boto3.resource("s3", config=aws.CONFIG).Bucket(name)
        logger.info("destroy: %s: emptying the bucket %s", stack, name)
        bucket.object_versions.delete()
        bucket.delete()
    for name in sorted(existing_buckets - doomed):
        logger.info("destroy: %s: kept the bucket %s; to delete it too, name it with --bucket", stack, name)


def _preview(stack: str, parameters: dict[str, str], root: Path) -> None:
    """Log what a deployment would change.

    The template of an existing stack is uploaded, under the hash of its content. A new stack has no bucket yet, and a
    request takes at most 51,200 bytes, so its template is sent along without its descriptions.
    """
    keys = {parameter: _key(path) for parameter, path in _artefacts(root).items()}
    if change_sets.exists(stack):
        template = _uploaded_template(_outputs(stack)["ArtefactsBucket"], root)
    else:
        body = without_descriptions(read_template(root))
        template = {"TemplateBody": json.dumps(body, separators=(",", ":"))}
    lines = change_sets.preview(stack, template, with_boundary(stack, parameters) | keys)
    for line in lines:
        logger.info("  %s", line)
    logger.info("deploy: %s: %d resources would change; nothing was changed", stack, len(lines))


def _uploaded_template(bucket: str, root: Path) -> dict[str, str]:
    key = _upload(bucket, root / TEMPLATE)
    return {"TemplateURL": f"{aws.client('s3').meta.endpoint_url}/{bucket}/{key}"}


def _artefacts(root: Path) -> dict[str, Path]:
    built = build(root / "dist")
    return {parameter: built[name] for parameter, name in ARTEFACTS.items()}


def _key(file: Path) -> str:
    return f"{file.stem}-{hashlib.sha256(file.read_bytes()).hexdigest()[:16]}{file.suffix}"


def _upload(bucket: str, file: Path) -> str:
    """Put the file into the bucket under the hash of its content, unless it is there already. Returns its key."""
    s3, key = aws.client("s3"), _key(file)
    if not _exists(partial(s3.head_object, Bucket=bucket, Key=key)):
        logger.info("deploy: uploading %s (%.1f MB)", file.name, file.stat().st_size / 1e6)
        s3.put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
    return key


def _make_buckets(stack: str, parameters: dict[str, str], root: Path) -> None:
    """Make a new stack that has its buckets and nothing else."""
    logger.info("deploy: %s: making the buckets", stack)
    template = buckets_alone(read_template(root))
    declared = {name: value for name, value in parameters.items() if name in template["Parameters"]}
    change_sets.apply(stack, {"TemplateBody": json.dumps(template)}, declared)


def _existing_buckets(stack: str) -> dict[str, str]:
    """The names of the stack's buckets that exist, by logical id, whether the stack exists or not."""
    account = aws.client("sts").get_caller_identity()["Account"]
    s3 = aws.client("s3")
    names = {f"{title}Bucket": f"{stack}-{title.lower()}-{account}-{s3.meta.region_name}" for title in BUCKETS}
    return {logical: name for logical, name in names.items() if _exists(partial(s3.head_bucket, Bucket=name))}


def _adopt_buckets(stack: str) -> None:
    """Make the stack from the buckets that an earlier stack of its name left behind, with all that is in them."""
    buckets = _existing_buckets(stack)
    if not buckets:
        return
    logger.info("deploy: %s: taking over %d buckets that are there already", stack, len(buckets))
    kept = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    resources = {logical: kept | {"Properties": {"BucketName": name}} for logical, name in buckets.items()}
    imported = [
        {"ResourceType": kept["Type"], "LogicalResourceId": logical, "ResourceIdentifier": {"BucketName": name}}
        for logical, name in buckets.items()
    ]
    change_sets.apply(stack, {"TemplateBody": json.dumps({"Resources": resources})}, {}, imported=imported)


def _exists(head: Callable[[], object]) -> bool:
    """Whether S3 has the bucket or object that the request `head` asks about."""
    try:
        head()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def _check_plan(parameters: dict[str, str], root: Path, force: bool) -> None:
    use = check_plan(parameters, root)
    for line in use.lines():
        logger.info("deploy: %s", line)
    if not use.fits and not force:
        raise PlanError(use.refusal())


def _outputs(stack: str) -> dict[str, str]:
    places.stack_outputs.cache_clear()
    return places.stack_outputs(stack)
