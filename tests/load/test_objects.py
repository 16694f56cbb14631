"""Which raw objects are new: those since a little before the newest loaded hour that no finished run has loaded."""

from datetime import datetime

from aviation.load.objects import RawObject, arrival_hour, new_objects

BUCKET = sorted(
    [
        "cities/2023/09/14/01/a",
        "flights/2023/01/01/00/very-late",
        "flights/2023/09/13/23/late",
        "flights/2023/09/14/01/a",
        "flights/2023/09/14/01/b",
        "flights/2023/09/14/02/a",
        "flights/not-an-hour/a",
    ]
)


def list_objects(entity: str, start_after: str) -> list[RawObject]:
    return [RawObject(key, 1) for key in BUCKET if key.startswith(f"{entity}/") and key > start_after]


def new_keys(since: datetime | None, loaded: set[str]) -> list[str]:
    return [item.key for item in new_objects("flights", since, loaded, list_objects)]


def test_at_first_everything_of_the_entity_is_new():
    assert new_keys(None, set()) == [key for key in BUCKET if key.startswith("flights/2023")]


def test_what_was_loaded_and_what_is_older_is_left_out():
    loaded = {"flights/2023/09/14/01/a", "cities/2023/09/14/01/a"}
    late = "flights/2023/09/13/23/late"
    newer = ["flights/2023/09/14/01/b", "flights/2023/09/14/02/a"]
    assert new_keys(datetime(2023, 9, 14, 0), loaded) == newer
    assert new_keys(datetime(2023, 9, 13, 23), loaded) == [late, *newer]
    assert new_keys(None, loaded) == ["flights/2023/01/01/00/very-late", late, *newer]


def test_other_keys_have_no_arrival_hour():
    assert arrival_hour("flights/2023/09/14/01/a", "flights") == datetime(2023, 9, 14, 1)
    for key in ("flights/not-an-hour/a", "flights/2023/13/14/01/a", "flights/2023/09/14/01/", "cities/2023/09/14/01/a"):
        assert arrival_hour(key, "flights") is None
    assert RawObject("flights/2023/09/14/01/a", 1).hour == datetime(2023, 9, 14, 1)
