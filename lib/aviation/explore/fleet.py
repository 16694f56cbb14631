"""Which aircraft fly, and how old are they on the day that they fly?

The view `fleet` gives ages on the day of the query; here they are those of the day that was chosen, for a question
about 2013 is about aircraft as they were then.
"""

import pandas as pd

from aviation.charts import marks
from aviation.explore.choice import Choice
from aviation.explore.show import Answer, Finding, chart
from aviation.explore.words import counted, each, share, total

UNKNOWN = "unknown: not in airplanes"
BANDS = {5: "0–4", 10: "5–9", 15: "10–14", 20: "15–19", 25: "20–24"}
OLDEST = "25 and more"
SHOWN = 14
# With fewer aircraft of known age, single ones decide the mean; with fewer than half, it is not the fleet's.
ENOUGH = 5


def aircraft(chosen: Choice) -> Answer:
    """One row an aircraft that the chosen flights name: `aircraft` (ICAO address, else registration), `airline` (its
    name, else code), `flights`, and `aircraft_type, age_years` (on the day), null where no reference row says."""
    named = f"""with flown as (
            select coalesce(aircraft_icao24, aircraft_registration) as aircraft,
                   max(aircraft_icao24) as icao24,
                   max(coalesce(airline_name, airline_icao, airline_iata)) as airline,
                   count(*) as flights
            from flights
            where {chosen.condition} and coalesce(aircraft_icao24, aircraft_registration) is not null
            group by coalesce(aircraft_icao24, aircraft_registration)
        ),
        described as (
            select icao_code_hex, iata_code_short, first_flight_date,
                   row_number() over (partition by icao_code_hex order by observed_at desc, airplane_id) as newest
            from airplanes
        ),
        types as (select iata_code, max(aircraft_name) as aircraft_name from aircraft_types group by iata_code)
        select flown.aircraft, flown.airline, flown.flights, types.aircraft_name as aircraft_type,
               date_diff('day', described.first_flight_date, date '{chosen.day}') / 365.25e0 as age_years
        from flown
        left join described on described.icao_code_hex = flown.icao24 and described.newest = 1
        left join types on types.iata_code = described.iata_code_short
        order by flown.aircraft"""
    return Answer(chosen.ask(named), named)


def coverage(chosen: Choice) -> pd.DataFrame:
    """One row: `flights` that were not cancelled, and of those `named` (they name an aircraft)."""
    return chosen.ask(
        "select count(*) as flights, count(coalesce(aircraft_icao24, aircraft_registration)) as named from flights "
        f"where {chosen.condition} and flight_status is distinct from 'cancelled'"
    )


def types(chosen: Choice) -> Answer:
    """`by_type` of the chosen flights' aircraft."""
    flown = aircraft(chosen)
    return chart(
        flown.sql,
        by_type(flown.frame),
        marks.bars,
        label="aircraft_type",
        value="flights",
        text="in_words",
        title="The types that flew",
        subtitle=chosen.label,
    )


def ages(chosen: Choice) -> Answer:
    """`by_age` of the chosen flights' aircraft."""
    flown = aircraft(chosen)
    return chart(
        flown.sql,
        by_age(flown.frame),
        marks.bars,
        label="age",
        value="aircraft",
        title="How old the aircraft were on the day, in years",
        subtitle=chosen.label,
    )


def airlines(chosen: Choice) -> Answer:
    """`by_airline` of the chosen flights' aircraft."""
    flown = aircraft(chosen)
    return chart(
        flown.sql,
        by_airline(flown.frame),
        marks.bars,
        label="airline",
        value="mean_age_years",
        text="in_words",
        form=".0f",
        unit="mean age, years",
        title="Mean age of the aircraft, by airline",
        subtitle=f"{chosen.label}; of at least {ENOUGH} aircraft, and half of them, the age is known",
    )


def by_type(fleet: pd.DataFrame) -> pd.DataFrame:
    """`aircraft_type, aircraft, flights, in_words` (both), most flights first; beyond SHOWN types the rest is
    one row, and so are those whose type is UNKNOWN, last."""
    counts = fleet.assign(aircraft_type=fleet["aircraft_type"].fillna(UNKNOWN)).groupby("aircraft_type")
    types = counts.agg(aircraft=("aircraft", "size"), flights=("flights", "sum")).reset_index()
    types = types.sort_values(["flights", "aircraft_type"], ascending=[False, True])
    known, unknown = types[types["aircraft_type"] != UNKNOWN], types[types["aircraft_type"] == UNKNOWN]
    rest = known.iloc[SHOWN:]
    other = [{"aircraft_type": f"{len(rest)} other types", **rest[["aircraft", "flights"]].sum()}] if len(rest) else []
    parts = [known.head(SHOWN), pd.DataFrame(other, columns=types.columns), unknown]
    shown = pd.concat([part for part in parts if len(part)] or [types], ignore_index=True)
    return shown.assign(in_words=each(shown, lambda row: f"{row.flights:,} by {row.aircraft:,} aircraft"))


def by_age(fleet: pd.DataFrame) -> pd.DataFrame:
    """`age` (a band of years, or unknown), `aircraft`, in order of age, every band where there are aircraft."""
    edges = [-float("inf"), *BANDS, float("inf")]
    labels = [*BANDS.values(), OLDEST]
    bands = pd.cut(fleet["age_years"].astype(float), edges, right=False, labels=labels)
    if fleet.empty:
        return pd.DataFrame({"age": [], "aircraft": []})
    counts = bands.cat.add_categories("unknown").fillna("unknown").value_counts(sort=False)
    return pd.DataFrame({"age": counts.index.astype(str), "aircraft": counts.to_numpy()})


def by_airline(fleet: pd.DataFrame) -> pd.DataFrame:
    """`airline, mean_age_years, known` (aircraft of known age), `aircraft, in_words`, of airlines with at least
    ENOUGH of known age, and those half of its aircraft or more; the oldest first."""
    ages = fleet.assign(age_years=fleet["age_years"].astype(float)).groupby("airline")
    means = ages.agg(
        mean_age_years=("age_years", "mean"), known=("age_years", "count"), aircraft=("aircraft", "size")
    ).reset_index()
    means = means[(means["known"] >= ENOUGH) & (means["known"] >= means["aircraft"] / 2)]
    means = means.assign(in_words=each(means, lambda row: f"{row.mean_age_years:.1f}, of {row.known:,} aircraft"))
    return means.sort_values(["mean_age_years", "airline"], ascending=[False, True], ignore_index=True)


def finding(chosen: Choice) -> Finding:
    """Two sentences, of `aircraft` and `coverage`."""
    if not chosen.flights:
        return Finding(chosen.nothing, chosen.nothing)
    fleet, covered = aircraft(chosen).frame, coverage(chosen)
    flights, named = total(covered, "flights"), total(covered, "named")
    of_all = f"Of {counted(flights, 'flight')} on {chosen.label} not cancelled,"
    if not named:
        text = f"{of_all} not one names its aircraft. So neither types nor ages can be told."
        return Finding(text, chosen.unmatched)
    known = int(fleet["aircraft_type"].notna().sum())
    top = by_type(fleet).iloc[0]
    most = f"; most flights were by {top['aircraft_type']} ({top['flights']:,})" if known else ""
    text = (
        f"{of_all} {named:,} ({share(named, flights)}) name their aircraft, {len(fleet):,} in all, with a known type "
        f"for {known:,} ({share(known, len(fleet))}){most}. {_ages(fleet)}"
    )
    return Finding(text, chosen.unmatched)


def _ages(fleet: pd.DataFrame) -> str:
    ages = fleet["age_years"].dropna().astype(float)
    if ages.empty:
        return "Of none is the first flight known, so no age can be told."
    said = f"Their mean age, known for {len(ages):,} ({share(len(ages), len(fleet))}), was {ages.mean():.0f} years"
    airlines = by_airline(fleet)
    if len(airlines) < 2:
        return f"{said}."
    oldest, youngest = airlines.iloc[0], airlines.iloc[-1]
    return (
        f"{said}; {oldest['airline']} flew the oldest ({oldest['mean_age_years']:.0f} years) and "
        f"{youngest['airline']} the youngest ({youngest['mean_age_years']:.0f})."
    )
