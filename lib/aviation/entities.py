"""The entities of the API: what is polled, streamed, stored in raw and loaded, declared once."""

from dataclasses import dataclass

from aviation.errors import ParameterError


@dataclass(frozen=True)
class Entity:
    """`name` is at once the API's endpoint, the raw folder, the parameter file and the end of the stream's name.

    `key` is the record's field that stays the same between pulls (never `id`), None for flights, whose identity
    is worked out (see `aviation.load.identity`). `title` is how CloudFormation's logical ids spell it.
    """

    name: str
    title: str
    key: str | None


ENTITIES = {
    entity.name: entity
    for entity in (
        Entity("flights", "Flights", None),
        Entity("cities", "Cities", "city_id"),
        Entity("airplanes", "Airplanes", "airplane_id"),
        Entity("aircraft_types", "AircraftTypes", "plane_type_id"),
    )
}


def entity_named(name: str) -> Entity:
    """The entity of that name; ParameterError names the ones there are."""
    if name not in ENTITIES:
        raise ParameterError(f"unknown entity '{name}': it is one of {', '.join(ENTITIES)}")
    return ENTITIES[name]
