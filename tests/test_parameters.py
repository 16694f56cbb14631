"""Parameters are checked before anything runs."""

from dataclasses import dataclass, field

import pytest

from aviation.errors import ParameterError
from aviation.parameters import resolve


@dataclass(frozen=True)
class Choices:
    limit: int
    share: float = 0.2
    filters: dict[str, str | int] = field(default_factory=dict)
    entities: list[str] = field(default_factory=list)


def test_defaults_fill_what_is_not_given():
    assert resolve(Choices, limit=5, filters={"dep_iata": "JFK"}) == Choices(5, 0.2, {"dep_iata": "JFK"}, [])


def test_an_int_is_taken_where_a_float_is_declared():
    assert resolve(Choices, limit=5, share=1).share == 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"limit": "5"}, "parameter 'limit' must be int, not str: '5'"),
        ({"limit": True}, "parameter 'limit' must be int, not bool"),
        ({"limit": 5, "share": "much"}, "parameter 'share' must be float"),
        ({"limit": 5, "entities": "flights"}, "parameter 'entities' must be list"),
        ({"limit": 5, "entities": "JFK"}, 'write ["JFK"], and in a shell -p entities \'["JFK"]\''),
        ({"limit": 5, "entities": [1]}, "parameter 'entities' must be list"),
        ({"limit": 5, "filters": {"dep_iata": None}}, "parameter 'filters' must be dict"),
        ({"limits": 5}, "unknown parameter 'limits': did you mean 'limit'?"),
        ({"limit": 5, "zzz": 1}, "unknown parameter 'zzz': known are entities, filters, limit, share"),
        ({}, "parameter 'limit' is missing"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(values, message):
    with pytest.raises(ParameterError) as refusal:
        resolve(Choices, **values)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)
