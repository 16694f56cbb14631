"""Looks every package of every lock file up among the known vulnerabilities: `make audit`.

Exit code 0: all were looked up, and none is known to be vulnerable; 1: some are; 2: some could not be looked up, which
says nothing of them.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PIP_AUDIT = ROOT / ".aviation/audit/bin/pip-audit"
OPTIONS = ("--require-hashes", "--disable-pip", "--no-deps", "--progress-spinner", "off", "--format", "json")
LOCKS = (ROOT / "requirements.txt", *sorted((ROOT / "infra/requirements").glob("*.txt")))


def looked_up(lock: Path) -> dict[str, list[str]]:
    """The packages of a lock file, a line each, by what is known of them: `clean`, `vulnerable`, `unknown`."""
    done = subprocess.run([PIP_AUDIT, *OPTIONS, "-r", lock], capture_output=True, text=True, check=False)
    found: dict[str, list[str]] = {"clean": [], "vulnerable": [], "unknown": []}
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        found["unknown"].append(f"all: {(done.stderr.strip().splitlines() or ['no reason was given'])[-1]}")
        return found
    for package in packages:
        if reason := package.get("skip_reason"):
            found["unknown"].append(f"{package['name']}: {reason}")
        elif known := package["vulns"]:
            fixes = ", ".join(f"{one['id']} (fixed in {', '.join(one['fix_versions']) or 'none yet'})" for one in known)
            found["vulnerable"].append(f"{package['name']} {package['version']}: {fixes}")
        else:
            found["clean"].append(package["name"])
    return found


def main() -> int:
    """Print a line for each lock file, one for each vulnerable package, and how it ends; the exit code."""
    vulnerable = unknown = 0
    for lock in LOCKS:
        found = looked_up(lock)
        counts = ", ".join(f"{len(packages)} {what}" for what, packages in found.items())
        print(f"audit: {lock.relative_to(ROOT)}: {counts}")
        for line in found["vulnerable"]:
            print(f"audit:   {line}")
        if found["unknown"]:
            print(f"audit:   not looked up, for one: {found['unknown'][0]}")
        vulnerable += len(found["vulnerable"])
        unknown += len(found["unknown"])
    if unknown:
        print(
            "audit: NOT DONE: the advisory data could not be reached for some: see above, and run it with the network"
        )
    return 1 if vulnerable else 2 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
