"""The emulator behind its guard, in one process. Its own Python runs this file, with the stack's access key in the
environment: `python -P guarded.py`."""

import os
import sys
from pathlib import Path

# Last, and not by PYTHONPATH, which the emulator's Lambdas would inherit.
sys.path.append(str(Path(__file__).parents[2]))

from botocore.credentials import Credentials
from ministack import app as emulator
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from aviation.local import durable
from aviation.local.access import AccessKey
from aviation.local.guard import Guard


def main() -> None:
    """Serve until SIGTERM, as the emulator's own program does."""
    key = AccessKey(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    # The emulator's Lambdas would sign with its account's number as the id.
    for module in (lambda_runtime, lambda_svc):
        module.execution_credentials = lambda _: {**key.environment, "AWS_SESSION_TOKEN": ""}
    durable.install()
    emulator.app = Guard(durable.Durable(emulator.app), Credentials(key.id, key.secret), key.fingerprint)
    emulator.main()


if __name__ == "__main__":
    main()
