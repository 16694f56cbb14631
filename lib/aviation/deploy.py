"""Deploy the template: the same code for the local stack and for AWS.

The artefacts live in a bucket that the template itself makes, so a stack that does not exist yet is made in two
steps: without code, then with it. Artefacts are stored under the hash of their content, so a deployment that changes
nothing uploads nothing and is over at once.
"""

import hashlib
import json
import os
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path

import yaml
from botocore.exceptions import ClientError

from aviation import aws, places
from aviation.build import build
from aviation.errors import ParameterError, StackError
from aviation.parameters import unknown_parameter
from aviation.redact import remember

TEMPLATE = Path("infra/cloudformation.yaml")
ARTEFACTS = {
    "LambdaKey": "Deployment_Lambda.zip",
    "LoadScriptKey": "aviation_data_load.py",
    "LibraryKey": "aviation.zip",
}
BUCKETS = ("Raw", "Published", "Runs", "Artefacts")
SETTLED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_COMPLETE")
# A creation that failed leaves a stack that can only be deleted.
FAILED_TO_BE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
NEVER_MADE = ("REVIEW_IN_PROGRESS", *FAILED_TO_BE)
Progress = Callable[[str], None]


def deploy(stack: str, parameters: dict[str, str], *, root: Path, progress: Progress = print) -> dict[str, str]:
    """Make or update the stack from `root`'s template with its template `parameters`; return its outputs.

    A StackError names the first resource that failed and the reason; CloudFormation has rolled back by then.
    """
    artefacts = build(root / "dist")
    if not _exists(stack):
        _adopt_buckets(stack, progress)
        progress(f"deploy: {stack}: making the buckets and streams")
        _apply(stack, _template(root), parameters | dict.fromkeys(ARTEFACTS, ""), progress)
    keys = _upload(_outputs(stack)["ArtefactsBucket"], artefacts, progress)
    changed = _apply(stack, _template(root), parameters | keys, progress)
    progress(f"deploy: {stack}: {changed} resources changed" if changed else f"deploy: {stack}: nothing to change")
    places.stack_outputs.cache_clear()
    return _outputs(stack)


def deploy_to_aws(stack: str, file: Path | None, *, root: Path, progress: Progress = print) -> dict[str, str]:
    """Deploy with the template parameters in `file` and put the key of AVIATIONSTACK_ACCESS_KEY, where it is set."""
    parameters = read_parameters(file, root) if file else {}
    # Naming the stack keeps the environment of the local one out of this process.
    os.environ["AVIATION_STACK"] = stack
    outputs = deploy(stack, parameters, root=root, progress=progress)
    if key := os.environ.get("AVIATIONSTACK_ACCESS_KEY"):
        put_api_key(outputs, key)
    elif not read_api_key(outputs):
        progress(f"deploy: {stack}: the API's key is missing: set AVIATIONSTACK_ACCESS_KEY and deploy again")
    return outputs


def read_parameters(file: Path, root: Path) -> dict[str, str]:
    """The template's parameters in a YAML file, as text; ParameterError where the template has no such parameter."""
    declared = declared_parameters(root)
    if not file.is_file():
        raise ParameterError(f"there is no parameter file {file}")
    given = yaml.safe_load(file.read_text()) or {}
    for name in given:
        if name not in declared:
            raise ParameterError(f"{file}: {unknown_parameter(name, declared)}")
    return {name: str(value) for name, value in given.items()}


def declared_parameters(root: Path) -> dict[str, dict]:
    """The template's own declarations, by parameter name."""
    return yaml.load((root / TEMPLATE).read_text(), Loader=_TemplateLoader)["Parameters"]


class _TemplateLoader(yaml.SafeLoader):
    """Reads a template's declarations; intrinsic functions (`!Sub`) are let through unread."""


_TemplateLoader.add_multi_constructor("!", lambda loader, suffix, node: None)


def put_api_key(outputs: dict[str, str], key: str) -> None:
    """Store the flight API's key in the stack's secret, unless it is there already."""
    remember(key)
    secrets = aws.client("secretsmanager")
    if key != read_api_key(outputs):
        secrets.put_secret_value(SecretId=outputs["ApiKeySecret"], SecretString=key)


def read_api_key(outputs: dict[str, str]) -> str | None:
    """The key in the stack's secret, None while it is empty."""
    try:
        return (
            aws.client("secretsmanager").get_secret_value(SecretId=outputs["ApiKeySecret"]).get("SecretString") or None
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise


def _upload(bucket: str, artefacts: dict[str, Path], progress: Progress) -> dict[str, str]:
    s3 = aws.client("s3")
    keys = {}
    for parameter, name in ARTEFACTS.items():
        content = artefacts[name].read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:16]
        keys[parameter] = key = f"{Path(name).stem}-{digest}{Path(name).suffix}"
        if not _is_there(partial(s3.head_object, Bucket=bucket, Key=key)):
            progress(f"deploy: uploading {name} ({len(content) / 1e6:.1f} MB)")
            s3.put_object(Bucket=bucket, Key=key, Body=content)
    return keys


def _template(root: Path) -> str:
    return (root / TEMPLATE).read_text()


def _adopt_buckets(stack: str, progress: Progress) -> None:
    """Start the stack from the buckets that outlived an earlier one of its name, with what is in them."""
    account = aws.client("sts").get_caller_identity()["Account"]
    s3 = aws.client("s3")
    names = {f"{title}Bucket": f"{stack}-{title.lower()}-{account}-{s3.meta.region_name}" for title in BUCKETS}
    left = {logical: name for logical, name in names.items() if _is_there(partial(s3.head_bucket, Bucket=name))}
    if not left:
        return
    progress(f"deploy: {stack}: taking over {len(left)} buckets that are there already")
    kept = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    resources = {logical: kept | {"Properties": {"BucketName": name}} for logical, name in left.items()}
    imported = [
        {"ResourceType": kept["Type"], "LogicalResourceId": logical, "ResourceIdentifier": {"BucketName": name}}
        for logical, name in left.items()
    ]
    _apply(stack, json.dumps({"Resources": resources}), {}, progress, imported)


def _is_there(ask: Callable[[], object]) -> bool:
    """Whether S3 has what `ask` asks for."""
    try:
        ask()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def _apply(
    stack: str, template: str, parameters: dict[str, str], progress: Progress, imported: list[dict] | None = None
) -> int:
    """Make and execute a change set; the number of resources it changes. `imported` are existing ones to take over."""
    cloudformation = aws.client("cloudformation")
    kind = "IMPORT" if imported else "UPDATE" if _exists(stack) else "CREATE"
    name = f"aviation-{uuid.uuid4().hex}"
    cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName=name,
        ChangeSetType=kind,
        TemplateBody=template,
        **({"ResourcesToImport": imported} if imported else {}),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    change_set = _wait_for_change_set(cloudformation, stack, name)
    if not change_set.get("Changes"):
        cloudformation.delete_change_set(StackName=stack, ChangeSetName=name)
        return 0
    started = time.time()
    cloudformation.execute_change_set(StackName=stack, ChangeSetName=name)
    _wait_for_stack(cloudformation, stack, started, progress)
    return len(change_set["Changes"])


def _wait_for_change_set(cloudformation, stack: str, name: str) -> dict:
    while True:
        found = cloudformation.describe_change_set(StackName=stack, ChangeSetName=name)
        if found["Status"] == "CREATE_COMPLETE":
            return found
        if found["Status"] == "FAILED":
            reason = found.get("StatusReason", "")
            if "didn't contain changes" in reason or "No updates" in reason:
                return found | {"Changes": []}
            raise StackError(f"the template was refused for the stack '{stack}': {reason}")
        time.sleep(0.2)


def _wait_for_stack(cloudformation, stack: str, started: float, progress: Progress) -> None:
    seen: set[str] = set()
    while True:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        events = [
            event
            for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack)
            for event in page["StackEvents"]
            if event["Timestamp"].timestamp() >= started - 1
        ]
        for event in reversed(events):
            if event["EventId"] not in seen and event["ResourceStatus"].endswith("_FAILED"):
                progress(f"deploy: {event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'failed')}")
            seen.add(event["EventId"])
        status = found["StackStatus"]
        if status in SETTLED:
            return
        if not status.endswith("_IN_PROGRESS"):
            raise StackError(_failure(stack, status, events, found))
        time.sleep(0.3 if "AWS_ENDPOINT_URL" in os.environ else 5)


def _failure(stack: str, status: str, events: list[dict], found: dict) -> str:
    failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("_FAILED")]
    first = (
        failed[0] if failed else {"LogicalResourceId": stack, "ResourceStatusReason": found.get("StackStatusReason")}
    )
    return (
        f"the stack '{stack}' ended as {status}: {first['LogicalResourceId']}: "
        f"{first.get('ResourceStatusReason') or 'no reason given'}"
    )


def _exists(stack: str) -> bool:
    """Whether the stack was ever made; what is left of a creation that failed is deleted."""
    cloudformation = aws.client("cloudformation")
    try:
        status = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if "does not exist" in str(error):
            return False
        raise
    if status in FAILED_TO_BE:
        cloudformation.delete_stack(StackName=stack)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    return status not in NEVER_MADE


def _outputs(stack: str) -> dict[str, str]:
    places.stack_outputs.cache_clear()
    return places.stack_outputs(stack)
