"""Changes to a CloudFormation stack: made as change sets, shown, applied and followed to their end."""

import logging
import os
import time
import uuid
from collections.abc import Iterator

from botocore.exceptions import ClientError, WaiterError
from tqdm import tqdm

from aviation import aws
from aviation.errors import StackError

logger = logging.getLogger(__name__)

SETTLED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_COMPLETE")
DELETED = "DELETE_COMPLETE"
# A creation that failed leaves a stack that can only be deleted.
FAILED_TO_BE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
NEVER_MADE = ("REVIEW_IN_PROGRESS", *FAILED_TO_BE)
CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
LINE_SECONDS = 10
MOST_WAITS = 600
MOST_REASON = 600
"""Of what CloudFormation says of a template, which can hold all of it."""
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
    imported: list[dict] | None = None,
) -> int:
    """Make a change set, execute it and wait for its end; the number of resources that it changes.

    With `show` the changes are logged first, a line each.

    `template` is `{"TemplateBody": text}` or `{"TemplateURL": url}`; `imported` are existing resources to take over.
    StackError names the first resource that failed, and why; CloudFormation has rolled back by then.
    """
    cloudformation = aws.client("cloudformation")
    name, changes = _make(stack, template, parameters, imported)
    if not changes:
        cloudformation.delete_change_set(StackName=stack, ChangeSetName=name)
        return 0
    if show:
        for line in described(changes):
            logger.info("  %s", line)
    seen = {event["EventId"] for event in _events(stack)}
    cloudformation.execute_change_set(StackName=stack, ChangeSetName=name)
    _follow(stack, seen, len(changes))
    return len(changes)


def preview(stack: str, template: dict[str, str], parameters: dict[str, str]) -> list[str]:
    """What `apply` would change, a line a resource; nothing is left of the asking."""
    cloudformation = aws.client("cloudformation")
    was_there = exists(stack)
    name, changes = _make(stack, template, parameters, None)
    cloudformation.delete_change_set(StackName=stack, ChangeSetName=name)
    if not was_there:  # a stack that is only a change set stays behind as an empty one
        delete(stack)
    return described(changes)


def described(changes: list[dict]) -> list[str]:
    """The changes of a change set in words: what becomes of which resource, and by which of its properties."""
    lines = []
    for change in (change["ResourceChange"] for change in changes):
        what = "replace" if change.get("Replacement") == "True" else change["Action"].lower()
        targets = [detail.get("Target", {}) for detail in change.get("Details", [])]
        names = dict.fromkeys(target.get("Name") or target.get("Attribute") for target in targets)
        because = f": {', '.join(filter(None, names))}" if any(names) else ""
        lines.append(f"{what:<8} {change['LogicalResourceId']} ({change['ResourceType']}){because}")
    return sorted(lines)


def delete(stack: str) -> None:
    """Delete the stack and wait until it is gone. StackError names the first resource that could not be deleted."""
    cloudformation = aws.client("cloudformation")
    # A deleted stack answers to its id alone.
    stack_id = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    total = sum(len(page["StackResourceSummaries"]) for page in pages)
    seen = {event["EventId"] for event in _events(stack_id)}
    cloudformation.delete_stack(StackName=stack)
    _follow(stack_id, seen, total, settled=(DELETED,))


def exists(stack: str) -> bool:
    """Whether the stack was ever made; what is left of a creation that failed is deleted."""
    try:
        status = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if "does not exist" in str(error):
            return False
        raise
    if status in FAILED_TO_BE:
        delete(stack)
    return status not in NEVER_MADE


def _make(
    stack: str, template: dict[str, str], parameters: dict[str, str], imported: list[dict] | None
) -> tuple[str, list[dict]]:
    """A change set that is ready to be executed: its name and its changes."""
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
        waiter.wait(**change_set, WaiterConfig={"Delay": _pause(1), "MaxAttempts": MOST_WAITS})
    except WaiterError as error:
        reason = error.last_response.get("StatusReason", "")
        if "didn't contain changes" in reason or "No updates" in reason:
            return name, []
        cloudformation.delete_change_set(**change_set)
        raise _refused(stack, reason) from error
    pages = cloudformation.get_paginator("describe_change_set").paginate(**change_set)
    return name, [change for page in pages for change in page.get("Changes", [])]


def _refused(stack: str, reason: str) -> StackError:
    return StackError(f"the template was refused for the stack '{stack}': {' '.join(reason.split())[:MOST_REASON]}")


def _follow(stack: str, seen: set[str], total: int, settled: tuple[str, ...] = SETTLED) -> None:
    """Wait for the end of what changes `total` resources. A failed resource is logged at once; the others move a bar on
    a terminal, and are counted in a line every LINE_SECONDS elsewhere."""
    cloudformation = aws.client("cloudformation")
    events: list[dict] = []
    done: set[str] = set()
    spoke = time.monotonic()
    with tqdm(total=total, unit="resource", disable=None, leave=False) as bar:
        while True:
            status = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
            for event in _events(stack, seen):
                events.append(event)
                if event["ResourceStatus"].endswith("_FAILED"):
                    logger.info("%s: %s", event["LogicalResourceId"], event.get("ResourceStatusReason", "failed"))
                if event["ResourceStatus"].endswith("_COMPLETE") and event["PhysicalResourceId"] != event["StackId"]:
                    done.add(event["LogicalResourceId"])
            bar.update(min(len(done), total) - bar.n)
            if bar.disable and time.monotonic() - spoke > LINE_SECONDS:
                spoke = time.monotonic()
                logger.info("%d of %d resources", len(done), total)
            if status in settled:
                return
            if not status.endswith("_IN_PROGRESS"):
                raise StackError(_failure(stack, status, events))
            time.sleep(_pause(5))


def _events(stack: str, seen: set[str] | None = None) -> list[dict]:
    """The stack's events, oldest first; those not in `seen`, and added to it, where that is given."""
    found = []
    try:
        for event in _newest_events(stack):
            if seen is not None and event["EventId"] in seen:
                break
            found.append(event)
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
    if seen is not None:
        seen.update(event["EventId"] for event in found)
    return found[::-1]


def _newest_events(stack: str) -> Iterator[dict]:
    for page in aws.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack):
        yield from page["StackEvents"]


def _failure(stack: str, status: str, events: list[dict]) -> str:
    # What was cancelled because another failed is a consequence, not the reason.
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
    failed.sort(key=lambda event: "cancelled" in event.get("ResourceStatusReason", ""))
    first = failed[0] if failed else {"LogicalResourceId": stack}
    reason = first.get("ResourceStatusReason") or "no reason given"
    name = stack.partition("/")[2].partition("/")[0] or stack
    return f"the stack '{name}' ended as {status}: {first['LogicalResourceId']}: {reason}{NEXT_STEPS.get(status, '')}"


def _pause(seconds: float) -> float:
    """How long to wait before asking again: an endpoint of one's own is asked more often than AWS."""
    return 0.2 if "AWS_ENDPOINT_URL" in os.environ else seconds
