"""The flight API's access key: read from the environment or the stack's secret, and put there; never shown."""

import logging
import os

from botocore.exceptions import ClientError

from aviation import aws
from aviation.errors import AccessKeyError
from aviation.places import place
from aviation.redact import guard_logs, remember

logger = logging.getLogger(__name__)

VARIABLE = "AVIATIONSTACK_ACCESS_KEY"
MISSING = (
    "the flight API's access key is missing: run 'aviation up' or 'aviation deploy' with AVIATIONSTACK_ACCESS_KEY set,"
    " or put it with: aws secretsmanager put-secret-value --secret-id {secret} --secret-string KEY"
)
DELETED = "InvalidRequestException"
"""What Secrets Manager answers, among other cases, where the secret waits for its deletion."""
HINTS = {DELETED: ": if it was deleted, 'aviation deploy' restores it"}


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
            f"the flight API's access key could not be read from the secret {secret}: {code}{HINTS.get(code, '')}"
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


def put(secret: str, key: str) -> bool:
    """Store the key in a secret (its name or ARN), unless it is there already; whether it was not. A secret that waits
    for its deletion is restored for it."""
    remember(key)
    if key == stored(secret):
        return False
    aws.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=key)
    return True


def stored(secret: str) -> str | None:
    """The key in a secret, as `read` gives it. A secret that waits for its deletion is restored first: Secrets Manager
    neither reads nor writes it, and no producer could."""
    try:
        return read(secret)
    except ClientError as error:
        if error.response["Error"]["Code"] != DELETED:
            raise
        manager = aws.client("secretsmanager")
        if "DeletedDate" not in manager.describe_secret(SecretId=secret):
            raise
        manager.restore_secret(SecretId=secret)
        logger.info("deploy: the secret %s was to be deleted: restored", secret)
        return read(secret)
