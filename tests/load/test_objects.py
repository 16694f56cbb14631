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


def new_keys(loaded: set[str], look_back_hours: int | None) -> list[str]:
    return [item.key for item in new_objects("flights", loaded, list_objects, look_back_hours)]


def test_at_first_everything_of_the_entity_is_new():
    found = new_keys(set(), 48)
    assert found == [key for key in BUCKET if key.startswith("flights/2023")]


def test_what_was_loaded_is_left_out_and_late_objects_are_found_within_the_look_back():
    loaded = {"flights/2023/09/14/01/a", "cities/2023/09/14/01/a"}
    assert new_keys(loaded, 1) == ["flights/2023/09/14/01/b", "flights/2023/09/14/02/a"]
    assert "flights/2023/09/13/23/late" in new_keys(loaded, 2)
    assert "flights/2023/01/01/00/very-late" not in new_keys(loaded, 48)


def test_reconciling_finds_what_came_later_than_the_look_back():
    loaded = {key for key in BUCKET if "very-late" not in key}
    assert new_keys(loaded, None) == ["flights/2023/01/01/00/very-late"]


def test_other_keys_have_no_arrival_hour():
    assert arrival_hour("flights/2023/09/14/01/a", "flights") == datetime(2023, 9, 14, 1)
    for key in ("flights/not-an-hour/a", "flights/2023/13/14/01/a", "flights/2023/09/14/01/", "cities/2023/09/14/01/a"):
        assert arrival_hour(key, "flights") is None
