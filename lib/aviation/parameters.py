"""Notebook parameters: a frozen dataclass declares them, `resolve` checks what came in against it."""

import difflib
import json
import typing
from collections.abc import Iterable
from dataclasses import MISSING, fields
from typing import Any

from aviation.errors import ParameterError

P = typing.TypeVar("P")


def resolve(declared: type[P], /, **values: Any) -> P:
    """An instance of the dataclass `declared`, or a ParameterError that names the parameter that does not fit.

    An int is taken where a float is declared; nothing else is converted.
    """
    types = typing.get_type_hints(declared)
    for name, value in values.items():
        if name not in types:
            raise ParameterError(unknown_parameter(name, types))
        if refusal := mismatch(name, value, types[name]):
            raise ParameterError(refusal)
    for field in fields(declared):  # type: ignore[arg-type]  # TypeVar has no bound for "any dataclass"
        if field.default is MISSING and field.default_factory is MISSING and field.name not in values:
            raise ParameterError(f"parameter '{field.name}' is missing")
    return declared(**values)


def unknown_parameter(name: str, known: Iterable[str]) -> str:
    """The line that refuses an unknown parameter, with the nearest known name where one is close."""
    near = difflib.get_close_matches(name, list(known), n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(sorted(known))}"
    return f"unknown parameter '{name}': {hint}"


def mismatch(name: str, value: object, declared: Any) -> str | None:
    """The line that refuses a value which is not of the declared type (`int`, `list[str]`, `str | None`), with the way
    to write a list where a text was given for one; None where it fits."""
    if _fits(value, declared):
        return None
    wanted = declared.__name__ if isinstance(declared, type) else declared
    line = f"parameter '{name}' must be {wanted}, not {type(value).__name__}: {value!r}"
    if list in (declared, typing.get_origin(declared)) and isinstance(value, str):
        items = json.dumps([part.strip() for part in value.split(",")])
        line += f"; write {items}, and in a shell -p {name} '{items}'"
    return line


def _fits(value: object, declared: Any) -> bool:
    origin, arguments = typing.get_origin(declared), typing.get_args(declared)
    if origin is None:
        if declared in (int, float):  # to Python a bool is an int; to a person it is not
            return isinstance(value, (int, declared)) and not isinstance(value, bool)
        return isinstance(value, declared)
    if origin is list:
        return isinstance(value, list) and all(_fits(item, arguments[0]) for item in value)
    if origin is dict:
        return isinstance(value, dict) and all(
            _fits(key, arguments[0]) and _fits(item, arguments[1]) for key, item in value.items()
        )
    return any(_fits(value, choice) for choice in arguments)
