"""The flight API of `sustained.py`: `api.py LEGS POLLS SEED [option of the replay ...]`.

The replay's own server with its key, its pages and its control of the clock; the flights are those of `legs`, all of
them whatever the day, as they are at the poll that the clock belongs to.
"""

import sys
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from aviation.replay import __main__ as program  # noqa: E402
from aviation.replay import records  # noqa: E402
from hour import legs  # noqa: E402


def main() -> None:
    file, polls, seed, *options = sys.argv[1:]
    base = legs.read(Path(file))

    @lru_cache(maxsize=1)
    def said(poll: int) -> tuple[dict[str, Any], ...]:
        return tuple(legs.at(base, poll, int(polls), int(seed)))

    def flights(day: str, clock: datetime) -> tuple[dict[str, Any], ...]:
        return said(legs.poll_at(clock))

    records.flights = flights  # type: ignore[assignment]
    sys.argv[1:] = options
    program.main()


if __name__ == "__main__":
    main()
