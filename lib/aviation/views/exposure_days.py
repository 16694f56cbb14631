"""The view of what each airline's late and cancelled flights of a day may cost, in compensation and in delay."""

from aviation.views.declaration import AIRLINE, AIRLINE_COLUMNS, AIRLINE_GROUP, FLIGHT_DATE, View
from aviation.views.exposure import PASSENGERS_MEANING
from aviation.views.rights import BANDS

CURRENCIES = tuple(dict.fromkeys(band.currency for band in BANDS))


def _summed(when: str, currency: str) -> str:
    return (
        f"cast(sum(case when currency = '{currency}' then {when}_per_passenger end) as bigint) "
        f"as {when}_{currency.lower()}_per_passenger"
    )


_SUMS = [(when, currency) for currency in CURRENCIES for when in ("actual", "expected")]
_OF = {"actual": "the flights that are over", "expected": "those that are not over"}

PASSENGER_EXPOSURE_BY_AIRLINE_DAY = View(
    name="passenger_exposure_by_airline_day",
    question="What may each airline's late and cancelled flights of a day cost, in compensation and in delay?",
    definition=(
        "One row an airline and flight date, of passenger_exposure, whose words and bounds it has. Amounts per "
        "passenger are summed over the flights: what one passenger on each may be due. Without a number of "
        "passengers a flight, the amounts of all passengers are null. Beside them delay_cost, of the flights that "
        f"are over. {AIRLINE_GROUP}"
    ),
    source="passenger_exposure and delay_cost.",
    columns={
        **FLIGHT_DATE,
        **AIRLINE_COLUMNS,
        "flights": ("bigint", "All flights of the airline and date."),
        "compensated": ("bigint", "Of these, flights of a regime with fixed compensation."),
        "exposed": ("bigint", "Of those, flights that are over and were cancelled, diverted or late."),
        "expected_exposed": ("bigint", "Of those, flights that are not over and are expected late."),
        "possibly_exposed": (
            "bigint",
            "Of those, flights that are not over and are expected late, or are late in one of ten such cases.",
        ),
        "refunds_offered": ("bigint", "Flights whose passengers may ask for a refund under US rules."),
        **{
            f"{when}_{currency.lower()}_per_passenger": (
                "bigint",
                f"{currency} a passenger, summed over {_OF[when]}; null for none.",
            )
            for when, currency in _SUMS
        },
        "passengers": ("bigint", PASSENGERS_MEANING),
        **{
            f"{when}_{currency.lower()}": ("bigint", f"The same, x passengers: {currency} of all passengers.")
            for when, currency in _SUMS
        },
        "delay_cost_usd": ("double", "cost_usd of delay_cost; null where no flight is over."),
    },
    sql=f"""with summed as (
    select flight_date,
           airline,
           {AIRLINE},
           count(*) as flights,
           count(amount_per_passenger) as compensated,
           count(*) filter (where actual_per_passenger > 0) as exposed,
           count(*) filter (where expected_per_passenger > 0) as expected_exposed,
           count(*) filter (where possible_per_passenger > 0) as possibly_exposed,
           count(*) filter (where refund_offered) as refunds_offered,
           {
        ''',
           '''.join(_summed(*of) for of in _SUMS)
    },
           max(passengers) as passengers
    from passenger_exposure
    group by flight_date, airline
),
cost as (
    select flight_date, coalesce(airline_icao, airline_iata, airline_name) as airline, cost_usd
    from delay_cost
)
select s.flight_date,
       s.airline_icao,
       s.airline_iata,
       s.airline_name,
       s.flights,
       s.compensated,
       s.exposed,
       s.expected_exposed,
       s.possibly_exposed,
       s.refunds_offered,
       {
        ''',
       '''.join(f"s.{when}_{currency.lower()}_per_passenger" for when, currency in _SUMS)
    },
       s.passengers,
       {
        ''',
       '''.join(
            f"s.{when}_{currency.lower()}_per_passenger * s.passengers as {when}_{currency.lower()}"
            for when, currency in _SUMS
        )
    },
       c.cost_usd as delay_cost_usd
from summed s
left join cost c on c.flight_date = s.flight_date and c.airline is not distinct from s.airline""",
)
