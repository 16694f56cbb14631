"""A stack's buckets: made before all else, kept when the stack goes, and taken over by the next stack of its name."""

import json
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from aviation import aws
from aviation.deploy import change_sets, states
from aviation.deploy.template import buckets_alone, read_template

logger = logging.getLogger(__name__)

BUCKETS = ("Raw", "Published", "Runs", "Artefacts")
KEPT = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def provide(stack: str, parameters: dict[str, str], root: Path) -> None:
    """Give the stack its buckets, and make it where there is none: those that an earlier stack of its name, or a
    deployment that was interrupted, left behind are taken over with all that is in them, the others are made."""
    held: dict[str, tuple[str, str]] = {}
    if states.settle(stack) and not (held := states.resources(stack)):
        states.delete(stack)  # an import that was rolled back can leave a stack of nothing, which cannot be updated
    left_behind = {logical: name for logical, name in existing(stack).items() if logical not in held}
    if left_behind:
        logger.info("deploy: %s: taking over %d buckets that are there already", stack, len(left_behind))
        adopt(stack, left_behind, *(change_sets.as_it_is(stack) if held else ({}, {})))
    logger.info("deploy: %s: making the buckets", stack)
    template = buckets_alone(read_template(root))
    declared = {name: value for name, value in parameters.items() if name in template["Parameters"]}
    change_sets.apply(stack, {"TemplateBody": json.dumps(template)}, declared)


def adopt(stack: str, buckets: dict[str, str], template: dict[str, Any], parameters: dict[str, str]) -> None:
    """Import the buckets (names by logical id) into the stack, which has this template and these parameters (neither
    where there is no stack): an import adds resources, and changes nothing else. The buckets' properties follow with
    the next change."""
    imported = [
        {"ResourceType": KEPT["Type"], "LogicalResourceId": logical, "ResourceIdentifier": {"BucketName": name}}
        for logical, name in buckets.items()
    ]
    grown = template | {"Resources": template.get("Resources", {}) | as_kept(buckets)}
    change_sets.apply(stack, {"TemplateBody": json.dumps(grown)}, parameters, imported=imported)


def as_kept(buckets: dict[str, str]) -> dict[str, Any]:
    """The buckets (names by logical id) as resources that can be taken over."""
    return {logical: KEPT | {"Properties": {"BucketName": name}} for logical, name in buckets.items()}


def existing(stack: str) -> dict[str, str]:
    """The names of the stack's buckets that exist, by logical id, whether the stack exists or not."""
    account = aws.client("sts").get_caller_identity()["Account"]
    s3 = aws.client("s3")
    names = {f"{title}Bucket": f"{stack}-{title.lower()}-{account}-{s3.meta.region_name}" for title in BUCKETS}
    return {logical: name for logical, name in names.items() if is_there(partial(s3.head_bucket, Bucket=name))}


def is_there(head: Callable[[], object]) -> bool:
    """Whether S3 has the bucket or object that the request `head` asks about."""
    try:
        head()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True
