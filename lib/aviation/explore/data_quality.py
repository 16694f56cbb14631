"""How good is the data, and how fresh?"""

from math import ceil

import pandas as pd

from aviation.charts import marks
from aviation.explore.choice import Choice
from aviation.explore.show import Answer, Finding, chart
from aviation.explore.words import counted, each, listed, share, total

# What people ask for and the API often does not give; the first three only once a flight has left or landed.
EXPECTED = {
    "dep_delay_min": "departure delay, of those that left",
    "arr_delay_min": "arrival delay, of those that landed",
    "aircraft_registration": "aircraft, of those that left",
    "dep_gate": "departure gate",
    "arr_gate": "arrival gate",
    "arr_baggage": "baggage belt",
    "dep_terminal": "departure terminal",
    "arr_scheduled_utc": "scheduled arrival",
    "airline_icao": "airline's ICAO code",
}
APPLIES = {
    "dep_delay_min": "flight_status in ('landed', 'diverted', 'active')",
    "arr_delay_min": "flight_status = 'landed'",
    "aircraft_registration": "flight_status in ('landed', 'diverted', 'active')",
}
SECONDS = {"min": "newest record", "p50": "half of the records", "p95": "95 % of them", "max": "oldest record"}
COUNTS = ("lines_read", "observations_added", "references", "repeats", "quarantined", "warnings")
# As many kinds of notice, and as many of the last loads, as can be read in one chart.
SHOWN = 12
LOADS = 4
# A finding does not change with the seconds that a load takes: it says in how many times 5 minutes.
ROUNDED_MIN = 5


def completeness(chosen: Choice) -> Answer:
    """`column, what, expected, missing` (counts of the chosen flights), `missing_share` (0 to 1), `in_words`; the
    worst first."""
    counts = ", ".join(
        f"count(case when {APPLIES.get(name, 'true')} then 1 end) as expected_{name}, "
        f"count(case when {APPLIES.get(name, 'true')} and {name} is null then 1 end) as missing_{name}"
        for name in EXPECTED
    )
    counted_up = f"select {counts} from flights where {chosen.condition}"
    row = chosen.ask(counted_up).iloc[0]
    gaps = pd.DataFrame(
        [
            {
                "column": name,
                "what": what,
                "expected": int(row[f"expected_{name}"]),
                "missing": int(row[f"missing_{name}"]),
            }
            for name, what in EXPECTED.items()
        ]
    ).query("expected > 0")
    gaps = gaps.assign(
        missing_share=gaps["missing"] / gaps["expected"],
        in_words=each(gaps, lambda row: f"{share(row.missing, row.expected)}, {row.missing:,} of {row.expected:,}"),
    )
    return chart(
        counted_up,
        gaps.sort_values(["missing_share", "column"], ascending=[False, True], ignore_index=True),
        marks.bars,
        label="what",
        value="missing_share",
        text="in_words",
        zero_to=1.0,
        form=".0%",
        unit="share of flights without it",
        title="What the flights do not say",
        subtitle=chosen.label,
    )


def noticed(chosen: Choice) -> Answer:
    """`kind` (flag, warning or refused), `name, count, in_words`: what the rows' flags, the loads' warnings and the
    quarantine say, the most frequent first. Flags are of the chosen flights, the others of all that was loaded."""
    kinds = f"""select 'flag' as kind, flag as name, count(*) as n
        from flights cross join unnest(flags) as t(flag) where {chosen.condition} group by 1, 2
        union all
        select 'warning' as kind, rule as name, cast(sum(element_at(warnings_by_rule, rule)) as bigint) as n
        from loads cross join unnest(map_keys(warnings_by_rule)) as t(rule) group by 1, 2
        union all
        select 'refused' as kind, rule as name, cast(sum(times_seen) as bigint) as n from quarantine group by 1, 2"""
    counts = chosen.ask(kinds)
    rows = counts.assign(in_words=each(counts, lambda row: f"{row.n:,} ({row.kind})")).rename(columns={"n": "count"})
    rows = rows.sort_values(["count", "kind", "name"], ascending=[False, True, True], ignore_index=True)
    return chart(
        kinds,
        rows,
        marks.bars,
        drawn=rows.head(SHOWN),
        label="name",
        value="count",
        text="in_words",
        unit="flights or lines",
        title="What the load noticed",
        subtitle=chosen.label,
    )


def loads(chosen: Choice) -> Answer:
    """One row a load, its batches summed, in order: `run_id, finished_at` (UTC), `lines_read, observations_added,
    references, repeats, quarantined, warnings` and `seconds_to_queryable_min`, `_p50`, `_p95`, `_max` (seconds from the
    fetch of a record to the end of the batch that made it queryable, of several batches the slowest's; null where a
    load does not say). Drawn is `freshness`."""
    counts = ", ".join(f"cast(sum({name}) as bigint) as {name}" for name in COUNTS)
    figures = ", ".join(
        f"{'min' if name == 'min' else 'max'}(seconds_to_queryable_{name}) as seconds_to_queryable_{name}"
        for name in SECONDS
    )
    every_load = (
        f"select run_id, max(finished_at) as finished_at, {counts}, {figures} from loads "
        "group by run_id order by finished_at, run_id"
    )
    runs = chosen.ask(every_load)
    return chart(
        every_load,
        runs,
        marks.grouped,
        drawn=freshness(runs),
        label="load",
        group="measure",
        value="minutes",
        form=".1f",
        unit="minutes from fetch to queryable",
        title="How long records took to become queryable",
        subtitle=f"by the load's end, UTC; the last {LOADS} loads that read something",
    )


def freshness(runs: pd.DataFrame) -> pd.DataFrame:
    """`load` (when it finished, UTC), `measure` (a value of SECONDS), `minutes`: of the last LOADS of `loads`."""
    names = {f"seconds_to_queryable_{name}": said for name, said in SECONDS.items()}
    last = runs[runs["lines_read"] > 0].tail(LOADS).rename(columns=names)
    labelled = last.assign(load=each(last, lambda row: f"{row.finished_at:%Y-%m-%d %H:%M:%S}"))
    long = labelled.melt("load", list(names.values()), "measure", "seconds").dropna(subset="seconds")
    return long.assign(minutes=long["seconds"].astype(float) / 60).drop(columns="seconds")


def finding(chosen: Choice) -> Finding:
    """Two sentences, of `completeness` and `loads`."""
    gaps, runs = completeness(chosen).frame, loads(chosen).frame
    read = total(runs, "lines_read")
    missing = _gaps(chosen, gaps)
    nothing = chosen.unmatched if chosen.flights else chosen.nothing
    if not read:
        return Finding(f"No load has read a line yet. {missing}", nothing)
    slowest = runs["seconds_to_queryable_max"].max()
    within = "" if pd.isna(slowest) else f", and every record could be queried {_within(slowest / 60)} of its fetch"
    refused = total(runs, "quarantined")
    text = (
        f"{counted(len(runs), 'load')} read {counted(read, 'line')}, refused {refused:,} ({share(refused, read)}) and "
        f"warned {total(runs, 'warnings'):,} times{within}. {missing}"
    )
    return Finding(text, nothing)


def _within(minutes: float) -> str:
    return f"within {max(1, ceil(minutes / ROUNDED_MIN)) * ROUNDED_MIN:,} minutes"


def _gaps(chosen: Choice, gaps: pd.DataFrame) -> str:
    if gaps.empty:
        return f"No flight of {chosen.label} is in the tables."
    worst = gaps.head(3).query("missing > 0")
    words = each(worst, lambda row: f"{row.what} ({share(row.missing, row.expected)})")
    return f"Most often missing on {chosen.label}: {listed(words) or 'nothing'}."
