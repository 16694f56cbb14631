"""Raw objects handed over in other ways make the same tables."""

import random
from collections import Counter

import pytest

from support.faults.raw import WAYS
from support.made_batches import batches
from support.whole_load import Place

SEEDS = range(2)


def objects(seed: int) -> dict[str, bytes]:
    """Some made-up objects of flights, one an hour."""
    made = batches(random.Random(seed), 4)
    return {f"flights/2023/09/14/{hour:02d}/object": content for hour, content in enumerate(made, start=10)}


def lines(of: dict[str, bytes]) -> list[bytes]:
    return [line for content in of.values() for line in content.splitlines()]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("way", WAYS)
def test_no_line_is_lost_and_the_same_seed_does_the_same(way, seed):
    before = objects(seed)
    after = WAYS[way](random.Random(seed), before)
    assert after != before
    assert not Counter(lines(before)) - Counter(lines(after))
    assert set(lines(after)) == set(lines(before))
    assert WAYS[way](random.Random(seed), before) == after


@pytest.fixture(scope="module")
def undisturbed(spark, tmp_path_factory) -> dict[int, dict[str, list[str]]]:
    """The tables of each seed's objects as they came."""
    found = {}
    for seed in SEEDS:
        place = Place(spark, tmp_path_factory.mktemp("raw"))
        for key, content in objects(seed).items():
            place.put(key, content)
        place.load()
        found[seed] = contents(place)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_loads_of_objects_handed_over_otherwise_make_the_same_tables(seed, spark, tmp_path, undisturbed):
    rng, place = random.Random(seed), Place(spark, tmp_path)
    parts = sorted(objects(seed).items())
    for part in (dict(parts[:2]), dict(parts[2:])):
        for way in rng.sample(sorted(WAYS), 2):
            part = WAYS[way](rng, part)
        for key, content in part.items():
            place.put(key, content)
        place.load()
    assert contents(place) == undisturbed[seed]


def contents(place: Place) -> dict[str, list[str]]:
    """The tables of flights: the quarantine names the objects."""
    return {name: rows for name, rows in place.contents().items() if name.startswith("flight")}
