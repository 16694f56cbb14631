"""The operations board over a year of flights: how fast its pages are, how much memory it takes.

    .venv/bin/python benchmarks/board.py [--rounds 20] [--small]

Starts `aviation board` over a stack of its own with 2013's 336,776 flights in its tables, and asks as browsers do: the
first page of days that nobody has asked for, the same again, filters of the board, twenty requests at once, the pages
of airports and airlines, the film of the day of storms by a board that has just started; then loads a poll and waits
for the page that is open to be told. Prints medians, 95th percentiles, the board's memory, and the load average.

The year is made once, in six minutes and 600 MB, and kept in `.aviation/benchmarks` for the next run. `--small` makes
nine days of it.
"""

import argparse
import os

from aviation import home
from viewers import asking
from viewers.year import DAYS_BEFORE, year

KEPT = home.home() / "benchmarks"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--small", action="store_true")
    chosen = parser.parse_args()
    made = year(KEPT, days=8 if chosen.small else DAYS_BEFORE)
    try:
        print(f"board: made in {made.seconds:.0f} s, {made.size / 1e6:.0f} MB; load average {os.getloadavg()[0]:.1f}")
        with asking.served() as board:
            asking.film(board)
            asking.pages(board, chosen.rounds)
            asking.at_once(board)
            asking.memory(board)
            asking.loaded(board, made)
            asking.memory(board)
        print(f"board: load average at the end {os.getloadavg()[0]:.1f}")
    finally:
        made.stack.down()


if __name__ == "__main__":
    main()
