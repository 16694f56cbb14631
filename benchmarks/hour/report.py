"""The report of `sustained.py`, as Markdown: verdicts, what each stretch of the run took, what was kept on disk."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from hour.outcome import Kept, Load
from hour.watching import GROUPS, Watching

PAGE = Path(__file__).resolve().parents[2] / "docs/sustained.md"
BEGIN, END = "<!-- measured by benchmarks/sustained.py -->\n", "<!-- end of what was measured -->\n"
LAG_SECONDS = 180
GROWTH = 0.10
SETTLED, STRETCH = 600, 600
"""Seconds after which memory may not grow, and how long the two stretches are that are compared: the first after that
and the last."""
OURS = GROUPS[:-1]
BY_LOAD = ("schedules", "loads")
STRETCHES = 6


class Poll(NamedTuple):
    """A poll: when it began and ended (seconds since 1970), the records and bytes that the stream took of it, bytes of
    the emulator's folder after it."""

    begun: float
    ended: float
    records: int
    streamed: int
    folder: int


class Run(NamedTuple):
    """All that a run of `sustained.py` measured. `lags` are each record's seconds, by poll, `sizes` bytes by bucket,
    `folder` those of the emulator's folder in the end, `failed` what is said of each load that failed."""

    legs: int
    polls: list[Poll]
    loads: list[Load]
    lags: dict[int, np.ndarray]
    kept: Kept
    sizes: dict[str, int]
    folder: int
    watching: Watching
    failed: list[str]


class Verdict(NamedTuple):
    """What must hold, what was measured, and whether it does (None: the run was too short to say)."""

    what: str
    measured: str
    holds: bool | None


def verdicts(run: Run) -> list[Verdict]:
    """What must hold."""
    whole = sum(poll.records == run.legs for poll in run.polls)
    lag = np.concatenate([np.zeros(0), *run.lags.values()])
    p50, p95, most = np.percentile(lag, (50, 95, 100), method="higher") if lag.size else (np.inf, np.inf, np.inf)
    return [
        Verdict("each poll streams a record of each leg", f"{whole} of {len(run.polls)}", whole == len(run.polls)),
        *(
            Verdict(f"records {name}: 0", f"{getattr(run.kept, name):,}", not getattr(run.kept, name))
            for name in Kept._fields
        ),
        Verdict(
            f"lag of the records, p95: under {LAG_SECONDS} s",
            f"p50 {p50:.0f} s, p95 {p95:.0f} s, at most {most:.0f} s",
            bool(p95 < LAG_SECONDS),
        ),
        Verdict("loads that failed: 0", str(len(run.failed)), not run.failed),
        *(_flat(run, group) for group in OURS),
    ]


def _flat(run: Run, group: str) -> Verdict:
    """Whether a group needs in the last stretch no more than in the first one after the run has settled. A fall says
    nothing: pages that come to be shared with whatever else runs on the machine count less."""
    what = f"memory of {group}: growth of at most {GROWTH:.0%}"
    begun, ended = run.polls[0].begun, run.polls[-1].ended
    if ended - begun < SETTLED + 2 * STRETCH:
        return Verdict(what, "not judged: the run is too short", None)
    first, last = (peak(run, group, start, start + STRETCH) for start in (begun + SETTLED, ended - STRETCH))
    measured = f"{_mb(first)} MB from minute 10 to 20, {_mb(last)} MB in the last ten ({last / first - 1:+.1%})"
    return Verdict(what, measured, last / first - 1 <= GROWTH)


def peak(run: Run, group: str, begun: float, ended: float) -> float:
    """Median of the peaks of a group's memory, bytes, between two instants. A peak is that of a load, until the next
    one starts, for the loads and what starts them, and else that of a poll. 0 for none."""
    if group in BY_LOAD:
        spans = _until_the_next([load.started for load in run.loads], run.watching.samples[-1].at)
    else:
        spans = [(poll.begun, poll.ended) for poll in run.polls]
    inside = [run.watching.between(group, *span) for span in spans if begun <= span[0] <= ended]
    peaks = [max(looks) for looks in inside if looks]
    return float(median(peaks)) if peaks else 0.0


def _until_the_next(starts: list[float], end: float) -> list[tuple[float, float]]:
    return list(zip(starts, [*starts[1:], end], strict=True))


def write(run: Run, circumstances: dict[str, Any]) -> str:
    """The whole report."""
    held = {True: "yes", False: "**no**", None: "–"}
    lines = [
        f"Measured on {circumstances['date']} at commit `{circumstances['commit']}`: {circumstances['cores']} cores "
        f"({circumstances['processor']}), {circumstances['memory'] / 1e9:.0f} GB of memory, with a load average of "
        f"{circumstances['busy']} when it began. `--polls {len(run.polls)} --every {circumstances['every']} "
        f"--legs {run.legs} --seed {circumstances['seed']}`: {sum(poll.records for poll in run.polls):,} records in "
        f"{(run.polls[-1].ended - run.polls[0].begun) / 60:.1f} minutes.",
        "",
        "| must hold | measured | holds |",
        "|---|---|---|",
        *(f"| {what} | {measured} | {held[holds]} |" for what, measured, holds in verdicts(run)),
        "",
        *_stretches(run),
        "",
        *_disk(run),
    ]
    return "".join(f"{line}\n" for line in lines)


def _stretches(run: Run) -> Iterator[str]:
    """A row for each stretch of polls: medians, and the lag's p95."""
    yield (
        "| polls | poll, s | loads | a load, s | lag p95, s | "
        + " | ".join(f"{g}, MB" for g in GROUPS)
        + " | folder, MB |"
    )
    yield "|---|" + "---:|" * (5 + len(GROUPS))
    for part in np.array_split(np.arange(len(run.polls)), min(STRETCHES, len(run.polls))):
        first, last = int(part[0]), int(part[-1])
        begun = run.polls[first].begun
        ended = run.polls[last + 1].begun if last + 1 < len(run.polls) else run.watching.samples[-1].at
        polls = median(run.polls[number].ended - run.polls[number].begun for number in part)
        loads = [load.finished - load.started for load in run.loads if begun <= load.started < ended]
        lag = np.concatenate([np.zeros(0), *(run.lags[number] for number in part if number in run.lags)])
        figures = [
            f"{polls:.1f}",
            str(len(loads)),
            f"{median(loads):.1f}" if loads else "–",
            f"{np.percentile(lag, 95, method='higher'):.0f}" if lag.size else "–",
            *(_mb(peak(run, group, begun, ended)) for group in GROUPS),
            _mb(run.polls[last].folder),
        ]
        yield f"| {first + 1} to {last + 1} | " + " | ".join(figures) + " |"


def _disk(run: Run) -> Iterator[str]:
    objects, streamed = sum(run.sizes.values()), sum(poll.streamed for poll in run.polls)
    used = [sample.used["emulator"] for sample in run.watching.samples]
    yield "| the emulator | MB |"
    yield "|---|---:|"
    yield f"| raw objects | {_mb(run.sizes['RawBucket'])} |"
    yield f"| the tables: data of all snapshots, and metadata | {_mb(run.sizes['PublishedBucket'])} |"
    yield f"| all objects, which it has to keep on disk | {_mb(objects)} |"
    yield f"| its folder | {_mb(run.folder)} |"
    yield f"| records of the stream, which it has to keep for a day, in memory | {_mb(streamed)} |"
    yield f"| its memory: growth, of {_mb(used[0])} MB when the polls began | {_mb(used[-1] - used[0])} |"


def keep(report: str) -> None:
    """Put the report between the page's markers."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{report}\n{END}{after}")


def _mb(count: float) -> str:
    return f"{count / 1e6:,.0f}"
