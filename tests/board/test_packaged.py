"""What an installed package has of the board beside its code."""

import tomllib
from fnmatch import fnmatch

from support import ROOT


def test_each_file_of_the_board_is_in_a_built_package():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["aviation"]
    folder = ROOT / "lib/aviation/board"
    files = [file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    left_out = [
        file.name
        for file in files
        if file.suffix != ".py" and not any(fnmatch(file.name, pattern.removeprefix("**/")) for pattern in patterns)
    ]
    assert {file.suffix for file in files} >= {".css", ".js", ".svg", ".txt", ".html"}
    assert left_out == []
