"""A place to load into, and what one load of everything makes of it."""

import random

import pytest

from support.made_batches import batches, crowd
from support.whole_load import Place, fill, put


@pytest.fixture
def place(spark, tmp_path) -> Place:
    return Place(spark, tmp_path)


@pytest.fixture(scope="session")
def loaded(spark, tmp_path_factory) -> tuple[Place, dict]:
    """A place after one load of everything, and the load's report."""
    place = Place(spark, tmp_path_factory.mktemp("raw"))
    fill(place)
    return place, place.load()


@pytest.fixture(scope="session")
def expected(loaded) -> dict[str, list[str]]:
    """The tables after one load of everything."""
    return loaded[0].contents()


@pytest.fixture(scope="session", params=["dense", "sparse"])
def case(request, spark, tmp_path_factory) -> tuple[list[bytes], dict[str, list[str]]]:
    """The objects of a day, and the tables after one load of them all."""
    objects = batches(random.Random(request.param))
    if request.param == "sparse":
        objects[0] += crowd(150)
    place = Place(spark, tmp_path_factory.mktemp("raw"))
    for number, content in enumerate(objects):
        put(place, number, content)
    place.load()
    return objects, place.contents()
