"""The view of what each late or cancelled flight may cost in compensation to its passengers."""

from aviation.views.carriers import LICENSED, LICENSED_SOURCE, coded
from aviation.views.declaration import AIRLINE_COLUMNS, FLIGHT_DATE, PASSENGERS, View
from aviation.views.forecasts import NEWEST, of_leg
from aviation.views.rights import (
    BANDS,
    COMPENSATION,
    GREAT_CIRCLE,
    REFUND,
    REGIMES,
    SCOPES,
    by_band,
    by_regime,
    first_regime,
    of_regime,
    second_regime,
)
from aviation.views.so_far import greatest_known

EARTH_KM = "6371.0088e0"
"""The earth's mean radius (IUGG), as SQL has it."""
BY_NAME = {regime.name: regime for regime in REGIMES}
# What a flight that is over, or one that is still to come, is counted for.
ACTUAL = "because in ('cancelled', 'diverted', 'late')"
EXPECTED_LATE = "expected late"
TO_COME = "standing in ('under way', 'overdue', 'to come')"
_CARRIED = """flight_key, flight_date, airline, airline_icao, airline_iata, airline_name, dep_airport, arr_airport,
           flight_status, standing, known_at, forecast_at, arr_delay_expected_min, arr_delay_p90_min, carrier_area,
           distance_km"""
_BANDED = f"""{_CARRIED}, regime, second_regime, remedy, band, amount_per_passenger, currency, late_min, us_late_min"""
PASSENGERS_MEANING = "Passengers of a flight, as deployed; null where nobody has said."


def great_circle_km(start: str, end: str) -> str:
    """Whole kilometres between two tables' latitude and longitude, rounded up: 1,500.2 km are more than 1,500."""
    north = f"sin(radians({end}.latitude - {start}.latitude) / 2e0)"
    east = f"sin(radians({end}.longitude - {start}.longitude) / 2e0)"
    shrunk = f"cos(radians({start}.latitude)) * cos(radians({end}.latitude))"
    chord = f"{north} * {north} + {shrunk} * {east} * {east}"
    return f"cast(ceil(2e0 * {EARTH_KM} * asin(sqrt(least(1e0, {chord})))) as bigint)"


def _bands() -> str:
    return ", ".join(f"{band.regime} {band.amount} {band.currency} ({band.words})" for band in BANDS)


PASSENGER_EXPOSURE = View(
    name="passenger_exposure",
    question="What may each late or cancelled flight cost in compensation to its passengers?",
    definition=(
        "One row a leg of flights_so_far, whose words it uses; but of a leg that has not left the arrival is expected "
        "no earlier than its newest forecast's arr_p50, which half of such legs are later than. Three quantiles do not "
        "say how likely three hours are, so no amount is weighted by a probability: beside what is expected stands "
        "what is possible, which happens to one of ten such legs at the least. Each passenger of a flight that arrives "
        f"{BY_NAME['EU261'].within_min} minutes late or more, or is cancelled, may be due: {_bands()}; within the EU "
        "area means from and to it, distances are great circles. It is an upper bound of that compensation: "
        "extraordinary circumstances (Article 5(3)) are left open; a cancelled flight counts as one that nobody was "
        "told of in time or rerouted from (Article 5(1)(c)), and one that was diverted as one that reached its "
        "destination too late; nothing is halved (Article 7(2)). The arrival of the tables is on the ground, at the "
        "runway or the gate, and the law's is when a door opens. Connections that are missed, care, rerouting and "
        f"refunds come on top. US rules give no compensation: there the remedy is '{REFUND}', and the amounts are "
        "null. Carriers go by their ICAO code, else their IATA code; one that is not in the list of licences counts "
        f"as licensed elsewhere. Licences: {LICENSED_SOURCE}. The law is that of 2025, for flights of any date."
    ),
    source="; ".join(
        dict.fromkeys(
            [
                *(f"{regime.name}: {regime.source}" for regime in REGIMES),
                *(f"{scope.regime} covers, {scope.source}" for scope in SCOPES),
                *(f"{band.amount} {band.currency}, {band.source}" for band in BANDS),
                GREAT_CIRCLE,
            ]
        )
    ),
    columns={
        "flight_key": ("varchar", "Key of the leg in flights."),
        **FLIGHT_DATE,
        "airline": ("varchar", "ICAO code of the operating airline, else its IATA code, else its name."),
        **AIRLINE_COLUMNS,
        "dep_airport": ("varchar", "IATA code of the airport of departure, else its ICAO code."),
        "arr_airport": ("varchar", "IATA code of the scheduled airport of arrival, else its ICAO code."),
        "flight_status": ("varchar", "Status as in flights."),
        "standing": ("varchar", "over, under way, overdue, to come or not seen."),
        "known_at": ("timestamp(6)", "The moment that the row speaks of, UTC."),
        "distance_km": ("bigint", "Great circle between the airports in km, rounded up; null where one is not known."),
        "carrier_area": ("varchar", "EU or UK, whose licence the airline has; null for elsewhere or not known."),
        "regime": (
            "varchar",
            f"{', '.join(BY_NAME)}: the rules that cover the flight, those of the departure first; none; null where an "
            "airport's country is not known.",
        ),
        "second_regime": ("varchar", "Other rules that cover it too; nobody is compensated twice. Null for none."),
        "remedy": ("varchar", f"{COMPENSATION}, or {REFUND}; null without a regime."),
        "band": ("varchar", "The distance band of the regime; null for one without."),
        "late_min": ("bigint", "From how many minutes late at arrival the regime counts the flight."),
        "arr_delay_expected_min": (
            "bigint",
            "The arrival delay that is known, or to be expected, by the forecast too; null if none of them.",
        ),
        "arr_delay_p90_min": (
            "bigint",
            "The arrival delay that nine of ten such legs have at most, by the newest forecast of a leg that has not "
            "left; null without one.",
        ),
        "forecast_at": ("timestamp(6)", "When that forecast was made, UTC; null without one."),
        "because": (
            "varchar",
            f"Why the regime's remedy may be due: cancelled, diverted, late, or {EXPECTED_LATE}; null if it is not.",
        ),
        "refund_offered": ("boolean", "Whether passengers who decline to travel may ask for a refund under US rules."),
        "amount_per_passenger": ("bigint", "What the band gives a passenger, due or not; null without compensation."),
        "currency": ("varchar", "EUR or GBP."),
        "actual_per_passenger": (
            "bigint",
            "The amount where the flight is over and was cancelled, diverted or late, else 0; null before, or without "
            "compensation.",
        ),
        "expected_per_passenger": (
            "bigint",
            "The amount where a flight that is not over is expected late, else 0; null once it is over, or where no "
            "delay is known or expected.",
        ),
        "possible_per_passenger": (
            "bigint",
            "The amount where a flight that is not over is expected late, or would be with arr_delay_p90_min, else 0; "
            "null as expected_per_passenger is.",
        ),
        "passengers": ("bigint", PASSENGERS_MEANING),
        "actual_amount": ("bigint", "actual_per_passenger x passengers; null where either is."),
        "expected_amount": ("bigint", "expected_per_passenger x passengers; null where either is."),
    },
    sql=f"""with licensed as (
    {coded(LICENSED, "carrier_area")}
),
newest as (
    {NEWEST}
),
placed as (
    select f.flight_key, f.flight_date, f.airline, f.airline_icao, f.airline_iata, f.airline_name,
           f.dep_airport, f.arr_airport, f.flight_status, f.standing, f.known_at,
           {greatest_known("f.arr_delay_expected_min", "n.arr_p50")} as arr_delay_expected_min,
           case when n.arr_p90 is not null then {greatest_known("f.arr_delay_expected_min", "n.arr_p90")}
           end as arr_delay_p90_min,
           n.forecast_at,
           a.rights_area as dep_area,
           b.rights_area as arr_area,
           l.carrier_area,
           {great_circle_km("a", "b")} as distance_km
    from flights_so_far f
    left join newest n on {of_leg("f", "n")}
    left join airports a on a.airport = f.dep_airport
    left join airports b on b.airport = f.arr_airport
    left join licensed l on l.code = coalesce(f.airline_icao, f.airline_iata)
),
covered as (
    select {_CARRIED}, dep_area, arr_area, {first_regime()} as regime
    from placed
),
banded as (
    select {_CARRIED}, regime,
           {second_regime()} as second_regime,
           {by_regime({name: f"'{regime.remedy}'" for name, regime in BY_NAME.items()})} as remedy,
           {by_band("words")} as band,
           {by_band("amount")} as amount_per_passenger,
           {by_band("currency")} as currency,
           {by_regime({name: of_regime(regime) for name, regime in BY_NAME.items()})} as late_min,
           {of_regime(BY_NAME["US DOT"])} as us_late_min
    from covered
),
judged as (
    select {_BANDED},
           case when remedy is null then null
                when flight_status in ('cancelled', 'diverted') then flight_status
                when arr_delay_expected_min < late_min then null
                when standing = 'over' and arr_delay_expected_min is not null then 'late'
                when {TO_COME} and arr_delay_expected_min is not null then '{EXPECTED_LATE}'
           end as because
    from banded
),
exposed as (
    select {_BANDED}, because,
           case when amount_per_passenger is null or standing <> 'over' then null
                when {ACTUAL} then amount_per_passenger
                else 0
           end as actual_per_passenger,
           case when amount_per_passenger is null or arr_delay_expected_min is null then null
                when because = '{EXPECTED_LATE}' then amount_per_passenger
                when {TO_COME} then 0
           end as expected_per_passenger,
           case when amount_per_passenger is null or arr_delay_expected_min is null then null
                when because = '{EXPECTED_LATE}' or {TO_COME} and arr_delay_p90_min >= late_min
                    then amount_per_passenger
                when {TO_COME} then 0
           end as possible_per_passenger,
           cast({PASSENGERS} as bigint) as passengers
    from judged
)
select flight_key,
       flight_date,
       airline,
       airline_icao,
       airline_iata,
       airline_name,
       dep_airport,
       arr_airport,
       flight_status,
       cast(standing as varchar) as standing,
       known_at,
       distance_km,
       carrier_area,
       regime,
       second_regime,
       remedy,
       band,
       cast(late_min as bigint) as late_min,
       cast(arr_delay_expected_min as bigint) as arr_delay_expected_min,
       cast(arr_delay_p90_min as bigint) as arr_delay_p90_min,
       forecast_at,
       because,
       (regime = 'US DOT' or coalesce(second_regime, '') = 'US DOT')
           and (flight_status in ('cancelled', 'diverted') or coalesce(arr_delay_expected_min >= us_late_min, false))
           as refund_offered,
       cast(amount_per_passenger as bigint) as amount_per_passenger,
       currency,
       cast(actual_per_passenger as bigint) as actual_per_passenger,
       cast(expected_per_passenger as bigint) as expected_per_passenger,
       cast(possible_per_passenger as bigint) as possible_per_passenger,
       passengers,
       actual_per_passenger * passengers as actual_amount,
       expected_per_passenger * passengers as expected_amount
from exposed""",
)
