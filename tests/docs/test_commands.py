"""docs/commands.md names every command, and no other."""

import re

import click

from aviation.cli import main
from support import ROOT


def commands(group: click.Group, prefix: str = "aviation") -> set[str]:
    found = set()
    for name, command in group.commands.items():
        if not isinstance(command, click.Group) or command.invoke_without_command:
            found.add(f"{prefix} {name}")
        if isinstance(command, click.Group):
            found |= commands(command, f"{prefix} {name}")
    return found


def test_the_page_of_commands_has_every_command_and_every_command_is_there():
    page = (ROOT / "docs/commands.md").read_text()
    rows = re.findall(r"^\| `(aviation [a-z-]+(?: (?:show|index)\b)?)", page, re.MULTILINE)
    assert set(rows) == commands(main)
