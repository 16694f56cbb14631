"""The entities of the API: what is polled, streamed, stored in raw and loaded, declared once."""

from dataclasses import dataclass

from aviation.errors import ParameterError


@dataclass(frozen=True)
class Entity:
    """One entity of the API.

    `name` is the API's endpoint, the raw folder, the name of the parameter file and the end of the stream's name, all
    in one. `title` is how CloudFormation's logical ids spell it. What identifies a record from one pull to the next
    is declared with its table, in `aviation.columns`.
    """

    name: str
    title: str


ENTITIES = {
    entity.name: entity
    for entity in (
        Entity("flights", "Flights"),
        Entity("cities", "Cities"),
        Entity("airplanes", "Airplanes"),
        Entity("aircraft_types", "AircraftTypes"),
    )
}


def entity_named(name: str) -> Entity:
    """The entity of that name. ParameterError lists the known ones."""
    if name not in ENTITIES:
        raise ParameterError(f"unknown entity '{name}': it is one of {', '.join(ENTITIES)}")
    return ENTITIES[name]
