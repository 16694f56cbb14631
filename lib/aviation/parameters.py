"""Notebook parameters: a frozen dataclass declares them, `resolve` checks what came in against it."""

import difflib
import json
import typing
from dataclasses import MISSING, fields

from aviation.errors import ParameterError

P = typing.TypeVar("P")


def resolve(declared: type[P], /, **values) -> P:
    """An instance of the dataclass `declared`, or a ParameterError that names the parameter that does not fit.

    An int is taken where a float is declared; nothing else is converted.
    """
    types = typing.get_type_hints(declared)
    for name, value in values.items():
        if name not in types:
            raise ParameterError(unknown_parameter(name, types))
        if not _fits(value, types[name]):
            raise ParameterError(_misfit(name, value, types[name]))
    for field in fields(declared):
        if field.default is MISSING and field.default_factory is MISSING and field.name not in values:
            raise ParameterError(f"parameter '{field.name}' is missing")
    return declared(**values)


def unknown_parameter(name: str, known: typing.Iterable[str]) -> str:
    """The line that refuses an unknown parameter, with the nearest known name where there is one."""
    near = difflib.get_close_matches(name, list(known), n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(sorted(known))}"
    return f"unknown parameter '{name}': {hint}"


def _misfit(name: str, value: object, declared: typing.Any) -> str:
    """The line that refuses a value, with the way to write a list where a text was given for one."""
    wanted = declared.__name__ if isinstance(declared, type) else declared
    line = f"parameter '{name}' must be {wanted}, not {type(value).__name__}: {value!r}"
    if typing.get_origin(declared) is list and isinstance(value, str):
        items = json.dumps(value.split(","))
        line += f"; write {items}, and in a shell -p {name} '{items}'"
    return line


def _fits(value, declared) -> bool:
    origin = typing.get_origin(declared)
    if origin is None:
        if declared is float:
            return isinstance(value, int | float) and not isinstance(value, bool)
        if declared is int:
            return isinstance(value, int) and not isinstance(value, bool)
        return isinstance(value, declared)
    arguments = typing.get_args(declared)
    if origin is list:
        return isinstance(value, list) and all(_fits(item, arguments[0]) for item in value)
    if origin is dict:
        return isinstance(value, dict) and all(
            _fits(key, arguments[0]) and _fits(item, arguments[1]) for key, item in value.items()
        )
    return any(_fits(value, choice) for choice in arguments)
