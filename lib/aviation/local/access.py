"""The access key of one local stack: random, kept in `<home>/access-key.json`, which only its owner can read.

The emulator takes requests that are signed with it, and no others.
"""

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from aviation import home

FILE = "access-key.json"


@dataclass(frozen=True)
class AccessKey:
    """What signs a request to AWS. The id is no account's number: the emulator would take it for its account."""

    id: str
    secret: str

    @property
    def fingerprint(self) -> str:
        """What tells that a server knows this key, and gives nothing of it away."""
        return hashlib.sha256(f"{self.id}:{self.secret}".encode()).hexdigest()[:32]

    @property
    def environment(self) -> dict[str, str]:
        """The variables from which every client of AWS takes it."""
        return {"AWS_ACCESS_KEY_ID": self.id, "AWS_SECRET_ACCESS_KEY": self.secret}


def access_key(folder: Path) -> AccessKey:
    """The key of the stack whose state folder is `folder`; made, if there is none."""
    file = folder / FILE
    try:
        return AccessKey(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):
        made = AccessKey(f"LOCAL{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30))
        home.write(file, json.dumps(asdict(made)) + "\n", private=True)
        return made


def forget(folder: Path) -> None:
    """Delete the key, so that the next stack gets another."""
    (folder / FILE).unlink(missing_ok=True)
