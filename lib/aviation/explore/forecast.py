"""What did the forecast say in the middle of the day, and what became of it? Measured as in forecast_scores."""

import re

import numpy as np
import pandas as pd

from aviation.charts import marks
from aviation.explore.choice import Choice
from aviation.explore.show import Answer, Finding, chart
from aviation.explore.words import counted, each, minutes, share, total
from aviation.views.declaration import LATE_MIN
from aviation.views.forecasts import BANDS, outcomes, scores

WITHIN, OUTSIDE = "left within it", "left outside it"
SAID, HAPPENED = "was said", "came true"
MEASURES = {
    "coverage": "coverage (80 is meant)",
    "climatology_skill": "skill: climatology",
    "origin_skill": "skill: last delay",
}
WORST, COMMON = 10, 8
NUMBERS = re.compile(r"\d[\d.,:]*(?: (?:d|h|min)\b)?(?: \d+ (?:h|min)\b)*")


def moments(chosen: Choice) -> pd.DataFrame:
    """`made_at` (UTC), `forecasts, not_over`: the loads that forecast the chosen flights, in order."""
    return chosen.ask(
        f"{outcomes(chosen.condition)} select made_at, count(is_late) as forecasts, "
        "count(*) - count(is_late) as not_over from outcomes group by made_at order by made_at"
    )


def middle(chosen: Choice) -> pd.Timestamp | None:
    """The moment of forecasts (UTC) nearest to the middle of the chosen flights' departures; None without one."""
    if (made := moments(chosen)["made_at"]).empty:
        return None
    day = (
        f"select min(dep_scheduled_utc) as first, max(dep_scheduled_utc) as last from flights where {chosen.condition}"
    )
    ends = chosen.ask(day).iloc[0]
    half = ends["first"] + (ends["last"] - ends["first"]) / 2
    return pd.Timestamp(made.iloc[int((made - half).abs().to_numpy().argmin())])


def intervals(chosen: Choice) -> Answer:
    """One row a flight of the middle's forecast that left and is over: `flight_key, departs` (scheduled, local),
    `p10, p50, p90, dep_delay_min, reason_1, reason_2, reason_3`, by departure. Drawn is `held`."""
    asked = f"""{outcomes(chosen.condition)} select flight_key, dep_scheduled_local as departs, p10, p50, p90,
        dep_delay_min, reason_1, reason_2, reason_3 from outcomes where dep_delay_min is not null and {_at(chosen)}
        order by 2, 1"""
    rows = chosen.ask(asked)
    return chart(
        asked,
        rows,
        marks.intervals,
        drawn=held(rows),
        x="departs",
        low="p10",
        high="p90",
        value="dep_delay_min",
        group="outcome",
        x_title="scheduled departure (local)",
        unit="minutes late at the departure",
        title="What was forecast, and when they left",
        subtitle=f"{_label(chosen)}\na bar a flight, from p10 to p90: eight of ten are meant to leave within theirs",
    )


def held(left: pd.DataFrame) -> pd.DataFrame:
    """The rows, with `outcome`: whether it left within its interval."""
    within = left["dep_delay_min"].astype(float).between(left["p10"], left["p90"])
    return left.assign(outcome=np.where(within, WITHIN, OUTSIDE))


def reliability(chosen: Choice) -> Answer:
    """`said` (the probability to be late, in tenths: 0 to 9), `forecasts, mean_said, came_true` (shares), of all loads'
    forecasts. Drawn is `in_percent`."""
    asked = f"""{outcomes(chosen.condition)} select least(9, cast(floor(p_late * 10e0) as bigint)) as said,
        count(*) as forecasts, avg(p_late) as mean_said, avg(is_late) as came_true
        from outcomes where is_late is not null group by 1 order by 1"""
    rows = chosen.ask(asked)
    return chart(
        asked,
        rows,
        marks.dots,
        drawn=in_percent(rows),
        label="forecasts",
        group="measure",
        value="percent",
        unit="percent",
        title="How often a probability to be late came true",
        subtitle=f"{chosen.label}; late is {LATE_MIN} minutes or more at the departure, or cancelled",
    )


def in_percent(tenths: pd.DataFrame) -> pd.DataFrame:
    """`forecasts` (which, in words), `measure` (was said or came true), `percent`."""
    words = each(tenths, lambda row: f"{10 * row.said}–{10 * (row.said + 1)} %, {counted(row.forecasts, 'forecast')}")
    wide = pd.DataFrame({"forecasts": words, SAID: 100 * tenths["mean_said"], HAPPENED: 100 * tenths["came_true"]})
    return wide.melt("forecasts", [SAID, HAPPENED], "measure", "percent").sort_values(
        "forecasts", kind="stable", ignore_index=True, key=lambda of: of.map({word: n for n, word in enumerate(words)})
    )


def by_horizon(chosen: Choice) -> Answer:
    """One row a band of the horizon, the measures of forecast_scores over all loads. Drawn is `measured`."""
    asked = scores("horizon", chosen.condition)
    order = {band.words: number for number, band in enumerate(BANDS)}
    rows = chosen.ask(asked).sort_values("horizon", key=lambda of: of.map(order), ignore_index=True)
    return chart(
        asked,
        rows,
        marks.dots,
        drawn=measured(rows),
        label="horizon",
        group="measure",
        value="percent",
        unit="percent",
        title="Coverage and skill, by how long before the departure",
        subtitle=f"{chosen.label}; a skill of 0 is no better than what it is compared to",
    )


def measured(bands: pd.DataFrame) -> pd.DataFrame:
    """`horizon` (with how many forecasts), `measure, percent`: what there is of MEASURES."""
    words = each(bands, lambda row: f"{row.horizon}, {counted(row.forecasts, 'forecast')}")
    wide = pd.DataFrame({"horizon": words} | {text: 100 * bands[name].astype(float) for name, text in MEASURES.items()})
    long = wide.melt("horizon", list(MEASURES.values()), "measure", "percent").dropna(ignore_index=True)
    return long.sort_values(
        "horizon", kind="stable", ignore_index=True, key=lambda of: of.map(dict(zip(words, wide.index, strict=True)))
    )


def misses(chosen: Choice) -> Answer:
    """The WORST flights of `intervals` that left farthest outside of theirs: `flight_key, p10, p50, p90, dep_delay_min,
    off_min` (from the interval's nearer end), `reason_1`."""
    left = intervals(chosen)
    rows = left.frame
    delay = rows["dep_delay_min"].astype(float)
    off = np.maximum(delay - rows["p90"].astype(float), rows["p10"].astype(float) - delay)
    worst = rows.assign(off_min=off)[off > 0].sort_values(["off_min", "flight_key"], ascending=[False, True])
    shown = worst[["flight_key", "p10", "p50", "p90", "dep_delay_min", "off_min", "reason_1"]].head(WORST)
    return Answer(shown.reset_index(drop=True), left.sql)


def reasons(chosen: Choice) -> Answer:
    """`reason` (what it is about), `forecasts`: what weighed most in the middle's forecasts, the COMMON first."""
    asked = f"{outcomes(chosen.condition)} select reason_1 from outcomes where reason_1 is not null and {_at(chosen)}"
    plain = chosen.ask(asked)["reason_1"].map(about)
    often = plain.value_counts().rename_axis("reason").reset_index(name="forecasts")
    rows = often.sort_values(["forecasts", "reason"], ascending=[False, True], ignore_index=True).head(COMMON)
    return chart(
        asked,
        rows,
        marks.bars,
        label="reason",
        value="forecasts",
        title="The reasons that weighed most",
        subtitle=_label(chosen),
    )


def about(reason: str) -> str:
    """What a reason is about: `EWR` of `EWR: flights due in the last hour are 34 min late (more likely late)`."""
    return NUMBERS.sub("…", reason).partition(":")[0].partition(" (")[0]


def one_flight(chosen: Choice) -> Answer:
    """`made_at` (UTC), `measure, minutes`: what each load forecast of one flight, and what happened: of those forecast
    most often the one that left latest."""
    asked = f"""{outcomes(chosen.condition)}, told as (
            select flight_key, count(*) as times, max(dep_delay_min) as late from outcomes
            where dep_delay_min is not null group by flight_key),
        one as (select flight_key from told order by times desc, late desc, flight_key limit 1)
        select flight_key, made_at, p10, p50, p90, dep_delay_min as "it left"
        from outcomes where flight_key in (select flight_key from one) order by made_at"""
    rows = chosen.ask(asked)
    which = f"{rows['flight_key'].iloc[0]}, {counted(len(rows), 'forecast')}" if len(rows) else chosen.label
    return chart(
        asked,
        rows.melt("made_at", ["p10", "p50", "p90", "it left"], "measure", "minutes").astype({"minutes": float}),
        marks.lines,
        x="made_at",
        x_title="forecast at (UTC)",
        value="minutes",
        group="measure",
        unit="minutes late at the departure",
        title="One flight's forecasts, and when it left",
        subtitle=which,
    )


def finding(chosen: Choice) -> Finding:
    """Two sentences, of `intervals` and `by_horizon`."""
    if not chosen.flights:
        return Finding(chosen.nothing, chosen.nothing)
    made = moments(chosen)
    if made.empty:
        return Finding(f"No forecast was made of {counted(chosen.flights, 'flight')} of {chosen.label}. {_why(chosen)}")
    over = total(made, "forecasts")
    if not over:
        return Finding(
            f"Of {chosen.label} the tables have {counted(total(made, 'not_over'), 'forecast')}, of no flight that is "
            "over. They are scored as their flights end."
        )
    left = held(intervals(chosen).frame)
    within = int((left["outcome"] == WITHIN).sum())
    if left.empty:
        first = f"Of {_label(chosen)}, no flight has left and is over."
    else:
        off = float((left["dep_delay_min"].astype(float) - left["p50"]).abs().mean())
        first = (
            f"Of {counted(len(left), 'flight')} of {_label(chosen)}, {within:,} ({share(within, len(left))}) left "
            f"within the forecast's interval, which is to hold for 80 %, and {minutes(off)} from its middle on average."
        )
    return Finding(f"{first} {_skill(chosen, over)}", chosen.unmatched)


def _skill(chosen: Choice, over: int) -> str:
    bands = by_horizon(chosen).frame
    brier, usual = (
        float((bands[name].astype(float) * bands["forecasts"]).sum()) / over for name in ("brier", "climatology_brier")
    )
    of = f"{counted(over, 'forecast')} in {counted(len(moments(chosen)), 'load')}"
    if not usual:
        return f"Of {of} that can be scored, climatology was right about each."
    skill = 1 - brier / usual
    compared = f"{abs(skill):.0%} {'better' if skill >= 0 else 'worse'}".replace("%", " %")
    return f"Its probability to be late, in {of} that can be scored, was {compared} than climatology (Brier skill)."


def _why(chosen: Choice) -> str:
    """Why there is no forecast, in a sentence."""
    told = chosen.ask(
        "select forecasts_missing from loads where forecasts_missing is not null order by finished_at desc limit 1"
    )
    if told.empty:
        return "No load found them before they left: it takes one in the middle of the day."
    return f"The newest load that made none says: {told['forecasts_missing'].iloc[0]}."


def _at(chosen: Choice) -> str:
    moment = middle(chosen)
    return "false" if moment is None else f"made_at = timestamp '{moment}'"


def _label(chosen: Choice) -> str:
    moment = middle(chosen)
    return chosen.label if moment is None else f"{chosen.label}, as forecast at {moment:%Y-%m-%d %H:%M} UTC"
