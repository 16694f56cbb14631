"""What was known of a day, and when?

Moments are those at which the API was asked: what happened between two polls is known from the second one on.
"""

import pandas as pd

from aviation.charts import marks
from aviation.explore.choice import Choice
from aviation.explore.show import Answer, Finding, chart
from aviation.explore.so_far import waiting
from aviation.explore.words import counted, each, listed, minutes, share, total
from aviation.sql.as_of import instant
from aviation.views.declaration import LATE_MIN, minutes_between

# From what is over to what is not.
ORDER = ("landed", "diverted", "cancelled", "active", "scheduled", "unknown", "incident")
KINDS = """case when field = 'flight_status' then 'status'
            when field like '%scheduled%' or field like '%estimated%' or field like '%forecast%'
                then 'schedule, estimate'
            when field like '%actual%' or field like '%delay_min' then 'actual time, delay'
            when field like 'aircraft%' then 'aircraft'
            else 'gate, terminal, belt' end"""
# How a flight ends.
ENDS = {"cancelled": "cancellations", "diverted": "diversions", "landed": "landings"}


# What the replay makes up bears on every answer about news of cancellations.
INVENTED = "in replayed data that moment is invented: a flight is called off at its scheduled departure"
POLL = "poll (UTC)"


def statuses(chosen: Choice) -> Answer:
    """`known_at` (UTC; each moment at which a chosen flight was seen), `flight_status, flights`: what held then.
    From flight_history."""
    held = (
        f"{_moments(chosen)} select known_at, coalesce(flight_status, 'unknown') as flight_status, count(*) as flights "
        "from held group by 1, 2 order by 1, 2"
    )
    rows = chosen.ask(held)
    return chart(
        held,
        rows,
        marks.stacked,
        drawn=moments(rows),
        x=POLL,
        value="flights",
        group="flight_status",
        order=ORDER,
        title="What was known of the day's flights at each poll",
        subtitle=chosen.label,
    )


def expectations(chosen: Choice) -> Answer:
    """`known_at` (UTC), `measure, flights`: how many flights were then known to be late or cancelled, and how many that
    had not left were expected to be late (the API's forecast), or late already by their schedule: those that the poll
    saw, and that had not left; late is 15 minutes or more."""
    counts = f"""{_moments(chosen)} select known_at,
            count(case when flight_status <> 'cancelled' and dep_delay_min >= {LATE_MIN} then 1 end)
                as "known late departures",
            count(case when flight_status <> 'cancelled' and dep_delay_min is null
                        and dep_delay_forecast_min >= {LATE_MIN} then 1 end) as "expected late departures",
            count(case when seen.flight_key is not null and dep_actual_utc is null
                        and flight_status not in ('landed', 'diverted', 'cancelled', 'active')
                        and {minutes_between("dep_scheduled_utc", "known_at")} >= {LATE_MIN} then 1 end)
                as "overdue departures",
            count(case when flight_status = 'cancelled' then 1 end) as "known cancellations"
        from held left join (select distinct flight_key, observed_at from flight_observations
                             where flight_date = date '{chosen.day}') as seen
            on seen.flight_key = held.flight_key and seen.observed_at = held.known_at
        group by 1 order by 1"""
    wide = chosen.ask(counts)
    return chart(
        counts,
        wide.melt("known_at", list(wide.columns[1:]), "measure", "flights"),
        marks.lines,
        x="known_at",
        x_title="known at (UTC)",
        value="flights",
        group="measure",
        title="How the day's trouble became known",
        subtitle=f"{chosen.label}; late is {LATE_MIN} minutes or more",
    )


def _moments(chosen: Choice) -> str:
    """`held`: every version of the chosen flights, once for each moment at which it held."""
    return f"""with versions as (select * from flight_history where {chosen.condition}),
        moments as (select distinct observed_at as known_at from flight_observations
                    where flight_date = date '{chosen.day}'),
        held as (select moments.known_at, versions.* from moments inner join versions
                 on versions.known_from <= moments.known_at
                 and (versions.known_until is null or versions.known_until > moments.known_at))"""


def changes(chosen: Choice) -> Answer:
    """`known_at` (UTC), `kind` (of what changed), `changes`. From flight_events."""
    kinds = (
        f"select known_from as known_at, {KINDS} as kind, count(*) as changes from flight_events where flight_key in "
        f"(select flight_key from flights where {chosen.condition}) and flight_date = date '{chosen.day}' "
        "group by 1, 2 order by 1, 2"
    )
    rows = chosen.ask(kinds)
    return chart(
        kinds,
        rows,
        marks.stacked,
        drawn=moments(rows),
        x=POLL,
        value="changes",
        group="kind",
        title="What each poll changed",
        subtitle=chosen.label,
    )


def cancellations(chosen: Choice) -> Answer:
    """One row a chosen flight that is cancelled: `flight_key, dep_scheduled_utc, known_at` (when the cancellation was
    first seen: an event, or else the first version), `notice_min` (minutes from then to the scheduled departure,
    negative where that was over; null without a schedule). Drawn is `notice`."""
    first_seen = f"""with told as (
            select flight_key, known_from from flight_events
            where field = 'flight_status' and to_value = 'cancelled' and flight_date = date '{chosen.day}'
            union all
            select flight_key, known_from from flight_history
            where flight_status = 'cancelled' and flight_date = date '{chosen.day}'
        ),
        first_told as (select flight_key, min(known_from) as known_at from told group by flight_key)
        select flights.flight_key, flights.dep_scheduled_utc, first_told.known_at,
               date_diff('minute', date_trunc('minute', first_told.known_at),
                         date_trunc('minute', flights.dep_scheduled_utc)) as notice_min
        from flights inner join first_told on first_told.flight_key = flights.flight_key
        where {chosen.condition} and flights.flight_status = 'cancelled' order by flights.flight_key"""
    rows = chosen.ask(first_seen)
    return chart(
        first_seen,
        rows,
        marks.stacked,
        drawn=notice(rows),
        x="news",
        x_title="from the scheduled departure",
        value="flights",
        group="when",
        title="How early cancellations were known",
        subtitle=f"{chosen.label}\n{INVENTED[0].upper()}{INVENTED[1:]}",
    )


def moments(known: pd.DataFrame) -> pd.DataFrame:
    """The rows, with the column POLL: `known_at` as day and time, in words."""
    words = each(known, lambda row: f"{row.known_at:%d %b}\n{row.known_at:%H:%M}")
    return known.assign(**{POLL: words})


def notice(cancelled: pd.DataFrame) -> pd.DataFrame:
    """`news` (how long before or after the scheduled departure, in hours), `flights`, `when` (by departure or after
    departure); the earliest news first."""
    known = cancelled["notice_min"].dropna()
    counts = (known // 60).astype(int).value_counts().sort_index(ascending=False)
    return pd.DataFrame(
        {
            "news": [
                f"{hour}–{hour + 1} h before" if hour >= 0 else f"{-hour - 1}–{-hour} h after" for hour in counts.index
            ],
            "flights": counts.to_numpy(),
            "when": ["by departure" if hour >= 0 else "after departure" for hour in counts.index],
        }
    )


def then_and_now(then: Choice, now: Choice) -> Answer:
    """`flight_status, then, now` (flights): the same question to `flights`, as of two moments."""
    counts = (
        "select coalesce(flight_status, 'unknown') as flight_status, count(*) as flights from flights "
        f"where {now.condition} group by 1"
    )
    both = [choice.ask(counts).set_index("flight_status")["flights"] for choice in (then, now)]
    joined = pd.concat(both, axis=1, keys=["then", "now"]).fillna(0).astype(int)
    ranked = joined.sort_values(["now", "then"], ascending=False).rename_axis("flight_status").reset_index()
    return Answer(ranked, counts)


def at(held: pd.DataFrame, moment: str) -> dict[str, int]:
    """Of `statuses`, the flights by status at the last moment that is not after `moment` (ISO 8601)."""
    before = held[held["known_at"] <= pd.Timestamp(instant(moment))]
    last = before[before["known_at"] == before["known_at"].max()]
    return {status: int(flights) for status, flights in zip(last["flight_status"], last["flights"], strict=True)}


def finding(then: Choice, now: Choice) -> Finding:
    """Two sentences, of `then_and_now` and `cancellations`."""
    if not now.flights:
        return Finding(now.nothing, now.nothing)
    compared = then_and_now(then, now).frame
    counts = compared.set_index("flight_status")
    parts = [
        f"{counts.loc[name, 'then']:,} of {counts.loc[name, 'now']:,} {ends}"
        for name, ends in ENDS.items()
        if name in counts.index
    ]
    known = f"{total(compared, 'then'):,} of {counted(now.flights, 'flight')}"
    return Finding(
        f"On {then.label}, the tables knew {listed([known, *parts])}. "
        f"{_notice(cancellations(now).frame)}{waiting(then, 'Not over')}",
        now.unmatched if then.flights else f"parameter 'as_of': at {then.as_of} nothing was known of these flights",
    )


def _notice(cancelled: pd.DataFrame) -> str:
    known = cancelled["notice_min"].dropna()
    if known.empty:
        return "No flight was cancelled, so there was no such news to wait for."
    early = int((known >= 0).sum())
    median = known.median()
    return (
        f"Of {counted(len(known), 'cancellation')}, {early:,} ({share(early, len(known))}) became known by the "
        f"scheduled departure; the median one {minutes(abs(median))} {'before' if median > 0 else 'after'} it "
        f"({INVENTED})."
    )
