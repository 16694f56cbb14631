"""How old the data is, and how old it may get."""

from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import BaseModel, Field

from aviation.board import words
from aviation.board.tables import Tables
from aviation.entities import ENTITIES

AGES = "select " + ", ".join(
    f"max(element_at(newest_{what}_at, '{name}')) as {name}_{what}"
    for name in ENTITIES
    for what in ("fetched", "observed")
)


class Age(BaseModel):
    """How old the newest record of an entity is that the tables have. Times are UTC."""

    entity: str
    fetched_at: datetime | None = Field(description="When it was fetched; null where nothing was loaded.")
    observed_at: datetime | None = Field(description="The moment that it tells of, by the flight API.")
    age_min: float | None = Field(description="Minutes since it was fetched.")
    promised_min: float | None = Field(description="How old it gets at most, by the schedules; null where none runs.")

    @property
    def is_old(self) -> bool:
        """Whether it is older than promised."""
        return self.age_min is not None and self.promised_min is not None and self.age_min > self.promised_min

    @property
    def text(self) -> str:
        """The age in words, and what it should be where it is older than that. The script writes the same words."""
        if self.age_min is None:
            return "nothing loaded"
        text = f"{words.duration(self.age_min)} old"
        return f"{text}, should be {words.duration(self.promised_min or 0)} at most" if self.is_old else text


def ages(tables: Tables, promised: Mapping[str, float | None], now: datetime | None = None) -> list[Age]:
    """Of each entity, as of `now` (aware). `promised` are minutes by entity."""
    now = (now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
    known = tables.records(f"{AGES} from loads")[0] if "loads" in tables.loaded.catalog.tables else {}
    return [_age(name, known, promised.get(name), now) for name in ENTITIES]


def _age(entity: str, known: Mapping[str, datetime | None], promised: float | None, now: datetime) -> Age:
    fetched, observed = known.get(f"{entity}_fetched"), known.get(f"{entity}_observed")
    age = None if fetched is None else max(0.0, (now - fetched).total_seconds() / 60)
    return Age(entity=entity, fetched_at=fetched, observed_at=observed, age_min=age, promised_min=promised)
