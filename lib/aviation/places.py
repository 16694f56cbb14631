"""Where things are: from the environment if that says, else from the outputs of the deployed stack."""

import os
from functools import cache

from botocore.exceptions import ClientError

from aviation import aws, home
from aviation.errors import PlaceError


def place(output: str) -> str:
    """The value of the template's output `output`, such as `RawBucket`. PlaceError if it has none.

    The environment variable `AVIATION_<OUTPUT>` (`AVIATION_RAW_BUCKET`) comes first: the template sets it for its
    Lambdas. Anywhere else the outputs of the stack named by `AVIATION_STACK` are read.
    """
    name = "AVIATION_" + "".join("_" + c if c.isupper() else c.upper() for c in output).upper().lstrip("_")
    if value := os.environ.get(name):
        return value
    outputs = stack_outputs(stack_name())
    if output not in outputs:
        raise PlaceError(f"the stack '{stack_name()}' has no output '{output}': deploy it again with this version")
    return outputs[output]


def stack_name() -> str:
    """The deployed stack that this process works with."""
    home.load_environment()
    if name := os.environ.get("AVIATION_STACK"):
        return name
    raise PlaceError(home.no_stack())


@cache
def stack_outputs(stack: str) -> dict[str, str]:
    """The outputs of a stack, by name. PlaceError if there is no such stack."""
    try:
        described = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":  # the code for no such stack
            raise
        raise PlaceError(
            f"the stack '{stack}' was not found: run 'aviation up' or 'aviation deploy' first, "
            "or set AWS_DEFAULT_REGION to the region that it is in"
        ) from error
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
