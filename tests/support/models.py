"""What botocore's models of AWS's APIs say of a call's input: shapes, enums, patterns and lengths."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import regex
from botocore.model import OperationModel, Shape
from botocore.session import Session
from botocore.validate import ParamValidator

PAIRS = (r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
"""How the models write the characters beyond the first plane, and how Python does."""


@cache
def operation(name: str) -> OperationModel:
    """The model of an operation, `service.Operation`."""
    service, _, called = name.partition(".")
    return _session().get_service_model(service).operation_model(called)


@cache
def _session() -> Session:
    return Session()


def faults(name: str, given: dict[str, Any]) -> list[str]:
    """What the operation would refuse of this input, a line each."""
    shape = operation(name).input_shape
    report = ParamValidator().validate(given, shape)
    return [*report.generate_report().splitlines(), *_beyond(given, shape, "")]


def _beyond(value: Any, shape: Shape, place: str) -> Iterator[str]:
    """What the validator does not look at: enums, patterns and maxima."""
    rules = shape.metadata
    if isinstance(value, str):
        if (enum := rules.get("enum")) and value not in enum:
            yield f"{place}: {value!r} is none of {', '.join(enum)}"
        if (pattern := rules.get("pattern")) and not regex.fullmatch(pattern.replace(*PAIRS), value):
            yield f"{place}: {value!r} does not match {pattern}"
    size = value if isinstance(value, int | float) else len(value)
    if "max" in rules and size > rules["max"]:
        yield f"{place}: {size} is more than {rules['max']}"
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, part in value.items():
            if name in shape.members:
                yield from _beyond(part, shape.members[name], f"{place}.{name}")
    elif shape.type_name == "map" and isinstance(value, dict):
        for name, part in value.items():
            yield from _beyond(name, shape.key, f"{place}, key")
            yield from _beyond(part, shape.value, f"{place}[{name}]")
    elif shape.type_name == "list" and isinstance(value, list):
        for number, part in enumerate(value):
            yield from _beyond(part, shape.member, f"{place}[{number}]")
