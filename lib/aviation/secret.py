"""What a secret of the stack's in Secrets Manager holds: read, put, and redacted in this process from then on."""

import logging

from botocore.exceptions import ClientError

from aviation import aws
from aviation.redact import remember

logger = logging.getLogger(__name__)

DELETED = "InvalidRequestException"
"""What Secrets Manager answers, among other cases, where the secret waits for its deletion."""


def read(secret: str) -> str | None:
    """The text in a secret (its name or ARN), remembered for redaction; None where the secret is empty or missing.

    Secrets Manager answers both with the same code. ClientError for anything else.
    """
    try:
        answer = aws.client("secretsmanager").get_secret_value(SecretId=secret)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise
    text = str(answer.get("SecretString") or "").strip()
    remember(text)
    return text or None


def put(secret: str, text: str) -> bool:
    """Store the text in a secret (its name or ARN), unless it is there already; whether it was not. A secret that waits
    for its deletion is restored for it."""
    remember(text)
    if text == stored(secret):
        return False
    aws.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=text)
    return True


def stored(secret: str) -> str | None:
    """The text in a secret, as `read` gives it. A secret that waits for its deletion is restored first: Secrets Manager
    neither reads nor writes it, and no function could."""
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
