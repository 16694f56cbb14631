"""The rows of `flight_history` of days of the replay, made at once by its rules of when a thing is known.

A poll every 30 minutes, at the instants of `aviation backfill --every 30m`. At each, as in `aviation.replay.records`: a
departure and an arrival are known once they have happened, a cancellation from the scheduled departure on, a diversion
at its arrival had it made up nothing, an aircraft from 3 hours before the scheduled departure.
"""

import io
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from aviation.forecast.known import READ
from aviation.replay import data, default_clock, quirks, records

EVERY = timedelta(minutes=30)


def history(first: date, last: date, every: timedelta = EVERY) -> pa.Table:
    """The versions of all legs from `first` to `last`, both included: the columns READ of `flight_history`. One begins
    only where something changes that forecasts read: in the table also where the status is `unknown`, or lags behind.
    What forecasts read of both is the same at every poll (tests/forecast/test_rows.py)."""
    legs = _legs(first, last)
    begins = legs["dep_scheduled_utc"].groupby(legs["flight_date"]).transform("min") - records.KNOWN_BEFORE
    seen = begins.dt.floor(every)
    happens = {
        "seen": seen,
        "aircraft": (legs["dep_scheduled_utc"] - quirks.AIRCRAFT_KNOWN_BEFORE).where(legs["tail_shown"]),
        "left": legs["dep_actual_utc"],
        "over": legs["over"],
    }
    # By the first poll at or after it.
    moments = {name: at.dt.ceil(every).where(at.isna() | (at > seen), seen) for name, at in happens.items()}
    begin = pd.concat([pd.DataFrame({"leg": legs.index, "known_from": at}) for at in moments.values()])
    begin = begin.dropna().drop_duplicates().sort_values(["leg", "known_from"], ignore_index=True)
    versions = legs.loc[begin["leg"]].reset_index(drop=True)
    known_from = begin["known_from"]
    known = {name: (known_from >= at.loc[begin["leg"]].reset_index(drop=True)) for name, at in moments.items()}
    versions["known_from"] = known_from
    versions["known_until"] = known_from.shift(-1).where(begin["leg"] == begin["leg"].shift(-1))
    versions["aircraft_registration"] = versions["tailnum"].where(known["aircraft"], None)
    versions["dep_actual_utc"] = versions["dep_actual_utc"].where(known["left"])
    versions["arr_actual_utc"] = versions["arr_actual_utc"].where(known["over"])
    versions["flight_status"] = np.where(known["over"], versions["end"], np.where(known["left"], "active", "scheduled"))
    return pa.Table.from_pandas(versions[list(READ)], schema=READ_SCHEMA, preserve_index=False)


READ_SCHEMA = pa.schema(
    [
        (name, pa.timestamp("us") if name.endswith(("_utc", "_local", "_from", "_until")) else pa.string())
        if name != "flight_date"
        else (name, pa.date32())
        for name in READ
    ]
)


def _legs(first: date, last: date) -> pd.DataFrame:
    """The flights of the data, a row each, with instants in UTC, and the status and the instant of each one's end."""
    rows = pd.read_csv(io.BytesIO(data._text()), dtype={"flight": str}, keep_default_na=False, na_values={"NA"})
    day = pd.to_datetime(rows[["year", "month", "day"]])
    rows = rows[(day >= pd.Timestamp(first)) & (day <= pd.Timestamp(last))]
    legs = pd.DataFrame({"flight_date": day.loc[rows.index].astype("datetime64[us]")})
    icao = {code: carrier.icao for code, carrier in quirks.carriers().items()}
    legs["airline_icao"], legs["airline_iata"] = rows["carrier"].map(icao), rows["carrier"]
    legs["flight_number"], legs["tailnum"] = rows["flight"], rows["tailnum"].where(rows["tailnum"].notna(), None)
    legs["dep_iata"], legs["arr_iata"] = rows["origin"], rows["dest"]
    legs["dep_icao"], legs["arr_icao"] = (
        legs[f"{side}_iata"].map({code: data.airports()[code]["icao"] for code in legs[f"{side}_iata"].unique()})
        for side in ("dep", "arr")
    )
    names = ("airline_icao", "flight_number")
    iso = legs["flight_date"].dt.strftime("%Y-%m-%d")
    legs["flight_key"] = iso.str.cat([legs["dep_iata"], *(legs[name] for name in names)], sep="|")
    legs["dep_scheduled_local"] = legs["flight_date"] + _since_midnight(rows["sched_dep_time"])
    legs["dep_scheduled_utc"] = _utc(legs["dep_scheduled_local"], legs["dep_iata"])
    legs["arr_scheduled_utc"] = _arrival(legs, rows)
    legs["dep_actual_utc"] = legs["dep_scheduled_utc"] + pd.to_timedelta(rows["dep_delay"], unit="min")
    legs["arr_actual_utc"] = legs["arr_scheduled_utc"] + pd.to_timedelta(rows["arr_delay"], unit="min")
    late = pd.to_timedelta(rows["dep_delay"].clip(lower=0), unit="min")
    # As `records.ends`: with the day's default clock, if it left an hour before that.
    clock = pd.to_datetime(iso.map({day: default_clock(day).replace(tzinfo=None) for day in iso.unique()}))
    hour_after = legs["dep_actual_utc"] + pd.Timedelta(hours=1)
    latest = clock.where(clock > hour_after, hour_after)
    planned = legs["arr_scheduled_utc"] + late
    over = legs["arr_actual_utc"].fillna(planned.where(planned < latest, latest))
    cancelled = legs["dep_actual_utc"].isna()
    legs["over"] = over.where(~cancelled, legs["dep_scheduled_utc"])
    legs["end"] = np.where(cancelled, "cancelled", np.where(legs["arr_actual_utc"].isna(), "diverted", "landed"))
    about = zip(iso, rows["carrier"], rows["flight"], rows["origin"], strict=True)
    shown = [quirks.Dice(*each, "").chance("aircraft", quirks.AIRCRAFT_SHOWN) for each in about]
    legs["tail_shown"] = np.array(shown) & legs["tailnum"].notna()
    return legs.reset_index(drop=True)


def _arrival(legs: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """As `data.scheduled_arrival`: on the date that makes the block time positive and closest to the distance's."""
    expected = data.GROUND_MINUTES + rows["distance"] / data.MILES_A_MINUTE
    found, off = pd.Series(pd.NaT, legs.index, dtype="datetime64[us]"), pd.Series(np.inf, legs.index)
    for days in (-1, 0, 1, 2):
        local = legs["flight_date"] + timedelta(days=days) + _since_midnight(rows["sched_arr_time"])
        at = _utc(local, legs["arr_iata"])
        block = (at - legs["dep_scheduled_utc"]).dt.total_seconds() / 60
        is_nearer = (block > 0) & ((block - expected).abs() < off)
        found, off = found.mask(is_nearer, at), off.mask(is_nearer, (block - expected).abs())
    return found


def _utc(local: pd.Series, airport: pd.Series) -> pd.Series:
    """Local times of airports in UTC, as `data.local_instant` reads them."""
    zones = airport.map({code: data.airports()[code]["tz"] for code in airport.unique()})
    parts = [
        each.dt.tz_localize(zone, ambiguous=np.ones(len(each), bool), nonexistent="shift_forward")
        .dt.tz_convert(None)
        .astype("datetime64[us]")
        for zone, each in local.groupby(zones)
    ]
    return pd.concat(parts).reindex(local.index)


def _since_midnight(hhmm: pd.Series) -> pd.Series:
    return pd.to_timedelta(hhmm // 100 * 60 + hhmm % 100, unit="min")
