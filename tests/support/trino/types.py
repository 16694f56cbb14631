"""The type of each column that a query answers, by Trino's rules (`rules`); TrinoError where Trino has none."""

import re
from dataclasses import dataclass
from functools import cache

from support.trino.rules import CATALOG, COERCIONS, DECIMALS, FUNCTIONS, OPERATORS, PRECISIONS


class TrinoError(Exception):
    """Why Trino would refuse a query, in one line."""


@dataclass(frozen=True)
class Type:
    """A type by its name, and what it is of: `varchar` of its length, `map` of the types of its keys and values. In a
    signature one capital letter is any type, and a small one any number."""

    name: str
    of: tuple["Type | int | str", ...] = ()

    def __str__(self) -> str:
        first, _, rest = self.name.partition(" ")
        return first + (f"({', '.join(map(str, self.of))})" if self.of else "") + (f" {rest}" if rest else "")

    @property
    def is_variable(self) -> bool:
        return len(self.name) == 1 and self.name.isupper()


UNKNOWN, BOOLEAN = Type("unknown"), Type("boolean")
EVERYTHING = Type("*")
"""What count(*) counts."""


@cache
def parse(text: str) -> Type:
    """The type that Trino writes as `text`, such as `map(varchar, timestamp(6))`."""
    text = PRECISIONS.get(text.strip().lower(), text.strip())
    if not (match := re.fullmatch(r"(\w+)\s*\((.*)\)\s*(with time zone)?", text)):
        return Type(text if len(text) == 1 else text.lower())
    name = match[1].lower() + (" with time zone" if match[3] else "")
    return Type(name, tuple(_part(part, name) for part in split(match[2])))


def _part(text: str, whole: str) -> Type | int | str:
    return int(text) if text.isdigit() else parse(text) if whole in ("array", "map") else text


def split(text: str) -> list[str]:
    """What commas divide outside of parentheses, without the spaces around it."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def of_catalog(kind: str) -> Type:
    """Trino's type of an Iceberg column whose type is `kind` in Spark's SQL, or in the Glue catalog."""
    return parse(re.sub(r"[a-z_]+", lambda word: CATALOG[word[0]], kind.replace("<", "(").replace(">", ")")))


def common(one: Type, other: Type) -> Type | None:
    """The type that values of both can be coerced to (TypeCoercion.getCommonSuperType); None where there is none."""
    if one == other or other == UNKNOWN:
        return one
    if one == UNKNOWN:
        return other
    if one.name == other.name:
        return _common_of_one_name(one, other)
    for source, target in ((one, other), (other, one)):
        if coerced := COERCIONS.get(source.name, {}).get(target.name):
            return common(parse(coerced), target)
    return None


def _common_of_one_name(one: Type, other: Type) -> Type | None:
    if one.name == "decimal":
        (p, s), (q, t) = one.of, other.of
        return Type("decimal", (min(38, max(p - s, q - t) + max(s, t)), max(s, t)))
    if one.name in ("array", "map"):
        parts = [common(mine, theirs) for mine, theirs in zip(one.of, other.of, strict=True)]
        return None if None in parts else Type(one.name, tuple(parts))
    if not one.of or not other.of:  # a varchar without a length has any
        return Type(one.name)
    return Type(one.name, (max(one.of[0], other.of[0]),))


@dataclass(frozen=True)
class Signature:
    """A rule, parsed: `takes` repeats its last type where it is `variadic`."""

    takes: tuple[Type, ...]
    gives: Type
    variadic: bool

    def result(self, given: list[Type], *, exactly: bool) -> Type | None:
        """What it gives for arguments of these types, coerced unless `exactly`; None where they do not fit."""
        takes = list(self.takes)
        if self.variadic:
            takes += takes[-1:] * (len(given) - len(takes))
        bound: dict[str, Type | int] = {}
        if len(takes) != len(given) or not all(
            _bind(wanted, actual, bound, exactly) for wanted, actual in zip(takes, given, strict=True)
        ):
            return None
        return _filled(self.gives, bound)


def _bind(wanted: Type, actual: Type, bound: dict[str, Type | int], exactly: bool) -> bool:
    """Whether the argument fits, and what the letters of the signature then stand for."""
    if wanted.is_variable and actual != EVERYTHING:
        known = bound.get(wanted.name, actual)
        met = common(known, actual)
        bound[wanted.name] = met
        return met is not None and (not exactly or known == actual)
    if wanted.name == actual.name:
        for part, given in zip(wanted.of, actual.of, strict=False):
            if isinstance(part, Type):
                if not _bind(part, given, bound, exactly):
                    return False
            elif isinstance(part, str):
                bound[part] = max(given, bound.get(part, given))
        return True
    if actual == UNKNOWN:
        return not exactly
    coerced = COERCIONS.get(actual.name, {}).get(wanted.name)
    return not exactly and coerced is not None and _bind(wanted, parse(coerced), bound, exactly)


def _filled(gives: Type, bound: dict[str, Type | int]) -> Type:
    if gives.is_variable:
        return bound.get(gives.name, UNKNOWN)
    if gives.of and gives.of[0] in DECIMALS:
        return Type("decimal", DECIMALS[gives.of[0]](*(bound[letter] for letter in "psqt")))
    parts = [_filled(part, bound) if isinstance(part, Type) else bound.get(part, part) for part in gives.of]
    return Type(gives.name, tuple(parts))


@cache
def signatures() -> dict[str, list[Signature]]:
    """The rules, by the name of the function or operator, in their order: the narrowest first."""
    found: dict[str, list[Signature]] = {}
    for rule in (*FUNCTIONS, *OPERATORS):
        call, _, gives = rule.signature.partition(" -> ")
        name, _, arguments = call.partition("(")
        takes = split(arguments.rsplit(")", 1)[0])
        variadic = takes[-1:] == ["..."]
        known = tuple(parse(kind) for kind in takes if kind != "...")
        found.setdefault(name, []).append(Signature(known, parse(gives), variadic))
    return found


def call(name: str, given: list[Type]) -> Type:
    """What the function or operator gives for arguments of these types."""
    if name not in signatures():
        raise TrinoError(f"{name}: no rule of Trino's is declared for it (tests/support/trino/rules.py)")
    for exactly in (True, False):
        for signature in signatures()[name]:
            if (result := signature.result(given, exactly=exactly)) is not None:
                return result
    raise TrinoError(f"{name}({', '.join(map(str, given))}): Trino has none of these types")
