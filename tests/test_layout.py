"""The package keeps to its sizes: a module that grows past them holds more than one idea."""

import ast
import re

import pytest

from support import ROOT

MOST_MODULE_LINES, MOST_FUNCTION_LINES = 250, 40
MODULES = sorted((ROOT / "lib/aviation").rglob("*.py"))
PACKAGES = sorted({module.parent for module in MODULES} - {ROOT / "lib/aviation"})


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(ROOT / "lib").as_posix())
def test_a_module_and_its_functions_are_short(module):
    text = module.read_text()
    assert len(text.splitlines()) <= MOST_MODULE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno + 1 <= MOST_FUNCTION_LINES, node.name


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_a_package_says_what_it_takes_in_and_gives_out_and_what_is_around_it(package):
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text())) or ""
    words = {"In", "Out", "Before it", "After it"}
    assert set(re.findall(r"\b(?:In|Out|Before it|After it)\b", " ".join(text.split()))) >= words
