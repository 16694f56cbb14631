"""The calls that `aviation` makes in this process, as IAM actions on ARNs."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import EndpointConnectionError

from support import iam
from support.aws_calls import ACCOUNT, REGION, S3_ACTIONS

ACTIONS = {
    **{f"s3:{name}": (f"s3:{action}",) for name, action in S3_ACTIONS.items()},
    "s3:DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "lambda:Invoke": ("lambda:InvokeFunction",),
}
"""The actions of an operation, where they are not called as it is.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"""
PLACEHOLDERS = {"Bucket": "BucketName", "Key": "ObjectName", "WorkGroup": "WorkGroupName", "Name": "WorkGroupName"}
"""What the reference calls a parameter, where it calls it otherwise."""


@contextmanager
def recorded(*, unsent: str = "", **named: str) -> Iterator[set[tuple[str, str]]]:
    """While it is open, every call of this process to AWS is added: the action, and an ARN that it is asked about.

    `unsent` is an operation that goes unanswered; `named` are the names that ARNs have where a call does not say them.
    """
    calls: set[tuple[str, str]] = set()
    call = BaseClient._make_api_call

    def noted(client: BaseClient, operation: str, given: dict[str, Any]) -> Any:
        name = f"{client.meta.service_model.signing_name}:{operation}"
        for action in ACTIONS.get(name, (name,)):
            calls.update((action, arn) for arn in _arns(action, named | given))
        if name == unsent:
            raise EndpointConnectionError(endpoint_url=client.meta.endpoint_url)
        return call(client, operation, given)

    BaseClient._make_api_call = noted
    try:
        yield calls
    finally:
        BaseClient._make_api_call = call


def _arns(action: str, given: dict[str, Any]) -> Iterator[str]:
    """The ARNs that the action is asked about, each of a kind that it knows and that the parameters name."""
    kinds = iam.resources_of(action)
    if not kinds:
        yield "*"
        return
    texts = {PLACEHOLDERS.get(name, name): value for name, value in given.items() if isinstance(value, str)}
    texts |= {"Partition": "aws", "Region": REGION, "Account": ACCOUNT}
    named = [value for value in texts.values() if value.startswith("arn:")]
    for text in named or kinds.values():
        name = next(
            (name for name in re.findall(r"\$\{(\w+)\}", text) if name not in ("Partition", "Region", "Account")), ""
        )
        if not name or name in texts:
            yield re.sub(r"\$\{(\w+)\}", lambda match: texts.get(match[1], "any"), text)
