"""Each state that a CloudFormation stack can be in, and how a deployment goes on from it.

Which operations a state allows: "Stack status codes" and "Continue rolling back an update" of the CloudFormation user
guide. What a stack's name stands for after an interrupted deployment, somebody else's, or a failed one is one of these.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from aviation import aws
from aviation.deploy import events
from aviation.errors import StackError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Way:
    """How to go on, and in words why: `words` is logged, or the line that a person reads where nothing can be done."""

    then: Literal["make", "change", "wait", "delete", "continue rollback", "stop"]
    words: str = ""


_WAIT = Way("wait", "waiting until that has ended")
_CHANGE = Way("change")
WAYS: dict[str | None, Way] = {
    None: Way("make"),
    "DELETE_COMPLETE": Way("make"),
    "CREATE_COMPLETE": _CHANGE,
    "UPDATE_COMPLETE": _CHANGE,
    "UPDATE_ROLLBACK_COMPLETE": _CHANGE,
    "IMPORT_COMPLETE": _CHANGE,
    # "Known stable", as the reference of RollbackStack has it: what the stack held before the import is as it was.
    "IMPORT_ROLLBACK_COMPLETE": _CHANGE,
    "CREATE_IN_PROGRESS": _WAIT,
    "ROLLBACK_IN_PROGRESS": _WAIT,
    "UPDATE_IN_PROGRESS": _WAIT,
    # CloudFormation refuses changes until it has cleaned up, too.
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": _WAIT,
    "UPDATE_ROLLBACK_IN_PROGRESS": _WAIT,
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": _WAIT,
    "IMPORT_IN_PROGRESS": _WAIT,
    "IMPORT_ROLLBACK_IN_PROGRESS": _WAIT,
    "DELETE_IN_PROGRESS": _WAIT,
    "REVIEW_IN_PROGRESS": Way("delete", "a change set that was never executed: starting anew"),
    "CREATE_FAILED": Way("delete", "what is left of a creation that failed goes, but for its buckets"),
    "ROLLBACK_COMPLETE": Way("delete", "what is left of a creation that failed goes, but for its buckets"),
    "ROLLBACK_FAILED": Way("delete", "what is left of a creation that failed goes, but for its buckets"),
    "DELETE_FAILED": Way("delete", "deleting again what could not be deleted"),
    "UPDATE_ROLLBACK_FAILED": Way("continue rollback", "rolling back to what it was before the update that failed"),
    "UPDATE_FAILED": Way(
        "stop",
        "somebody updated it without rolling back: run 'aws cloudformation rollback-stack --stack-name {stack}', "
        "then deploy again",
    ),
    "IMPORT_ROLLBACK_FAILED": Way(
        "stop",
        "an import could not be undone: see its events with 'aws cloudformation describe-stack-events --stack-name "
        "{stack}', or run 'aviation destroy --stack {stack}', which keeps the buckets, and deploy again",
    ),
}
_UNKNOWN = Way("stop", "this version does not know that state: see the stack in the CloudFormation console")


def way(status: str | None) -> Way:
    """How to go on from a status of a stack; None where there is no stack."""
    return WAYS.get(status, _UNKNOWN)


def settle(stack: str) -> bool:
    """Bring the stack to a state in which it can be made or changed. Returns whether it exists then.

    An operation that is under way is waited for, what is left of one that failed is removed or rolled back. StackError
    says what to do where a person has to.
    """
    while True:
        now = events.described(stack)
        status = now.status if now else None
        ahead = way(status)
        if ahead.then == "stop":
            raise StackError(f"the stack '{stack}' is {status}: {ahead.words.format(stack=stack)}")
        if not now or ahead.then in ("make", "change"):
            return ahead.then == "change"
        logger.info("deploy: %s: it is %s: %s", stack, status, ahead.words)
        _ACTIONS[ahead.then](now.id)


def delete(stack: str) -> None:
    """Delete the stack and wait until it is gone, after whatever else is under way. StackError names the first resource
    that could not be deleted."""
    while (now := events.described(stack)) and way(now.status).then == "wait":
        logger.info("destroy: %s: it is %s: %s", stack, now.status, way(now.status).words)
        events.wait(now.id)
    if now:
        _delete(now.id)


def _delete(stack_id: str) -> None:
    # By its id: once deleted, a stack is found by that only.
    total, seen = len(resources(stack_id)), events.so_far(stack_id)
    aws.client("cloudformation").delete_stack(StackName=stack_id)
    ending = events.follow(stack_id, seen, total)
    if ending.status != "DELETE_COMPLETE":
        raise StackError(ending.why(stack_id))


def _continue_rollback(stack_id: str) -> None:
    seen = events.so_far(stack_id)
    aws.client("cloudformation").continue_update_rollback(StackName=stack_id)
    ending = events.follow(stack_id, seen, 0)
    if ending.status == "UPDATE_ROLLBACK_FAILED":
        raise StackError(ending.why(stack_id))


_ACTIONS: dict[str, Callable[[str], None]] = {
    "wait": events.wait,
    "delete": _delete,
    "continue rollback": _continue_rollback,
}


def resources(stack: str) -> dict[str, tuple[str, str]]:
    """The type and the physical id of each resource that the stack holds, by logical id."""
    pages = aws.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    return {
        item["LogicalResourceId"]: (item["ResourceType"], item.get("PhysicalResourceId", ""))
        for page in pages
        for item in page["StackResourceSummaries"]
        if item["ResourceStatus"] not in ("DELETE_COMPLETE", "DELETE_SKIPPED")
    }
