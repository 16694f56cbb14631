"""What came of `sustained.py`'s polls, asked of the stack itself: is each record there once, how late, at what size."""

import contextlib
import os
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from aviation import aws, query
from aviation.errors import QueryError
from aviation.load.read import split
from aviation.places import place
from hour import legs

HEAD = re.compile(rb'"observed_at":"([^"]+)","fetched_at":"([^"]+)"')
FACTS = {
    "dep_gate": ("departure", "gate"),
    "dep_delay_api_min": ("departure", "delay"),
    "arr_delay_api_min": ("arrival", "delay"),
    "dep_estimated_local": ("departure", "estimated"),
    "arr_actual_local": ("arrival", "actual"),
}
"""Columns of `flights` that are as the API's newest record says, and where that says it."""


class Load(NamedTuple):
    """A batch of a load: when it started, when its rows could be queried (seconds since 1970), objects, lines."""

    started: float
    finished: float
    objects: list[str]
    lines: int


class Kept(NamedTuple):
    """Of the records of all polls: in how many rows too few and too many they are, by table; what the last poll said
    that `flights` does not; how many were refused."""

    lost: int
    doubled: int
    differing: int
    quarantined: int


def loads() -> list[Load]:
    """The batches that have finished, in order; none before the first."""
    try:
        rows = query.sql("select started_at, finished_at, objects, lines_read from loads order by finished_at")
    except QueryError:
        return []
    return [
        Load(row.started_at.timestamp(), row.finished_at.timestamp(), list(row.objects), int(row.lines_read))
        for row in rows.itertuples()
    ]


def raw() -> Iterator[tuple[str, int]]:
    """The raw objects of flights: keys and bytes."""
    return _objects(place("RawBucket"), "flights/")


def sizes() -> dict[str, int]:
    """Bytes of all objects of each bucket, by its name in the template's outputs."""
    names = ("RawBucket", "PublishedBucket", "RunsBucket", "ArtefactsBucket")
    return {name: sum(size for _, size in _objects(place(name))) for name in names}


def folder_bytes(folder: Path) -> int:
    """Bytes of all files in a folder. What vanishes meanwhile does not count."""
    total = 0
    for parent, _, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(FileNotFoundError):
                total += Path(parent, name).stat().st_size
    return total


def lags(batches: list[Load]) -> dict[int, np.ndarray]:
    """By poll, of each of its records: seconds from its fetch to the end of the load that made it queryable; infinite
    where none did."""
    finished = {key: load.finished for load in reversed(batches) for key in load.objects}
    s3, bucket = aws.client("s3"), place("RawBucket")
    found: dict[int, list[np.ndarray]] = {}
    for key, _ in raw():
        lines, _ = split(key, s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        for (observed, fetched), count in Counter(HEAD.search(line, 0, 400).groups() for line in lines).items():
            poll = legs.poll_at(datetime.fromisoformat(observed.decode()))
            lag = finished.get(key, float("inf")) - datetime.fromisoformat(fetched.decode()).timestamp()
            found.setdefault(poll, []).append(np.full(count, lag))
    return {poll: np.concatenate(parts) for poll, parts in sorted(found.items())}


def kept(base: list[dict[str, Any]], polls: int, seed: int) -> Kept:
    """Whether the tables hold what the API said at all polls, once."""
    said = {legs.key(record): _facts(record) for record in legs.at(base, polls - 1, polls, seed)}
    observed, versions = (
        _each_once(table, when, list(said), polls)
        for table, when in (("flight_observations", "observed_at"), ("flight_history", "known_from"))
    )
    stored = query.sql(f"select flight_key, flight_status_api, {', '.join(FACTS)} from flights")
    newest = stored.drop_duplicates("flight_key").set_index("flight_key").to_dict("index")
    differing = sum({k: _text(v) for k, v in newest.get(key, {}).items()} != facts for key, facts in said.items())
    lost = observed[0] + versions[0] + len(said.keys() - newest.keys())
    doubled = observed[1] + versions[1] + len(stored) - len(newest) + len(newest.keys() - said.keys())
    quarantined = int(query.sql("select count(*) as n from quarantine")["n"].iloc[0])
    return Kept(lost, doubled, differing, quarantined)


def _each_once(table: str, when: str, keys: list[str], polls: int) -> tuple[int, int]:
    """How many rows the table has too few and too many, where it must have one of each leg at each poll."""
    rows = query.sql(
        f"select flight_key, count(*) as n, count(distinct {when}) as polls from {table} group by flight_key"
    ).set_index("flight_key")
    lost = polls - rows["polls"].reindex(keys, fill_value=0)
    doubled = int((rows["n"] - rows["polls"]).sum() + rows["polls"].drop(keys, errors="ignore").sum())
    instants = query.sql(f"select {when} as polled, count(*) as n from {table} group by {when}")
    known = {legs.clock(poll).replace(tzinfo=None) for poll in range(polls)}
    return int(lost.clip(lower=0).sum()), doubled + int(instants.loc[~instants["polled"].isin(known), "n"].sum())


def _facts(record: dict[str, Any]) -> dict[str, str]:
    facts = {column: record[block][name] for column, (block, name) in FACTS.items()}
    return {"flight_status_api": record["flight_status"]} | {name: _text(value) for name, value in facts.items()}


def _text(value: Any) -> str:
    """A value of a record or of a table such that both look the same; empty for none."""
    if value is None or value != value or str(value) == "NaT":
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}"
    return str(int(value)) if isinstance(value, float) else str(value).removesuffix("+00:00")


def _objects(bucket: str, prefix: str = "") -> Iterator[tuple[str, int]]:
    for page in aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from ((item["Key"], int(item["Size"])) for item in page.get("Contents", []))
