"""Changes to a CloudFormation stack: made as change sets, shown, executed and followed to their end."""

import json
import logging
import uuid
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from aviation import aws
from aviation.deploy import events, states
from aviation.errors import StackError

logger = logging.getLogger(__name__)

SUCCEEDED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_COMPLETE")
CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
MOST_POLLS = 600
MOST_REASON_LETTERS = 600
"""CloudFormation's reason for refusing a template can contain the whole template: it is cut to this length."""


def apply(
    stack: str,
    template: dict[str, str],
    parameters: dict[str, str],
    *,
    show: bool = False,
    imported: list[dict[str, Any]] | None = None,
) -> int:
    """Make a change set, execute it and wait for its end. Returns how many resources it changed.

    `template` is `{"TemplateBody": text}` or `{"TemplateURL": url}`; `imported` are existing resources to take over,
    as `ResourcesToImport` takes them. With `show` the changes are logged first, a line each. What else is under way is
    waited for (`states.settle`). StackError names the first resource that failed, and why; CloudFormation has rolled
    back by then.
    """
    cloudformation = aws.client("cloudformation")
    exists = states.settle(stack)
    kind = "IMPORT" if imported else "UPDATE" if exists else "CREATE"
    more = {"ResourcesToImport": imported} if imported else {}
    try:
        name, changes = _make(stack, template, parameters, kind, more)
    except StackError:
        _forget_unmade(stack, exists)
        raise
    if not changes:
        cloudformation.delete_change_set(StackName=stack, ChangeSetName=name)
        return 0
    if show:
        for line in _described(changes):
            logger.info("  %s", line)
    seen = events.so_far(stack)
    cloudformation.execute_change_set(StackName=stack, ChangeSetName=name)
    ending = events.follow(stack, seen, len(changes))
    if ending.status not in SUCCEEDED:
        raise StackError(ending.why(stack))
    return len(changes)


def preview(stack: str, template: dict[str, str], parameters: dict[str, str], *, adopting: bool = False) -> list[str]:
    """What `apply` would change, a line for each resource. Nothing is changed, and the change set is deleted again.

    The stack either can be changed, or there is none. With `adopting` it is one to be made, of which some buckets are
    there already: without saying so, CloudFormation refuses names that are taken.
    """
    exists = states.way(found.status if (found := events.described(stack)) else None).then == "change"
    more = {"ImportExistingResources": True} if adopting else {}
    try:
        name, changes = _make(stack, template, parameters, "UPDATE" if exists else "CREATE", more)
        aws.client("cloudformation").delete_change_set(StackName=stack, ChangeSetName=name)
    finally:
        _forget_unmade(stack, exists)
    return _described(changes)


def as_it_is(stack: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The template that the stack was last made from, after its transforms, and its parameters."""
    cloudformation = aws.client("cloudformation")
    body = cloudformation.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
    found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0].get("Parameters", [])
    parameters = {item["ParameterKey"]: item["ParameterValue"] for item in found}
    return json.loads(body) if isinstance(body, str) else body, parameters


def _forget_unmade(stack: str, existed: bool) -> None:
    """Delete the empty stack that the change set of a new stack leaves behind."""
    if not existed and (now := events.described(stack)) and now.status == "REVIEW_IN_PROGRESS":
        states.delete(now.id)


def _described(changes: list[dict[str, Any]]) -> list[str]:
    """The changes of a change set in words: what happens to which resource, because of which properties."""
    lines = []
    for change in (change["ResourceChange"] for change in changes):
        action = "replace" if change.get("Replacement") == "True" else change["Action"].lower()
        targets = [detail.get("Target", {}) for detail in change.get("Details", [])]
        properties = dict.fromkeys(target.get("Name") or target.get("Attribute") for target in targets)
        cause = f": {', '.join(filter(None, properties))}" if any(properties) else ""
        lines.append(f"{action:<8} {change['LogicalResourceId']} ({change['ResourceType']}){cause}")
    return sorted(lines)


def _make(
    stack: str, template: dict[str, str], parameters: dict[str, str], kind: str, more: dict[str, Any]
) -> tuple[str, list[dict[str, Any]]]:
    """Make a change set and wait until it can be executed: its name and its changes."""
    cloudformation = aws.client("cloudformation")
    name = f"aviation-{uuid.uuid4().hex}"
    try:
        made = cloudformation.create_change_set(
            StackName=stack,
            ChangeSetName=name,
            ChangeSetType=kind,
            **template,
            **more,
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=CAPABILITIES,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise _refused(stack, error.response["Error"]["Message"]) from error
    change_set = {"StackName": stack, "ChangeSetName": name}
    try:
        waiter = cloudformation.get_waiter("change_set_create_complete")
        waiter.wait(**change_set, WaiterConfig={"Delay": 1, "MaxAttempts": MOST_POLLS})
    except WaiterError as error:
        if error.last_response.get("Status") != "FAILED":
            raise StackError(f"the change set of the stack '{stack}' could not be followed: {error}") from error
        reason = error.last_response.get("StatusReason", "")
        if "didn't contain changes" in reason or "No updates" in reason:
            return name, []
        refused = _refused(stack, reason, *events.early_validation(reason, ChangeSetName=made["Id"]))
        cloudformation.delete_change_set(**change_set)
        raise refused from error
    pages = cloudformation.get_paginator("describe_change_set").paginate(**change_set)
    return name, [change for page in pages for change in page.get("Changes", [])]


def _refused(stack: str, reason: str, *found: str) -> StackError:
    reason = "; ".join(found) or " ".join(reason.split())[:MOST_REASON_LETTERS]
    return StackError(f"the template was refused for the stack '{stack}': {reason}")
