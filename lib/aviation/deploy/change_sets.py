"""Changes to a CloudFormation stack: made as change sets, shown, executed and followed to their end."""

import logging
import time
import uuid
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError, WaiterError
from tqdm import tqdm

from aviation import aws
from aviation.errors import StackError

logger = logging.getLogger(__name__)

SUCCEEDED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_COMPLETE")
DELETED = ("DELETE_COMPLETE",)
CREATION_FAILED = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
"""What is left of a creation that failed can only be deleted."""
NEVER_CREATED = ("REVIEW_IN_PROGRESS", *CREATION_FAILED)
CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
LOG_EVERY_SECONDS = 10
MOST_POLLS = 600
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 5.0
MOST_REASON_LETTERS = 600
"""CloudFormation's reason for refusing a template can contain the whole template: it is cut to this length."""
NEXT_STEPS = {
    "UPDATE_ROLLBACK_FAILED": "; mend that resource, then run 'aws cloudformation continue-update-rollback'",
    "DELETE_FAILED": "; mend that resource, then run the same command again",
}


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
    as `ResourcesToImport` takes them. With `show` the changes are logged first, a line each. StackError names the first
    resource that failed, and why; CloudFormation has rolled back by then.
    """
    cloudformation = aws.client("cloudformation")
    name, changes = _make(stack, template, parameters, imported)
    if not changes:
        cloudformation.delete_change_set(StackName=stack, ChangeSetName=name)
        return 0
    if show:
        for line in _described(changes):
            logger.info("  %s", line)
    seen = _events_so_far(stack)
    cloudformation.execute_change_set(StackName=stack, ChangeSetName=name)
    _follow(stack, seen, len(changes))
    return len(changes)


def preview(stack: str, template: dict[str, str], parameters: dict[str, str]) -> list[str]:
    """What `apply` would change, a line for each resource. Nothing is changed, and the change set is deleted again."""
    cloudformation = aws.client("cloudformation")
    existed = exists(stack)
    name, changes = _make(stack, template, parameters, None)
    cloudformation.delete_change_set(StackName=stack, ChangeSetName=name)
    if not existed:  # the change set of a new stack leaves an empty stack behind
        delete(stack)
    return _described(changes)


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


def delete(stack: str) -> None:
    """Delete the stack and wait until it is gone. StackError names the first resource that could not be deleted."""
    cloudformation = aws.client("cloudformation")
    # Once deleted, a stack is found by its id only.
    stack_id = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    total = sum(len(page["StackResourceSummaries"]) for page in pages)
    seen = _events_so_far(stack_id)
    cloudformation.delete_stack(StackName=stack)
    _follow(stack_id, seen, total, until=DELETED)


def exists(stack: str) -> bool:
    """Whether the stack has been created. What is left of a creation that failed is deleted here."""
    try:
        status = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if "does not exist" in str(error):
            return False
        raise
    if status in CREATION_FAILED:
        delete(stack)
    return status not in NEVER_CREATED


def _make(
    stack: str, template: dict[str, str], parameters: dict[str, str], imported: list[dict[str, Any]] | None
) -> tuple[str, list[dict[str, Any]]]:
    """Make a change set and wait until it can be executed: its name and its changes."""
    cloudformation = aws.client("cloudformation")
    name = f"aviation-{uuid.uuid4().hex}"
    try:
        cloudformation.create_change_set(
            StackName=stack,
            ChangeSetName=name,
            ChangeSetType="IMPORT" if imported else "UPDATE" if exists(stack) else "CREATE",
            **template,
            **({"ResourcesToImport": imported} if imported else {}),
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
        cloudformation.delete_change_set(**change_set)
        raise _refused(stack, reason) from error
    pages = cloudformation.get_paginator("describe_change_set").paginate(**change_set)
    return name, [change for page in pages for change in page.get("Changes", [])]


def _refused(stack: str, reason: str) -> StackError:
    reason = " ".join(reason.split())[:MOST_REASON_LETTERS]
    return StackError(f"the template was refused for the stack '{stack}': {reason}")


def _follow(stack: str, seen: set[str], total: int, until: tuple[str, ...] = SUCCEEDED) -> None:
    """Wait while `total` resources change, until the stack has a status of `until`; StackError for any other end.

    A resource that fails is logged at once. Those that are done move a bar on a terminal; elsewhere a line counts them
    every LOG_EVERY_SECONDS. `seen` are the ids of the events before the change.
    """
    cloudformation = aws.client("cloudformation")
    events: list[dict[str, Any]] = []
    done: set[str] = set()
    logged_at = time.monotonic()
    pause = FIRST_PAUSE_SECONDS
    with tqdm(total=total, unit="resource", disable=None, leave=False) as bar:
        while True:
            status = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
            for event in _new_events(stack, seen):
                events.append(event)
                if event["ResourceStatus"].endswith("_FAILED"):
                    logger.info("%s: %s", event["LogicalResourceId"], event.get("ResourceStatusReason", "failed"))
                if event["ResourceStatus"].endswith("_COMPLETE") and event["PhysicalResourceId"] != event["StackId"]:
                    done.add(event["LogicalResourceId"])
            bar.update(min(len(done), total) - bar.n)
            if bar.disable and time.monotonic() - logged_at > LOG_EVERY_SECONDS:
                logged_at = time.monotonic()
                logger.info("%d of %d resources", len(done), total)
            if status in until:
                return
            if not status.endswith("_IN_PROGRESS"):
                raise StackError(_failure(stack, status, events))
            time.sleep(pause)
            pause = min(LONGEST_PAUSE_SECONDS, pause * 1.5)


def _events_so_far(stack: str) -> set[str]:
    """The ids of all events of the stack; none where there is no such stack."""
    seen: set[str] = set()
    _new_events(stack, seen)
    return seen


def _new_events(stack: str, seen: set[str]) -> list[dict[str, Any]]:
    """The stack's events that are not in `seen`, oldest first; their ids are added to it."""
    events = []
    try:
        for event in _newest_first(stack):
            if event["EventId"] in seen:
                break
            events.append(event)
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
    seen.update(event["EventId"] for event in events)
    return events[::-1]


def _newest_first(stack: str) -> Iterator[dict[str, Any]]:
    for page in aws.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack):
        yield from page["StackEvents"]


def _failure(stack: str, status: str, events: list[dict[str, Any]]) -> str:
    """Why the stack ended as `status`: the first resource that failed. One that was cancelled because another failed
    comes last, as a consequence."""
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
    failed.sort(key=lambda event: "cancelled" in event.get("ResourceStatusReason", ""))
    first = failed[0] if failed else {"LogicalResourceId": stack}
    reason = first.get("ResourceStatusReason") or "no reason given"
    name = stack.partition("/")[2].partition("/")[0] or stack
    return f"the stack '{name}' ended as {status}: {first['LogicalResourceId']}: {reason}{NEXT_STEPS.get(status, '')}"
