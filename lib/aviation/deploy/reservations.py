"""Whether the account lets the functions reserve their concurrent executions.

"You can reserve concurrency for as many functions as you like, as long as you leave at least 100 simultaneous
executions unreserved" (PutFunctionConcurrency in the Lambda API reference). A new account has a quota of 10.
"""

import logging
from pathlib import Path

from aviation import aws
from aviation.deploy import events, states
from aviation.deploy.template import read_template, unrolled

logger = logging.getLogger(__name__)

PARAMETER = "ReserveConcurrency"
LEAST_UNRESERVED = 100
QUOTA_CODE = "L-B99A9384"
"""Of "Concurrent executions" in Service Quotas."""


def allowed(stack: str, parameters: dict[str, str], root: Path) -> dict[str, str]:
    """The template's parameter that leaves the reservations out, where the account's quota does not allow them, with a
    line that says so; nothing where it does, or where none are wanted."""
    template = read_template(root)
    if parameters.get(PARAMETER, template["Parameters"][PARAMETER]["Default"]) != "true":
        return {}
    limit = aws.client("lambda").get_account_settings()["AccountLimit"]
    wanted = sum(
        "ReservedConcurrentExecutions" in body.get("Properties", {}) for body in unrolled(template["Resources"])
    )
    spare = limit["UnreservedConcurrentExecutions"] - wanted - LEAST_UNRESERVED
    if spare >= 0 or spare + _held(stack) >= 0:
        return {}
    logger.info(
        "deploy: %s: no concurrency is reserved: the account may run %d functions at once, %d of them unreserved, and "
        "Lambda keeps %d unreserved; a lease still keeps polls of one entity apart. With a higher quota (%s in Service "
        "Quotas), deploy again",
        *(stack, limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]),
        *(LEAST_UNRESERVED, QUOTA_CODE),
    )
    return {PARAMETER: "false"}


def _held(stack: str) -> int:
    """How many executions the functions of the stack reserve already."""
    if not events.described(stack):
        return 0
    functions = [name for kind, name in states.resources(stack).values() if kind == "AWS::Lambda::Function"]
    client = aws.client("lambda")
    return sum(
        client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions", 0) for name in functions
    )
