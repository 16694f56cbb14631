"""The flight API's access key: read from the environment or the stack's secret, and put there; never shown."""

import os

from botocore.exceptions import ClientError

from aviation import aws
from aviation.errors import AccessKeyError
from aviation.places import place
from aviation.redact import guard_logs, remember

VARIABLE = "AVIATIONSTACK_ACCESS_KEY"
MISSING = (
    "the flight API's access key is missing: run 'aviation up' or 'aviation deploy' with AVIATIONSTACK_ACCESS_KEY set,"
    " or put it with: aws secretsmanager put-secret-value --secret-id {secret} --secret-string KEY"
)


def access_key() -> str:
    """The key: AVIATIONSTACK_ACCESS_KEY, else what the stack's secret holds; remembered for redaction.

    AccessKeyError says what to do where there is none, or it cannot be read.
    """
    guard_logs()
    if given := os.environ.get(VARIABLE, "").strip():
        remember(given)
        return given
    secret = place("ApiKeySecret")
    try:
        key = read(secret)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise AccessKeyError(
            f"the flight API's access key could not be read from the secret {secret}: {code}"
        ) from error
    if not key:
        raise AccessKeyError(MISSING.format(secret=secret))
    return key


def read(secret: str) -> str | None:
    """The key in a secret (its name or ARN), remembered for redaction; None where the secret is empty or missing.

    Secrets Manager answers both with the same code. ClientError for anything else.
    """
    try:
        answer = aws.client("secretsmanager").get_secret_value(SecretId=secret)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise
    key = str(answer.get("SecretString") or "").strip()
    remember(key)
    return key or None


def put(secret: str, key: str) -> None:
    """Store the key in a secret (its name or ARN), unless it is there already."""
    remember(key)
    if key != read(secret):
        aws.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=key)
