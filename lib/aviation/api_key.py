"""The flight API's access key: read from the environment or the stack's secret; never shown."""

import os

from botocore.exceptions import ClientError

from aviation.errors import AccessKeyError
from aviation.places import place
from aviation.redact import guard_logs, remember
from aviation.secret import DELETED, read

VARIABLE = "AVIATIONSTACK_ACCESS_KEY"
MISSING = (
    "the flight API's access key is missing: run 'aviation up' or 'aviation deploy' with AVIATIONSTACK_ACCESS_KEY set,"
    " or put it with: aws secretsmanager put-secret-value --secret-id {secret} --secret-string KEY"
)
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
