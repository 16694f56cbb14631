"""Where things are: the environment where a function or job was told, else the outputs of the deployed stack."""

import os
from functools import cache

from botocore.exceptions import ClientError

from aviation import aws, home
from aviation.errors import PlaceError


def place(output: str) -> str:
    """The place that the template's output `output` (say `RawBucket`) names.

    The environment variable `AVIATION_<OUTPUT>` (`AVIATION_RAW_BUCKET`) comes first: it is how the template tells
    a Lambda. Elsewhere the stack that `AVIATION_STACK` names is asked.
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
    """The outputs of a stack by their names."""
    try:
        found = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":  # the code for no such stack
            raise
        raise PlaceError(
            f"the stack '{stack}' was not found: run 'aviation up' or 'aviation deploy' first, "
            "or set AWS_DEFAULT_REGION to the region that it is in"
        ) from error
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
