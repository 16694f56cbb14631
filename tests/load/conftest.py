"""A place to load into, and what one load of everything makes of it."""

import pytest

from support.whole_load import Place, fill


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
