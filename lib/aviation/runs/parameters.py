"""The parameters of a notebook: read from YAML, and checked against its `parameters` cell before it runs."""

from pathlib import Path
from typing import Any

import yaml

from aviation.errors import ParameterError, one_line
from aviation.parameters import mismatch, unknown_parameter
from aviation.runs.process import first_line

MOST_LEVELS = 20
"""No parameter nests deeper. YAML can hold itself, or more levels than JSON and Python can follow."""
TYPES = {known.__name__: known for known in (bool, int, float, str, list, dict)}
EXAMPLES: dict[type, str] = {dict: '{{"name": "{}"}}', str: '"{}"'}


def read_parameters(file: Path | None, overrides: dict[str, str] | None = None) -> dict[str, Any]:
    """The parameters in a YAML file, with `overrides` (whose texts are read as YAML values) over them.

    A date is text, as papermill's own command line reads it: no notebook declares anything else, and JSON has none.
    ParameterError where a text is no YAML, the file is no mapping, or a value nests too deep.
    """
    from papermill.iorw import NoDatesSafeLoader

    try:
        given = yaml.load(file.read_text(), Loader=NoDatesSafeLoader) if file else None
        parsed = {name: yaml.load(text, Loader=NoDatesSafeLoader) for name, text in (overrides or {}).items()}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ParameterError(f"the parameters cannot be read: {one_line(error)}") from None
    except RecursionError:
        raise ParameterError(f"the parameters cannot be read: they nest deeper than {MOST_LEVELS} levels") from None
    if not isinstance(given, dict | None):
        raise ParameterError(f"{file} must hold one mapping of parameter names to values")
    for name, value in (parameters := (given or {}) | parsed).items():
        if not isinstance(name, str):
            raise ParameterError(f"{file} holds the parameter {name!r}, whose name is not text")
        if _nests_too_deep(value):
            raise ParameterError(f"parameter '{name}' nests deeper than {MOST_LEVELS} levels, or holds itself")
    return parameters


def check_parameters(notebook: Path, parameters: dict[str, Any]) -> None:
    """ParameterError unless `notebook` is there, declares every parameter (papermill itself only warns), and each value
    is of the type that its `parameters` cell declares."""
    if not notebook.is_file():
        raise ParameterError(f"there is no notebook {notebook}")
    from papermill import inspect_notebook

    try:
        known = inspect_notebook(str(notebook))
    except Exception as error:
        raise ParameterError(f"{notebook} is not a notebook that can be run: {first_line(str(error))}") from None
    if parameters and not known:
        raise ParameterError(f"{notebook} has no cell tagged 'parameters': it takes none, but was given some")
    for name, value in parameters.items():
        if name not in known:
            raise ParameterError(f"{notebook.name}: {unknown_parameter(name, known)}")
        declared = _declared_type(known[name]["inferred_type_name"])
        if declared and (refusal := mismatch(name, value, declared)):
            raise ParameterError(f"{notebook.name}: {refusal}{_how_to_write(name, value, declared)}")


def _declared_type(annotation: str) -> Any:
    """The type that an annotation names, `list[str]` say; None where it names none of TYPES."""
    try:
        return eval(annotation, {"__builtins__": {}}, TYPES)
    except (NameError, SyntaxError, TypeError, AttributeError):
        return None


def _how_to_write(name: str, value: object, declared: Any) -> str:
    example = EXAMPLES.get(getattr(declared, "__origin__", declared))
    if not example or isinstance(value, list | dict):
        return ""
    return f"; write it like -p {name} '{example.format(value)}'"


def _nests_too_deep(value: object, level: int = 0) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return False
    return level == MOST_LEVELS or any(_nests_too_deep(item, level + 1) for item in value)
