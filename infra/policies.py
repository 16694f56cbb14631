"""Writes the policies for who deploys a stack, with its names filled in: `.venv/bin/python infra/policies.py STACK`.

An administrator of the account runs this once for each stack and then the commands that it prints. The policies are
`deployer-policy.json`, in as many parts as IAM's limit makes of it, and `permissions-boundary.json`.
"""

import argparse
import json
from pathlib import Path
from shlex import quote
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from aviation import aws, home
from aviation.deploy.stack import check_name
from aviation.errors import AviationError, one_line

FOLDER = Path(__file__).parent
OUT = FOLDER.parent / "dist/policies"
MOST_CHARACTERS = 6144
"""Of a managed policy, white space left out.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


def filled(file: str, *, partition: str = "aws", **names: str) -> dict[str, Any]:
    """A policy of this folder, with `stack`, `database`, `account` and `region` in their places."""
    text = (FOLDER / file).read_text().replace("arn:aws:", f"arn:{partition}:")
    for name, value in names.items():
        text = text.replace(name.upper(), value)
    policy: dict[str, Any] = json.loads(text)
    return policy


def parts(policy: dict[str, Any]) -> list[dict[str, Any]]:
    """The policy in parts that IAM takes as managed policies: each statement stands in the first that has room."""
    found: list[dict[str, Any]] = []
    for statement in policy["Statement"]:
        for part in found:
            longer = part | {"Statement": [*part["Statement"], statement]}
            if characters(longer) <= MOST_CHARACTERS:
                part.update(longer)
                break
        else:
            found.append(policy | {"Statement": [statement]})
    return found


def characters(policy: dict[str, Any]) -> int:
    """How many characters IAM counts."""
    return len("".join(json.dumps(policy).split()))


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("stack", help="the name of the stack")
    options.add_argument("--database", default="aviation", help="its Glue database (aviation)")
    given = options.parse_args()
    try:
        home.use_stack(check_name(given.stack))  # in the caller's account, also while a local stack is up
        write(given.stack, given.database)
    except (AviationError, BotoCoreError, ClientError) as error:
        options.exit(1, f"policies: {one_line(error)}\n")


def write(stack: str, database: str) -> None:
    """Write the policies of a stack into OUT, and print what an administrator does with them."""
    caller = aws.client("sts")
    _, partition, _, _, account, _ = caller.get_caller_identity()["Arn"].split(":", 5)
    names = {"stack": stack, "database": database, "account": account, "region": caller.meta.region_name}
    deployer = parts(filled("deployer-policy.json", partition=partition, **names))
    written = {"boundary": filled("permissions-boundary.json", partition=partition, **names)}
    written |= {f"deployer-{number}": part for number, part in enumerate(deployer, 1)}
    OUT.mkdir(parents=True, exist_ok=True)
    print(f"# For the stack {stack} in account {account}, {names['region']}. The first time:")
    for name, policy in written.items():
        file = OUT / f"{stack}-{name}.json"
        file.write_text(json.dumps(policy, indent=2) + "\n")
        print(f"aws iam create-policy --policy-name {file.stem} --policy-document {quote(f'file://{file}')}")
    print(f"# Attach every {stack}-deployer-… policy to whoever deploys; nobody is given {stack}-boundary.")
    print("# After a new version, for each file (IAM keeps five versions of a policy: delete the oldest):")
    print(
        f"# aws iam create-policy-version --set-as-default --policy-arn arn:{partition}:iam::{account}:policy/NAME "
        f"--policy-document {quote(f'file://{OUT}/NAME.json')}"
    )


if __name__ == "__main__":
    main()
