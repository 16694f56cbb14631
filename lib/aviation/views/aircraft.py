"""The views of the aircraft: what each brings from its leg before, and which ones fly."""

from aviation.views.declaration import FLIGHT_DATE, View

# Our own assumption, about what a narrow-body needs to unload, clean and board; no rule gives one.
MINIMUM_TURN_MIN = 30

TURN_AROUNDS = View(
    name="turn_arounds",
    question="How much of a late departure came with the aircraft?",
    definition=(
        "One row a leg that follows another leg of the same aircraft (registration), in the order of actual, else "
        "scheduled, departure; cancelled legs do not count. It is a turn-around where the leg before goes to the "
        "airport that this one leaves and was not diverted: then the gaps are minutes on the ground, and "
        "late_incoming_min is the part of the departure delay that the late aircraft explains: the arrival delay of "
        "the leg before, less the time that the schedule allows beyond a turn of "
        f"{MINIMUM_TURN_MIN} minutes (our assumption; a shorter scheduled turn has no such time), from 0 to the "
        "departure delay. Elsewhere flights that the tables do not have lie between, as nearly always in the replayed "
        "data, which has only departures from New York."
    ),
    source=(
        "US Bureau of Transportation Statistics, causes of delay: 'late-arriving aircraft: a previous flight with same "
        "aircraft arrived late, causing the present flight to depart late'. Airlines report its minutes themselves; "
        "the formula is this project's."
    ),
    columns={
        "flight_key": ("varchar", "Key of the leg in flights."),
        **FLIGHT_DATE,
        "airline_icao": ("varchar", "ICAO code of the operating airline."),
        "airline_iata": ("varchar", "IATA code of the operating airline."),
        "aircraft_registration": ("varchar", "Registration of the aircraft that flies both legs."),
        "dep_iata": ("varchar", "IATA code of the airport that the leg leaves."),
        "dep_scheduled_utc": ("timestamp(6)", "Scheduled departure, UTC."),
        "dep_actual_utc": ("timestamp(6)", "Actual departure, UTC."),
        "dep_delay_min": ("integer", "Departure delay in minutes; early is negative."),
        "previous_flight_key": ("varchar", "Key of the aircraft's leg before."),
        "previous_arr_iata": ("varchar", "IATA code of the airport that the leg before was to reach."),
        "previous_arr_scheduled_utc": ("timestamp(6)", "Scheduled arrival of the leg before, UTC."),
        "previous_arr_actual_utc": ("timestamp(6)", "Actual arrival of the leg before, UTC."),
        "previous_arr_delay_min": ("integer", "Arrival delay of the leg before in minutes; early is negative."),
        "is_turn_around": ("boolean", "Whether the leg before goes to the airport that this one leaves, not diverted."),
        "scheduled_gap_min": (
            "bigint",
            "Minutes from the scheduled arrival of the leg before to this scheduled departure: time on the ground "
            "where is_turn_around; else flights lie between.",
        ),
        "actual_gap_min": (
            "bigint",
            "Minutes from the actual arrival of the leg before to this actual departure: time on the ground where "
            "is_turn_around; else flights lie between.",
        ),
        "late_incoming_min": (
            "bigint",
            "Minutes of the departure delay that the late incoming aircraft explains; null where it is no turn-around "
            "or a delay is not known.",
        ),
    },
    sql=f"""with legs as (
    select flight_key, flight_date, flight_status, airline_icao, airline_iata, aircraft_registration,
           dep_iata, dep_icao, dep_scheduled_utc, dep_actual_utc, dep_delay_min,
           arr_iata, arr_icao, arr_scheduled_utc, arr_actual_utc, arr_delay_min,
           row_number() over (
               partition by aircraft_registration
               order by coalesce(dep_actual_utc, dep_scheduled_utc), flight_key
           ) as leg
    from flights
    where aircraft_registration is not null
      and coalesce(dep_actual_utc, dep_scheduled_utc) is not null
      and flight_status is distinct from 'cancelled'
),
pairs as (
    select leg.flight_key,
           leg.flight_date,
           leg.airline_icao,
           leg.airline_iata,
           leg.aircraft_registration,
           leg.dep_iata,
           leg.dep_scheduled_utc,
           leg.dep_actual_utc,
           leg.dep_delay_min,
           previous.flight_key as previous_flight_key,
           previous.arr_iata as previous_arr_iata,
           previous.arr_scheduled_utc as previous_arr_scheduled_utc,
           previous.arr_actual_utc as previous_arr_actual_utc,
           previous.arr_delay_min as previous_arr_delay_min,
           coalesce(previous.arr_iata = leg.dep_iata, previous.arr_icao = leg.dep_icao, false)
               and previous.flight_status is distinct from 'diverted' as is_turn_around,
           date_diff(
               'minute',
               date_trunc('minute', previous.arr_scheduled_utc),
               date_trunc('minute', leg.dep_scheduled_utc)
           ) as scheduled_gap_min,
           date_diff(
               'minute',
               date_trunc('minute', previous.arr_actual_utc),
               date_trunc('minute', leg.dep_actual_utc)
           ) as actual_gap_min
    from legs as leg
    inner join legs as previous
        on previous.aircraft_registration = leg.aircraft_registration
        and previous.leg = leg.leg - 1
)
select flight_key,
       flight_date,
       airline_icao,
       airline_iata,
       aircraft_registration,
       dep_iata,
       dep_scheduled_utc,
       dep_actual_utc,
       dep_delay_min,
       previous_flight_key,
       previous_arr_iata,
       previous_arr_scheduled_utc,
       previous_arr_actual_utc,
       previous_arr_delay_min,
       is_turn_around,
       scheduled_gap_min,
       actual_gap_min,
       case when is_turn_around
                and dep_delay_min is not null
                and previous_arr_delay_min is not null
                and scheduled_gap_min is not null
            then greatest(0, least(
                dep_delay_min,
                previous_arr_delay_min - greatest(0, scheduled_gap_min - {MINIMUM_TURN_MIN})
            ))
       end as late_incoming_min
from pairs""",
)

FLEET = View(
    name="fleet",
    question="Which aircraft fly, and how old are they?",
    definition=(
        "The aircraft that flights name (by ICAO address, else registration), described by airplanes and "
        "aircraft_types; one that no reference row describes counts under unknown. Where several rows describe an "
        "address, the one seen last counts. Flights are legs of any status that name an aircraft, "
        "cancelled ones too. Ages are in years of 365.25 days since the first flight, on the day of the query."
    ),
    source="This project's own; ICAO addresses and first flights as aviationstack's airplanes give them.",
    columns={
        "aircraft_type": ("varchar", "Name of the aircraft type, or unknown."),
        "engines_type": ("varchar", "Type of the engines (JET, TURBOPROP, ...), or unknown."),
        "engines_count": ("integer", "Number of engines; null where it is not known."),
        "age_band": ("varchar", "Years since the first flight: 00-04, 05-09, 10-14, 15-19, 20-24, 25+ or unknown."),
        "aircraft": ("bigint", "Aircraft that flights name."),
        "flights": ("bigint", "Flights that name one of these aircraft."),
        "mean_age_years": ("double", "Mean age of the aircraft in years; null where no first flight is known."),
    },
    sql="""with flown as (
    select coalesce(aircraft_icao24, aircraft_registration) as aircraft,
           max(aircraft_icao24) as aircraft_icao24,
           count(*) as flights
    from flights
    where coalesce(aircraft_icao24, aircraft_registration) is not null
    group by coalesce(aircraft_icao24, aircraft_registration)
),
described as (
    select icao_code_hex, iata_code_short, engines_type, engines_count, first_flight_date,
           row_number() over (partition by icao_code_hex order by observed_at desc, airplane_id) as newest
    from airplanes
),
types as (
    select iata_code, max(aircraft_name) as aircraft_name
    from aircraft_types
    group by iata_code
),
aged as (
    select flown.flights,
           coalesce(types.aircraft_name, 'unknown') as aircraft_type,
           coalesce(described.engines_type, 'unknown') as engines_type,
           described.engines_count,
           date_diff('day', described.first_flight_date, current_date) as age_days
    from flown
    left join described on described.icao_code_hex = flown.aircraft_icao24 and described.newest = 1
    left join types on types.iata_code = described.iata_code_short
),
banded as (
    select aircraft_type, engines_type, engines_count, age_days, flights,
           case when age_days is null then 'unknown'
                when age_days < 5 * 365.25e0 then '00-04'
                when age_days < 10 * 365.25e0 then '05-09'
                when age_days < 15 * 365.25e0 then '10-14'
                when age_days < 20 * 365.25e0 then '15-19'
                when age_days < 25 * 365.25e0 then '20-24'
                else '25+'
           end as age_band
    from aged
)
select aircraft_type,
       engines_type,
       engines_count,
       age_band,
       count(*) as aircraft,
       cast(sum(flights) as bigint) as flights,
       avg(age_days) / 365.25e0 as mean_age_years
from banded
group by aircraft_type, engines_type, engines_count, age_band""",
)
