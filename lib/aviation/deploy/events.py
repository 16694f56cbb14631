"""What happens to a CloudFormation stack: its status, and its events while something changes it."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from tqdm import tqdm

from aviation import aws

logger = logging.getLogger(__name__)

LOG_EVERY_SECONDS = 10
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 5.0
EARLY_VALIDATION = ("DescribeEvents", "EarlyValidation")
"""What a reason names where the reasons themselves are in the events of the operation or of the change set: "Validate
stack deployments" in the CloudFormation user guide."""
FAILED = {"FailedEvents": True}
NEXT_STEPS = {
    "UPDATE_ROLLBACK_FAILED": "; mend that resource, then run the same command again",
    "DELETE_FAILED": "; mend that resource, then run the same command again",
}


@dataclass(frozen=True)
class Stack:
    """A stack as it is now. `id` finds it even when it has been deleted."""

    id: str
    status: str


@dataclass(frozen=True)
class Ending:
    """How a change of a stack ended: its status, and the events since the change began, oldest first."""

    status: str
    events: list[dict[str, Any]]

    def why(self, stack: str) -> str:
        """Why the stack (its name or id) ended so: the first resource that failed. One that was cancelled because
        another failed comes last, as a consequence."""
        stack = stack.partition("/")[2].partition("/")[0] or stack
        failed = [event for event in self.events if event["ResourceStatus"].endswith("_FAILED")]
        failed.sort(key=lambda event: "cancelled" in event.get("ResourceStatusReason", ""))
        first = failed[0] if failed else {"LogicalResourceId": stack}
        reason = first.get("ResourceStatusReason") or "no reason given"
        # Where CloudFormation checked it before it began, the stack itself is what failed: it does not say of what.
        if found := early_validation(reason, StackName=first.get("StackId", stack)):
            return f"the stack '{stack}' ended as {self.status}: {'; '.join(found)}"
        name, next_step = first["LogicalResourceId"], NEXT_STEPS.get(self.status, "")
        return f"the stack '{stack}' ended as {self.status}: {name}: {reason}{next_step}"


def described(stack: str) -> Stack | None:
    """The stack of this name or id; None where there is none."""
    try:
        found = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        return None
    return Stack(found["StackId"], found["StackStatus"])


def follow(stack_id: str, seen: set[str], total: int) -> Ending:
    """Wait until nothing changes the stack any more, while `total` resources change.

    A resource that fails is logged at once. Those that are done move a bar on a terminal; elsewhere a line counts them
    every LOG_EVERY_SECONDS. `seen` are the ids of the events before the change. What an update only cleans up is not
    waited for.
    """
    cloudformation = aws.client("cloudformation")
    events: list[dict[str, Any]] = []
    done: set[str] = set()
    logged_at = time.monotonic()
    pause = FIRST_PAUSE_SECONDS
    with tqdm(total=total, unit="resource", disable=None, leave=False) as bar:
        while True:
            status: str = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]
            for event in _new_events(stack_id, seen):
                events.append(event)
                if event["ResourceStatus"].endswith("_FAILED"):
                    logger.info("%s: %s", event["LogicalResourceId"], event.get("ResourceStatusReason", "failed"))
                if event["ResourceStatus"].endswith("_COMPLETE") and event["PhysicalResourceId"] != event["StackId"]:
                    done.add(event["LogicalResourceId"])
            bar.update(min(len(done), total) - bar.n)
            if bar.disable and total and time.monotonic() - logged_at > LOG_EVERY_SECONDS:
                logged_at = time.monotonic()
                logger.info("%d of %d resources", len(done), total)
            if not status.endswith("_IN_PROGRESS") or status == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS":
                return Ending(status, events)
            time.sleep(pause)
            pause = min(LONGEST_PAUSE_SECONDS, pause * 1.5)


def early_validation(reason: str, **of: str) -> list[str]:
    """What CloudFormation found wrong before anything was made, each with its place in the template; nothing where
    `reason` is another. `of` says of what: StackName or ChangeSetName."""
    if not any(name in reason for name in EARLY_VALIDATION):
        return []
    pages = aws.client("cloudformation").get_paginator("describe_events")
    try:
        told = [item for page in pages.paginate(**of, Filters=FAILED) for item in page["OperationEvents"]]
    except ClientError as error:
        return [f"{reason} (which could not be asked: {error.response['Error']['Code']})"]
    found = [item for item in told if item.get("EventType") == "VALIDATION_ERROR"]
    newest = max(found, key=lambda item: item["Timestamp"]).get("OperationId") if found else None
    return [
        f"{item.get('LogicalResourceId', 'the template')}: {item.get('ValidationStatusReason', 'no reason given')} "
        f"({item.get('ValidationPath') or item.get('ValidationName', 'no path given')})"
        for item in found
        if item.get("OperationId") == newest
    ]


def wait(stack_id: str) -> None:
    """Wait until nothing is under way on the stack, whoever began it."""
    pause = FIRST_PAUSE_SECONDS
    while (now := described(stack_id)) and now.status.endswith("_IN_PROGRESS"):
        time.sleep(pause)
        pause = min(LONGEST_PAUSE_SECONDS, pause * 1.5)


def so_far(stack: str) -> set[str]:
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
