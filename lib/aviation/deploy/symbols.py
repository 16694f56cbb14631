"""Whether compiled code runs on a Lambda runtime: the versions of the C libraries' symbols that it asks for, against
those of the runtime's operating system."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

from aviation.deploy.template import read_template
from aviation.errors import BuildError

Version = tuple[int, ...]

AMAZON_LINUX_2: dict[str, Version] = {"GLIBC": (2, 26), "GLIBCXX": (3, 4, 24), "CXXABI": (1, 3, 11), "GCC": (7, 0, 0)}
"""glibc 2.26, and libstdc++ and libgcc of gcc 7.3."""
AMAZON_LINUX_2023: dict[str, Version] = {
    **{"GLIBC": (2, 34), "GLIBCXX": (3, 4, 29), "CXXABI": (1, 3, 13), "GCC": (7, 0, 0)}
}
"""glibc 2.34, and libstdc++ and libgcc of gcc 11, which the oldest of its releases has."""

RUNTIMES = {
    "python3.11": AMAZON_LINUX_2,
    "python3.12": AMAZON_LINUX_2023,
    "python3.13": AMAZON_LINUX_2023,
    "python3.14": AMAZON_LINUX_2023,
}
"""The newest symbol versions of each Lambda runtime, by the prefix of their names.

Sources. The operating systems: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
Their packages: https://github.com/docker-library/official-images/pull/20651 and
https://docs.aws.amazon.com/linux/al2023/ug/compare-with-al2.html
The symbols of each gcc: https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html
"""


def lambda_runtime(root: Path) -> str:
    """The runtime of the template's functions. BuildError where they have several, or one that is not in RUNTIMES."""
    found = set(_runtimes(read_template(root)["Resources"]))
    if len(found) != 1:
        raise BuildError(f"the template's functions have one zip and must have one runtime, not {sorted(found)}")
    [name] = found
    if name not in RUNTIMES:
        raise BuildError(f"the C libraries of the runtime {name} are not known: add them to RUNTIMES in {__file__}")
    return name


def _runtimes(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value.get("Type") == "AWS::Lambda::Function":
        yield value["Properties"]["Runtime"]
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _runtimes(item)


def too_new(files: Iterable[Path], runtime: str) -> list[str]:
    """What a runtime of RUNTIMES lacks: for each compiled file the versions that it needs, `file needs GLIBC_2.38`."""
    newest = RUNTIMES[runtime]
    return [
        f"{file.name} needs {', '.join(lacking)}"
        for file in files
        if (lacking := sorted(version for version in needed(file) if not _has(newest, version)))
    ]


def needed(file: Path) -> set[str]:
    """The symbol versions that a file asks of other libraries, `GLIBC_2.14` say. None where it is not compiled code."""
    with file.open("rb") as stream:
        if stream.read(4) != b"\x7fELF":
            return set()
        sections = [part for part in ELFFile(stream).iter_sections() if isinstance(part, GNUVerNeedSection)]
        return {version.name for part in sections for _, versions in part.iter_versions() for version in versions}


def _has(newest: dict[str, Version], version: str) -> bool:
    """Whether a system has this symbol version. One that is no number (`GLIBC_PRIVATE`, `GLIBC_ABI_DT_RELR`) is the
    system's own, or a feature newer than the systems of RUNTIMES. Other libraries' symbols are not judged."""
    library, _, number = version.partition("_")
    if library not in newest:
        return True
    return number.replace(".", "").isdigit() and tuple(map(int, number.split("."))) <= newest[library]
