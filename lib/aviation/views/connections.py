"""The view of the connections that a late arrival breaks."""

from aviation.views.carriers import ALLIANCES, ALLIANCES_SOURCE, coded
from aviation.views.declaration import View, minutes_between, rows
from aviation.views.forecasts import NEWEST, of_leg
from aviation.views.so_far import greatest_known

# Our own assumption: who waits longer is not in a hurry, and a day has too many pairs.
LONGEST_MIN = 240
KINDS = ("domestic_domestic", "domestic_international", "international_domestic", "international_international")
DEFAULT = "default"
# Minutes by airport, in the order of KINDS.
MINIMUM_MIN = {
    DEFAULT: (30, 90, 90, 90),
    "FRA": (45, 45, 45, 45),
    "LHR": (60, 60, 60, 60),
}
MINIMUM_SOURCE = (
    "The industry's minimum connection times are licensed data (IATA Resolution 765; OAG sells some 157,000). "
    "Declared are: where nothing else is said, 30 minutes between domestic flights and 90 otherwise, the ends of the "
    "range that OAG gives (https://www.oag.com/blog/minimum-connection-times-insiders-guide); Heathrow, 60 within a "
    "terminal (https://www.oag.com/minimum-connection-time); Frankfurt, 45 (the airport's, as dpa quoted it in April "
    f"2018). Alliances: {ALLIANCES_SOURCE}."
)


_MINIMUM_COLUMNS = {"airport": "varchar", **dict.fromkeys(KINDS, "bigint")}
_MINIMUM_ROWS = [[airport, *map(str, minutes)] for airport, minutes in MINIMUM_MIN.items()]
_MINIMUM_OF_KIND = " ".join(f"when '{kind}' then coalesce(m.{kind}, o.{kind})" for kind in KINDS)
_ARRIVING = """flight_key, airline, alliance, reach, dep_airport, arr_airport, arr_scheduled_utc,
           arr_delay_known_min, arr_delay_expected_min, arr_delay_p90_min, flight_status"""
_PAIRED = """p.airport, flight_date, shared, arrival_key, arrival_airline, from_airport, arr_scheduled_utc,
           arr_delay_expected_min, departure_key, departure_airline, to_airport, dep_scheduled_utc,
           dep_delay_expected_min, kind, scheduled_min, arr_delay_known_min, arr_delay_p90_min, dep_delay_known_min,
           is_missed"""
KNOWN, FORECAST, ONE_IN_TEN = "what is known", "the forecast", "one in ten"

# Each arrival stands on its own day and on the next: so a departure is looked for among those of its day alone.
CONNECTIONS_AT_RISK = View(
    name="connections_at_risk",
    question="Which connections does the delay of an arrival break?",
    definition=(
        "One row a pair of an arrival and a departure at one airport, of one airline or of two of one alliance, that "
        f"the schedule connects, in the airport's minimum connection time or more and within {LONGEST_MIN} minutes "
        "(our assumption), and that no longer does: what is left between them is less than the minimum. broken_by "
        f"says by what: '{KNOWN}', the delays that are known or expected in flights_so_far; '{FORECAST}', where of a "
        "flight that has not left the newest forecast's p50 and arr_p50 are later; "
        f"'{ONE_IN_TEN}', where those still connect, and the arrival's arr_p90 does not: of ten such arrivals one is "
        "later still. A departure that nothing is expected of leaves as scheduled. "
        "Pairs back to the airport that the arrival comes from are left out, and so are cancelled and diverted "
        "flights. Whether anybody is booked on a pair is not known. The minimum is that of the airport for domestic "
        "or international flights, which go by the countries of the airports (an unknown one is another country; "
        "Schengen is no country), not by terminals. In the replayed data, which has only departures from New York, "
        "no flight arrives where another leaves: there the view is empty."
    ),
    source=MINIMUM_SOURCE,
    columns={
        "airport": ("varchar", "IATA code of the airport of the connection, else its ICAO code."),
        "flight_date": ("date", "Local date of the scheduled departure of the second flight."),
        "shared": ("varchar", "The airline of both flights, else their alliance."),
        "arrival_key": ("varchar", "Key of the arriving leg in flights."),
        "arrival_airline": ("varchar", "Its airline: ICAO code, else IATA code, else name."),
        "from_airport": ("varchar", "Where it comes from."),
        "arr_scheduled_utc": ("timestamp(6)", "Its scheduled arrival, UTC."),
        "arr_delay_expected_min": ("bigint", "Its arrival delay, known or expected, by the forecast too."),
        "departure_key": ("varchar", "Key of the departing leg in flights."),
        "departure_airline": ("varchar", "Its airline: ICAO code, else IATA code, else name."),
        "to_airport": ("varchar", "Where it goes."),
        "dep_scheduled_utc": ("timestamp(6)", "Its scheduled departure, UTC."),
        "dep_delay_expected_min": (
            "bigint",
            "Its departure delay, known or expected, by the forecast too; null for none.",
        ),
        "kind": ("varchar", f"{', '.join(KINDS)}: of the arrival and of the departure."),
        "minimum_min": ("bigint", "The minimum connection time in minutes."),
        "scheduled_min": ("bigint", "Minutes between the two by their schedules."),
        "expected_min": ("bigint", "Minutes between the two by their delays; below 0 the second leaves first."),
        "p90_min": (
            "bigint",
            "Minutes between the two if the arrival is as late as its forecast's arr_p90; null without a forecast.",
        ),
        "short_by_min": ("bigint", "Minutes that expected_min lacks to the minimum; below 0 it has more."),
        "broken_by": ("varchar", f"{KNOWN}, {FORECAST} or {ONE_IN_TEN}."),
        "is_missed": (
            "boolean",
            "Whether the first has landed and the second has left: at risk no longer, but missed.",
        ),
    },
    sql=f"""with allied as (
    {coded(ALLIANCES, "alliance")}
),
minimum as (
    {rows(_MINIMUM_COLUMNS, _MINIMUM_ROWS)}
),
newest as (
    {NEWEST}
),
legs as (
    select f.flight_key, f.flight_date, f.airline, f.dep_airport, f.arr_airport, f.dep_scheduled_utc,
           f.arr_scheduled_utc, f.standing, f.flight_status,
           f.dep_delay_expected_min as dep_delay_known_min,
           f.arr_delay_expected_min as arr_delay_known_min,
           {greatest_known("f.dep_delay_expected_min", "n.p50")} as dep_delay_expected_min,
           {greatest_known("f.arr_delay_expected_min", "n.arr_p50")} as arr_delay_expected_min,
           case when n.arr_p90 is not null then {greatest_known("f.arr_delay_expected_min", "n.arr_p90")}
           end as arr_delay_p90_min,
           p.alliance,
           case when a.country = b.country then 'domestic' else 'international' end as reach
    from flights_so_far f
    left join newest n on {of_leg("f", "n")}
    left join airports a on a.airport = f.dep_airport
    left join airports b on b.airport = f.arr_airport
    left join allied p on p.code = coalesce(f.airline_icao, f.airline_iata)
    where f.flight_status not in ('cancelled', 'diverted')
),
arrivals as (
    select {_ARRIVING}, date_trunc('day', arr_scheduled_utc) as day
    from legs
    where arr_delay_expected_min is not null
    union all
    select {_ARRIVING}, date_add('day', 1, date_trunc('day', arr_scheduled_utc)) as day
    from legs
    where arr_delay_expected_min is not null
),
pairs as (
    select a.arr_airport as airport,
           d.flight_date,
           case when a.airline = d.airline then a.airline else a.alliance end as shared,
           a.flight_key as arrival_key,
           a.airline as arrival_airline,
           a.dep_airport as from_airport,
           a.arr_scheduled_utc,
           a.arr_delay_known_min,
           a.arr_delay_expected_min,
           a.arr_delay_p90_min,
           d.flight_key as departure_key,
           d.airline as departure_airline,
           d.arr_airport as to_airport,
           d.dep_scheduled_utc,
           d.dep_delay_known_min,
           d.dep_delay_expected_min,
           a.reach || '_' || d.reach as kind,
           {minutes_between("a.arr_scheduled_utc", "d.dep_scheduled_utc")} as scheduled_min,
           a.flight_status = 'landed' and d.standing in ('under way', 'over') as is_missed
    from arrivals a
    join legs d on d.dep_airport = a.arr_airport and date_trunc('day', d.dep_scheduled_utc) = a.day
    where (a.airline = d.airline or a.alliance = d.alliance)
      and a.flight_key <> d.flight_key
      and coalesce(a.dep_airport <> d.arr_airport, true)
),
timed as (
    select {_PAIRED},
           case kind {_MINIMUM_OF_KIND} end as minimum_min,
           scheduled_min - arr_delay_known_min + coalesce(dep_delay_known_min, 0) as known_min,
           scheduled_min - arr_delay_expected_min + coalesce(dep_delay_expected_min, 0) as expected_min,
           scheduled_min - arr_delay_p90_min + coalesce(dep_delay_expected_min, 0) as p90_min
    from pairs p
    join minimum o on o.airport = '{DEFAULT}'
    left join minimum m on m.airport = p.airport
)
select airport,
       flight_date,
       shared,
       arrival_key,
       arrival_airline,
       from_airport,
       arr_scheduled_utc,
       cast(arr_delay_expected_min as bigint) as arr_delay_expected_min,
       departure_key,
       departure_airline,
       to_airport,
       dep_scheduled_utc,
       cast(dep_delay_expected_min as bigint) as dep_delay_expected_min,
       kind,
       minimum_min,
       scheduled_min,
       expected_min,
       p90_min,
       minimum_min - expected_min as short_by_min,
       cast(case when expected_min >= minimum_min then '{ONE_IN_TEN}'
                 when known_min < minimum_min then '{KNOWN}'
                 else '{FORECAST}'
            end as varchar) as broken_by,
       is_missed
from timed
where scheduled_min between minimum_min and {LONGEST_MIN}
  and (expected_min < minimum_min or p90_min < minimum_min)""",
)
