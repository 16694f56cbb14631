"""What the notebook says of forecasts, held against the rows that they are made of."""

from datetime import timedelta

import altair as alt
import pandas as pd
import pytest

from aviation.explore import choice, forecast
from aviation.explore.choice import Choice
from support.made_up import NOON, Database, leg, real_legs

DAY = "2013-07-10"
LOADS = (NOON, NOON + timedelta(hours=4, minutes=30), NOON + timedelta(hours=9))


@pytest.fixture(scope="module")
def legs() -> pd.DataFrame:
    return pd.DataFrame(real_legs(DAY)).astype({"dep_delay_min": "Int64", "arr_delay_min": "Int64"})


@pytest.fixture(scope="module")
def said(legs) -> pd.DataFrame:
    """What each load might say of the legs that had not left: the later the hour, the later."""
    rows = []
    for made_at in LOADS:
        for row in legs[legs["dep_actual_utc"].isna() | (legs["dep_actual_utc"] > made_at)].to_dict("records"):
            ahead = int((row["dep_scheduled_utc"] - made_at).total_seconds() // 60)
            half = 5.0 * (row["dep_scheduled_utc"].hour - 10)
            quantiles = {
                "p10": half - 20,
                "p50": half,
                "p90": half + 60,
                "arr_p10": -9.0,
                "arr_p50": 0.0,
                "arr_p90": 9.0,
            }
            reason = f"{row['dep_iata']}: the day's flights so far left {abs(ahead)} min late (more likely late)"
            shares = {"p_late": min(0.99, max(0.01, half / 60)), "climatology_p_late": 0.25, "reason_1": reason}
            about = {"flight_key": row["flight_key"], "flight_date": row["flight_date"], "made_at": made_at}
            rows.append(about | {"horizon_min": ahead, "model": "m"} | quantiles | shares)
    return pd.DataFrame(rows)


@pytest.fixture
def tables(legs, said, monkeypatch) -> Database:
    made = Database().insert("flights", legs).insert("flight_forecasts", said)
    monkeypatch.setattr(choice, "ask", lambda text, as_of=None: made.ask(text))
    return made


@pytest.fixture
def both(legs, said) -> pd.DataFrame:
    """Each forecast with what became of its leg, where it is over."""
    joined = said.merge(legs, on=["flight_key", "flight_date"])
    cancelled = joined["flight_status"] == "cancelled"
    late = (cancelled | (joined["dep_delay_min"] >= 15)).fillna(False)
    return joined.assign(late=late, left=~cancelled & joined["dep_delay_min"].notna())


def test_the_middle_is_the_load_nearest_to_the_middle_of_the_departures(tables):
    assert forecast.middle(Choice(DAY)) == LOADS[1]


def test_the_intervals_are_of_the_middle_s_forecast_and_say_who_left_within(tables, both):
    own = both[(both["made_at"] == LOADS[1]) & both["left"]]
    drawn = forecast.intervals(Choice(DAY)).drawn
    within = own["dep_delay_min"].astype(float).between(own["p10"], own["p90"])
    assert (len(drawn), (drawn["outcome"] == forecast.WITHIN).sum()) == (len(own), within.sum())
    assert f"{within.sum():,} ({within.mean():.0%})".replace("%", " %") in forecast.finding(Choice(DAY)).text


def test_a_probability_is_held_against_how_often_it_came_true(tables, both):
    found = forecast.reliability(Choice(DAY)).frame.set_index("said")
    groups = both.groupby((both["p_late"] * 10).astype(int).clip(upper=9))
    assert found["forecasts"].to_dict() == groups.size().to_dict()
    assert found["came_true"].to_dict() == pytest.approx(groups["late"].mean().to_dict())
    assert found["mean_said"].to_dict() == pytest.approx(groups["p_late"].mean().to_dict())


def test_the_bands_come_in_order_and_their_scores_make_the_finding_s(tables, both):
    bands = forecast.by_horizon(Choice(DAY)).frame
    assert bands["horizon"].tolist() == [
        "overdue",
        *sorted(bands["horizon"][1:], key=lambda text: text.split()[-2].zfill(4)),
    ]
    brier, usual = (((both[name] - both["late"]) ** 2).mean() for name in ("p_late", "climatology_p_late"))
    skill = 1 - brier / usual
    said = f"{abs(skill):.0%} {'better' if skill >= 0 else 'worse'}".replace("%", " %")
    assert f"was {said} than climatology" in forecast.finding(Choice(DAY)).text


def test_the_misses_are_those_farthest_off_and_reasons_are_counted_by_what_they_are_about(tables, both):
    own = both[(both["made_at"] == LOADS[1]) & both["left"]]
    late = own["dep_delay_min"].astype(float)
    off = pd.concat([late - own["p90"], own["p10"] - late], axis=1).max(axis=1).nlargest(forecast.WORST)
    assert forecast.misses(Choice(DAY)).frame["off_min"].tolist() == pytest.approx(off.tolist())
    listed = forecast.reasons(Choice(DAY)).frame
    assert set(listed["reason"]) == {"EWR", "JFK", "LGA"}
    for reason in ("it leaves at 14:05 (less likely late)", "it leaves at 7:30 (more likely late)"):
        assert forecast.about(reason) == "it leaves at …"
    assert listed["forecasts"].sum() == (both["made_at"] == LOADS[1]).sum()


def test_one_flight_has_a_line_for_each_quantile_and_what_happened(tables, both):
    rows = forecast.one_flight(Choice(DAY)).frame
    assert rows.groupby("measure").size().to_dict() == dict.fromkeys(["p10", "p50", "p90", "it left"], len(LOADS))
    often = both[both["left"]].groupby("flight_key")["dep_delay_min"].agg(["size", "max"])
    assert rows[rows["measure"] == "it left"]["minutes"].iloc[0] == often[often["size"] == len(LOADS)]["max"].max()


@pytest.mark.parametrize(
    "ask", [forecast.intervals, forecast.reliability, forecast.by_horizon, forecast.reasons, forecast.one_flight]
)
def test_each_is_drawn(tables, ask):
    answer = ask(Choice(DAY))
    rows = answer.frame if answer.drawn is None else answer.drawn
    assert isinstance(answer.mark(rows, **answer.options), alt.LayerChart)


@pytest.mark.parametrize(
    ("missing", "why"),
    [
        ([], "No load found them before they left"),
        (
            [{"finished_at": NOON, "forecasts_missing": "no forecast yet: it needs 500"}],
            "says: no forecast yet: it needs",
        ),
    ],
)
def test_without_forecasts_it_says_why(monkeypatch, missing, why):
    made = Database().insert("flights", [leg("1", "EWR-BOS", 0, 60)])
    if missing:
        made.insert("loads", missing)
    monkeypatch.setattr(choice, "ask", lambda text, as_of=None: made.ask(text))
    said = forecast.finding(Choice(DAY)).text
    assert said.startswith("No forecast was made of 1 flight of 10 July 2013.") and why in said


def test_forecasts_of_flights_that_are_not_over_are_not_scored_yet(monkeypatch, said):
    waits = leg(said["flight_key"][0], "EWR-BOS", 0, 60, flight_status="scheduled", dep_late=None, arr_late=None)
    made = Database().insert("flights", pd.DataFrame([waits]).astype({"dep_delay_min": "Int64"}))
    made.insert("flight_forecasts", said.head(1))
    monkeypatch.setattr(choice, "ask", lambda text, as_of=None: made.ask(text))
    assert "1 forecast, of no flight that is over" in forecast.finding(Choice(DAY)).text
