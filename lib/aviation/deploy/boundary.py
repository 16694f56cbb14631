"""The permissions boundary of the stack's roles: what none of them may exceed, whatever its own policies say."""

from botocore.exceptions import ClientError

from aviation import aws

PARAMETER = "PermissionsBoundary"


def with_boundary(stack: str, parameters: dict[str, str]) -> dict[str, str]:
    """The template's parameters with the ARN of the boundary: their own, else that of the account's managed policy
    `<stack>-boundary`. Unchanged where the account has no such policy."""
    if PARAMETER in parameters:
        return parameters
    _, partition, _, _, account, _ = aws.client("sts").get_caller_identity()["Arn"].split(":", 5)
    arn = f"arn:{partition}:iam::{account}:policy/{stack}-boundary"
    try:
        aws.client("iam").get_policy(PolicyArn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchEntity":
            raise
        return parameters
    return parameters | {PARAMETER: arn}
