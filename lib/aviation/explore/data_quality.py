"""How good is the data, and how fresh?"""

import pandas as pd

from aviation.explore.choice import Choice
from aviation.explore.words import counted, listed, share, total

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
# As many of the last loads as can be read in one chart.
SHOWN = 12


def completeness(chosen: Choice) -> pd.DataFrame:
    """`column, what, expected, missing` (counts of the chosen flights), `missing_share` (0 to 1), `said` (in words);
    the worst first."""
    counts = ", ".join(
        f"count(case when {APPLIES.get(name, 'true')} then 1 end) as expected_{name}, "
        f"count(case when {APPLIES.get(name, 'true')} and {name} is null then 1 end) as missing_{name}"
        for name in EXPECTED
    )
    row = chosen.ask(f"select {counts} from flights where {chosen.condition}").iloc[0]
    answer = pd.DataFrame(
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
    answer = answer.assign(
        missing_share=answer["missing"] / answer["expected"],
        said=[
            f"{share(row.missing, row.expected)}, {row.missing:,} of {row.expected:,}" for row in answer.itertuples()
        ],
    )
    return answer.sort_values(["missing_share", "column"], ascending=[False, True], ignore_index=True)


def noticed(chosen: Choice) -> pd.DataFrame:
    """`kind` (flag, warning or refused), `name, count, said` (in words): what the rows' flags, the loads' warnings and
    the quarantine say, the most frequent first. Flags are of the chosen flights, the others of all that was loaded."""
    answer = chosen.ask(
        f"""select 'flag' as kind, flag as name, count(*) as n
        from flights cross join unnest(flags) as t(flag) where {chosen.condition} group by 1, 2
        union all
        select 'warning' as kind, rule as name, cast(sum(element_at(warnings_by_rule, rule)) as bigint) as n
        from loads cross join unnest(map_keys(warnings_by_rule)) as t(rule) group by 1, 2
        union all
        select 'refused' as kind, rule as name, cast(sum(times_seen) as bigint) as n from quarantine group by 1, 2"""
    )
    answer = answer.rename(columns={"n": "count"}).assign(
        said=[f"{row.n:,} ({row.kind})" for row in answer.itertuples()]
    )
    return answer.sort_values(["count", "kind", "name"], ascending=[False, True, True], ignore_index=True)


def loads(chosen: Choice) -> pd.DataFrame:
    """One row a load, in order: `run_id, finished_at` (UTC), `lines_read, observations_added, references, repeats,
    quarantined, warnings` and `seconds_to_queryable_min`, `_p50`, `_p95`, `_max` (seconds from the fetch of a record to
    the end of the load that made it queryable; null where a load does not say)."""
    figures = ", ".join(f"seconds_to_queryable_{name}" for name in SECONDS)
    return chosen.ask(
        "select run_id, finished_at, lines_read, observations_added, references, repeats, quarantined, warnings, "
        f"{figures} from loads order by finished_at, run_id"
    )


def freshness(runs: pd.DataFrame) -> pd.DataFrame:
    """`load` (when it finished, UTC), `measure` (a value of SECONDS), `minutes`: of the last SHOWN of `loads`."""
    names = {f"seconds_to_queryable_{name}": said for name, said in SECONDS.items()}
    last = runs[runs["lines_read"] > 0].tail(SHOWN).rename(columns=names)
    labelled = last.assign(load=[f"{when:%Y-%m-%d %H:%M:%S}" for when in last["finished_at"]])
    long = labelled.melt("load", list(names.values()), "measure", "seconds").dropna(subset="seconds")
    return long.assign(minutes=long["seconds"].astype(float) / 60).drop(columns="seconds")


def finding(chosen: Choice, gaps: pd.DataFrame, runs: pd.DataFrame) -> str:
    """Two sentences, of `completeness` and `loads`."""
    read = total(runs, "lines_read")
    if not read:
        return f"No load has read a line yet. {_gaps(chosen, gaps)}"
    slowest = runs["seconds_to_queryable_max"].max()
    age = (
        ""
        if pd.isna(slowest)
        else f", and each record could be queried at most {slowest / 60:.1f} minutes after its fetch"
    )
    first = (
        f"{counted(len(runs), 'load')} read {counted(read, 'line')}, refused {total(runs, 'quarantined'):,} "
        f"({share(total(runs, 'quarantined'), read)}) and warned {total(runs, 'warnings'):,} times{age}."
    )
    return f"{first} {_gaps(chosen, gaps)}"


def _gaps(chosen: Choice, gaps: pd.DataFrame) -> str:
    if gaps.empty:
        return f"No flight of {chosen.label} is in the tables."
    worst = [f"{row.what} ({share(row.missing, row.expected)})" for row in gaps.head(3).itertuples() if row.missing]
    return f"Most often missing on {chosen.label}: {listed(worst) or 'nothing'}."
