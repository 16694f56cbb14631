"""The fold is a function of the set of observations: not of their order, their grouping, or how often they came."""

import random
from datetime import date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aviation.columns import OBSERVATIONS
from aviation.load.arrow import OBSERVED
from aviation.load.fold import KEY, SINGLE, STATE, VERSIONS, WHOLE, versions
from support import spark_fold
from support.observations import rearranged as rearranged_rows
from support.observations import some_observations

LEGS = 150
START = datetime(2013, 7, 10, 12)
VALUES = {"string": ("A", "B", None), "int": (1, 2, None), "double": (0.5, 1.5, None), "boolean": (True, False, None)}


def some_observation(rng: random.Random) -> dict:
    """An observation at one of few instants, of few values, so that ties and gaps are common."""
    row = {}
    for name, column in OBSERVATIONS.columns.items():
        times = (START, START + timedelta(hours=1), None)
        row[name] = rng.choice(VALUES.get(column.type, times)) if rng.random() < 0.5 else None
    row["observed_at"] = START + timedelta(minutes=30 * rng.randrange(4))
    is_operating = rng.random() < 0.5
    row |= {"is_operating": is_operating, "codeshare": None if is_operating else rng.choice(("KL1", "AF2", None))}
    return row | {"identity": "number", "flight_date": date(2013, 7, 10), "content_hash": str(rng.random())}


def rearranged(rows: list[dict], rng: random.Random) -> list[dict]:
    """The same observations, some of them repeated, in another order."""
    again = rows + rng.choices(rows, k=rng.randrange(4))
    return rng.sample(again, len(again))


def reference_fold(rows: list[dict], until: datetime) -> dict:
    """The state at an instant, as plainly as it can be said."""
    seen = [row for row in rows if row["observed_at"] <= until]

    def winner(columns: list[str]) -> tuple:
        there = [row for row in seen if any(row[column] is not None for column in columns)]
        # None sorts before every value.
        rank = [
            (row["is_operating"], row["observed_at"], [(row[c] is not None, row[c]) for c in columns]) for row in there
        ]
        best = max(range(len(there)), key=lambda index: _Ranked(rank[index]), default=None)
        return tuple(None if best is None else there[best][column] for column in columns)

    state = {}
    for columns in ([name] for name in SINGLE):
        state |= dict(zip(columns, winner(columns), strict=True))
    for columns in WHOLE.values():
        state |= dict(zip(columns, winner(columns), strict=True))
    state["codeshares"] = sorted({row["codeshare"] for row in seen if row["codeshare"]})
    state["has_operating_row"] = any(row["is_operating"] for row in seen)
    return state


BETWEEN_LEGS = "slot_and_number_shared"  # the one part of a state that other legs have a say in


class _Ranked:
    """Compares ranks whose values can be None."""

    def __init__(self, rank: tuple):
        self.rank = (rank[0], rank[1], [(there, value if there else 0) for there, value in rank[2]])

    def __gt__(self, other: "_Ranked") -> bool:
        return self.rank > other.rank

    def __lt__(self, other: "_Ranked") -> bool:
        return self.rank < other.rank


@pytest.fixture(scope="module")
def cases():
    """Legs at random, each under two keys: as it came, and rearranged. Their observations, and all their versions."""
    rng = random.Random(20130710)
    legs = {}
    for number in range(LEGS):
        rows = [some_observation(rng) for _ in range(rng.randrange(1, 7))]
        legs[f"{number}|came"] = rows
        legs[f"{number}|rearranged"] = rearranged(rows, rng)
    flat = [row | {"flight_key": key} for key, rows in legs.items() for row in rows]
    found = versions(pa.Table.from_pylist(rng.sample(flat, len(flat)), schema=OBSERVED)).to_pylist()
    by_leg = {key: [] for key in legs}
    for row in sorted(found, key=lambda row: row["known_from"]):
        by_leg[row.pop("flight_key")].append(row)
    return legs, by_leg


def test_versions_are_those_that_windows_over_the_observations_give(spark, tmp_path):
    rng = np.random.default_rng(20130710)
    rows = rearranged_rows(rng, some_observations(rng, 2000), again=300)
    pq.write_table(rows, tmp_path / "observations.parquet")
    observations = spark.read.parquet(str(tmp_path / "observations.parquet"))
    spark_fold.versions(spark_fold.fold(observations)).write.parquet(str(tmp_path / "versions"))
    expected = pq.read_table(tmp_path / "versions").cast(VERSIONS)
    in_order = [(name, "ascending") for name in (*KEY, "known_from")]
    assert versions(rows).sort_by(in_order).to_pylist() == expected.sort_by(in_order).to_pylist()
    # What the observations are made for does occur.
    shared = expected["slot_and_number_shared"].to_pylist()
    assert 100 < sum(shared) < len(shared) - 100
    identities = expected.group_by("flight_key").aggregate([("identity", "count_distinct")])
    assert identities["identity_count_distinct"].to_pylist().count(2) > 100


def test_order_grouping_and_repetition_of_observations_do_not_change_the_history(cases):
    _, found = cases
    for number in range(LEGS):
        assert found[f"{number}|came"] == found[f"{number}|rearranged"]


def test_the_state_at_every_instant_is_the_greatest_of_what_was_observed_until_then(cases):
    legs, found = cases
    for key, rows in legs.items():
        for instant in {row["observed_at"] for row in rows}:
            (state,) = (
                row
                for row in found[key]
                if row["known_from"] <= instant and (row["known_until"] is None or instant < row["known_until"])
            )
            assert {name: state[name] for name in STATE if name != BETWEEN_LEGS} == reference_fold(rows, instant)


def test_versions_follow_one_another_without_gaps_and_differ_from_their_neighbours(cases):
    legs, found = cases
    for key, history in found.items():
        instants = sorted({row["observed_at"] for row in legs[key]})
        assert history[0]["known_from"] == instants[0]
        assert {row["first_seen_at"] for row in history} == {instants[0]}
        for before, after in pairwise(history):
            assert before["known_until"] == after["known_from"]
            assert [before[name] for name in STATE] != [after[name] for name in STATE]
        assert history[-1]["known_until"] is None


def test_a_version_was_last_confirmed_at_the_last_instant_before_the_next(cases):
    legs, found = cases
    for key, history in found.items():
        instants = {row["observed_at"] for row in legs[key]}
        for version in history:
            held = [t for t in instants if version["known_until"] is None or t < version["known_until"]]
            assert version["observed_at"] == max(held)
