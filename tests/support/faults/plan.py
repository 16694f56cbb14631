"""A day and its faults, drawn from a seed: the same seed draws the same day."""

import random
from dataclasses import dataclass, field

from support.faults.raw import WAYS
from support.faults.windows import KINDS, REFUSED_RECORDS, STRIKE, Window

DAYS = ("2013-07-10", "2013-11-03", "2013-12-14")
"""A day of storms, the end of daylight saving time, a day of snow."""
HOURS = (11, 15, 19, 23)
RATES = (0.25, 0.5, 1.0)
POLLED = ("api", "kinesis", "s3")
"""What a poll calls, but for its secret."""
LOADED = ("s3", "glue", "sns", "monitoring")
KILLED_IN_A_POLL = ("kill the function", "kill the replay")
KILLED_IN_A_LOAD = ("kill the load", "kill Spark")
LOCAL = ("disk full", "folder not writable")
WRITERS = "two loads at once"
CLOCK = "clock turned"
EMULATOR = "kill the emulator"


@dataclass
class Step:
    """A poll of `entity` at `hour` of the day, or a load (entity None); under `windows`, after `before` was done (ways
    of handing raw objects over, or one of LOCAL and so on)."""

    entity: str | None
    hour: int = 0
    windows: list[Window] = field(default_factory=list)
    before: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """What it does."""
        return f"poll of {self.entity} at {self.hour}:00" if self.entity else "load"


@dataclass
class Plan:
    """The steps of a replayed day (ISO)."""

    seed: int
    day: str
    steps: list[Step]


def calm(day: str) -> Plan:
    """The same polls undisturbed, and one load of all."""
    return Plan(0, day, [Step("cities", HOURS[-1]), *(Step("flights", hour) for hour in HOURS), Step(None)])


def draw(seed: int, also: frozenset[str] = frozenset()) -> Plan:
    """The day of a seed. `also` are kinds that are drawn only where they are asked for: EMULATOR."""
    rng = random.Random(seed)
    polls = [poll(rng, "cities", HOURS[-1], also), *(poll(rng, "flights", hour, also) for hour in HOURS)]
    first, second, third = (load(rng, also) for _ in range(3))
    steps = [*polls[:2], first, polls[2], second, *polls[3:], third]
    for step in (second, third):  # the first load makes the tables of what came undisturbed
        step.before += rng.sample(sorted(WAYS), 2)
    return Plan(seed, rng.choice(DAYS), [*steps, Step(None)])


def poll(rng: random.Random, entity: str, hour: int, also: frozenset[str]) -> Step:
    """A poll under faults of all that it calls."""
    windows = [_window(rng, service, rng.choice(KINDS)) for service in POLLED]
    windows.append(_window(rng, "kinesis", REFUSED_RECORDS))
    windows.append(_window(rng, "api", rng.choice(KINDS)))
    if rng.random() < 0.4:
        kills = [*KILLED_IN_A_POLL, *({EMULATOR} & also)]
        windows.insert(0, _strike(rng, rng.choice(kills), rng.choice(POLLED), 2))
    return Step(entity, hour, windows, [CLOCK] if rng.random() < 0.5 else [])


def load(rng: random.Random, also: frozenset[str]) -> Step:
    """A load under faults of all that it and the alerts after it call, and perhaps a kill amid its writes."""
    windows = [_window(rng, service, rng.choice(KINDS)) for service in (*LOADED, "s3", "glue")]
    kind = rng.choice([*KILLED_IN_A_LOAD, *LOCAL, WRITERS, *sorted(also)])
    if kind in (*KILLED_IN_A_LOAD, EMULATOR):
        service, after = rng.choice((("s3", 60), ("glue", 15)))
        windows.insert(0, _strike(rng, kind, service, after))
        return Step(None, windows=windows)
    return Step(None, windows=windows, before=[kind])


def _window(rng: random.Random, service: str, kind: str) -> Window:
    """One that begins at any of a run's requests; more hits than a call is tried again for fail the run."""
    after = rng.randrange({"s3": 40, "glue": 12}.get(service, 3))
    most = rng.choice((2, 3, 4, 6, 8))
    return Window(service, kind, rng.choice(RATES), after, most, rng.randrange(1 << 30))


def _strike(rng: random.Random, name: str, service: str, within: int) -> Window:
    """A kill at one of the first requests that change something."""
    return Window(service, STRIKE, 1.0, rng.randrange(within), 1, rng.randrange(1 << 30), name)
