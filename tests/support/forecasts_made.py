"""Made-up forecasts of the demo's day: those that a load after each poll could have made."""

import random
from datetime import datetime
from functools import cache

import pandas as pd

from aviation.columns import FORECASTS
from support.board import MadeTables, loaded, storm, storm_objects
from support.board_made import insert_loads, load
from support.made_up import Database

REASONS = (
    "JFK: flights due in the last hour are 34 min late on average (more likely late)",
    "its aircraft's flight before is 52 min late, with a turn-around 12 min too short (more likely late)",
    "a Wednesday at this time of the year (less likely late)",
    "no earlier flight of its aircraft is known (less likely late)",
)
LEFT_OUT = datetime(2013, 7, 10, 22, 30)
KEY = "flight_key, flight_date, dep_scheduled_utc, dep_delay_min, standing"


def forecast(key: str, made_at: datetime, **given: object) -> dict:
    """A row of flight_forecasts: a flight that is likely to leave 35 minutes late."""
    row = {
        "flight_key": key,
        "flight_date": key[:10],
        "made_at": made_at,
        "horizon_min": 130,
        "model": "2013-07-09-ab12",
    }
    row |= {"p10": 12.0, "p50": 35.0, "p90": 78.0, "arr_p10": 2.0, "arr_p50": 28.0, "arr_p90": 80.0}
    row |= {"p_late": 0.62, "p_cancelled": 0.03, "climatology_p_late": 0.25, "origin_late_min": 12.0}
    return row | {f"reason_{place}": REASONS[place - 1] for place in (1, 2, 3)} | given


def forecasts_at(tables: MadeTables, poll: datetime, seed: int = 15) -> list[dict]:
    """A row for each leg that had not left by that poll (naive, UTC): some likely late, most not."""
    legs = tables.ask(f"select {KEY} from flights_so_far where standing in ('to come', 'overdue')", as_of=poll)
    made = []
    for leg in legs.sort_values("flight_key").itertuples():
        draw = random.Random(f"{seed} {poll} {leg.flight_key}")
        ahead = int((leg.dep_scheduled_utc - pd.Timestamp(poll)).total_seconds() // 60)
        middle = max(draw.choice((-4, 0, 6, 15, 28, 45, 90)) + draw.uniform(-3, 9), -ahead if ahead < 0 else -99)
        least, most = middle - draw.uniform(1, 15), middle + draw.uniform(10, 60)
        later = draw.uniform(-12, 8)
        arrives = (least + later, middle + later, most + later + 5)
        row = forecast(leg.flight_key, poll, horizon_min=ahead, p_cancelled=draw.choice((0.01, 0.05, 0.3)))
        row |= dict(
            zip(("p10", "p50", "p90", "arr_p10", "arr_p50", "arr_p90"), (least, middle, most, *arrives), strict=True)
        )
        made.append(row | {"p_late": min(0.97, max(0.04, middle / 70 + draw.uniform(-0.1, 0.2)))})
    return made


@cache
def storm_forecasts() -> pd.DataFrame:
    """What loads after each poll of the demo's day would have made, that at 22:30 left out."""
    polls = [
        found["observed_at"].to_pydatetime()
        for found in storm().records("select distinct observed_at from flight_observations order by 1")
    ]
    rows = [row for poll in polls if poll != LEFT_OUT for row in forecasts_at(storm(), poll)]
    return pd.DataFrame(rows).assign(flight_date=lambda frame: pd.to_datetime(frame["flight_date"]))


@cache
def foreseen() -> MadeTables:
    """The demo's day with a load after each poll, and its forecasts. Shared: a test that changes it makes its own."""
    made = loaded(storm_objects())
    frame = storm_forecasts()
    made.insert(FORECASTS.name, frame)
    return MadeTables(with_loads(made, frame))


def with_loads(made: Database, frame: pd.DataFrame) -> Database:
    """The tables with a load for each instant at which forecasts were made, in the place of theirs."""
    days = made.run("select flight_dates from loads").fetchone()[0]
    made.run("delete from loads")
    for number, (poll, rows) in enumerate(frame.groupby("made_at"), 1):
        insert_loads(made, load(f"load-{number}", finished_at=poll, fetched_at=poll, forecasts=len(rows)))
    made.connection.execute("update loads set flight_dates = ?", [days])
    return made
