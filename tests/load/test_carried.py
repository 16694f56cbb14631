"""Legs advanced by what is new have the versions of all their observations folded at once."""

import random
from collections import defaultdict
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from aviation.load.arrow import OBSERVED
from aviation.load.carried import Advanced, advance, open_of
from aviation.load.fold import KEY, STATES, VERSIONS, fold
from support.observations import START, some_observations

OPEN = pa.schema([VERSIONS.field(name) for name in (*KEY, "known_from", "observed_at")])
HOUR = pa.scalar(timedelta(hours=1))


class Loads:
    """What loads keep, and what happens to it: observations, the history by leg, and the log of states."""

    def __init__(self, rng: random.Random):
        self.rng = rng
        self.observations = OBSERVED.empty_table()
        self.history: dict[tuple, list[dict]] = {}
        self.states = STATES.empty_table()
        self.asked = 0
        self.killed = False

    def load(self, batch: pa.Table, killed: str | None = None) -> Advanced:
        """Load a batch; one that is killed writes `killed` alone of what the observations are followed by."""
        self.observations = pa.concat_tables([self.observations, batch])
        advanced = self.advance(batch)
        self.killed = self.killed or killed is not None
        if killed in (None, "history"):
            self.write_history(advanced)
        if killed in (None, "states"):
            self.write_states(advanced)
        return advanced

    def carried(self, batch: pa.Table) -> tuple[pa.Table, pa.Table]:
        """The states and the open versions of the dates of a batch."""
        touched = pc.unique(batch["flight_date"])
        states = self.states.filter(pc.is_in(self.states["flight_date"], touched))
        states = states.take(
            pa.array(self.rng.sample(range(len(states)), len(states)), pa.int64())
        )  # they are kept in no order
        held = [row for rows in self.history.values() for row in rows if row["known_until"] is None]
        open_versions = pa.Table.from_pylist(held, schema=OPEN)
        return states, open_versions.filter(pc.is_in(open_versions["flight_date"], touched))

    def advance(self, batch: pa.Table) -> Advanced:
        states, open_versions = self.carried(batch)
        keys, dates, full = set(), set(), None
        while True:
            advanced = advance(batch, states, open_versions, full, dates)
            if not advanced.late_keys and not advanced.unfit_dates:
                return advanced
            self.asked += 1
            assert not advanced.late_keys & keys and not advanced.unfit_dates & dates
            keys |= advanced.late_keys
            dates |= advanced.unfit_dates
            asked = pc.or_(
                pc.is_in(self.observations["flight_key"], pa.array(sorted(keys), pa.string())),
                pc.is_in(self.observations["flight_date"], pa.array(sorted(dates), pa.date32())),
            )
            full = self.observations.filter(asked)

    def write_history(self, advanced: Advanced) -> None:
        for leg, rows in by_leg(advanced.versions).items():
            anew = leg[0] in advanced.folded_in_full
            closed = [] if anew else [row for row in self.history.get(leg, []) if row["known_until"] is not None]
            # A version that was closed is not given again.
            assert all(before["known_until"] <= rows[0]["known_from"] for before in closed)
            self.history[leg] = closed + rows
        others = by_leg(advanced.rest_versions)
        assert not set(others) & set(by_leg(advanced.versions))
        if not self.killed:
            assert all(self.history[leg] == rows for leg, rows in others.items())
        if self.rng.random() < 0.5:  # the whole dates anew
            self.history |= others

    def write_states(self, advanced: Advanced) -> None:
        kept = self.states
        states = advanced.states
        if self.rng.random() < 0.5:  # those of the dates anew, all of them
            states = pa.concat_tables([advanced.rest, states])
            kept = kept.filter(pc.invert(pc.is_in(kept["flight_date"], pc.unique(states["flight_date"]))))
        self.states = pa.concat_tables([kept, states])

    def lose_states(self, column: str) -> None:
        """Lose the states of a third of the legs, or of the dates."""
        values = sorted(set(self.states[column].to_pylist()))
        lost = pa.array(self.rng.sample(values, -(-len(values) // 3)), self.states[column].type)
        self.states = self.states.filter(pc.invert(pc.is_in(self.states[column], lost)))

    def check(self) -> None:
        """The history is that of all observations, and what the legs carry is what such a fold gives them."""
        expected = fold(self.observations)
        assert self.history == by_leg(expected.versions)
        anew = by_leg(expected.states)
        for leg, states in by_leg(self.states).items():
            newest = max(states, key=lambda state: (state["observed_at"], state["refolds"]))
            assert comparable(newest) == comparable(anew[leg][0])


def by_leg(table: pa.Table) -> dict[tuple, list[dict]]:
    found = defaultdict(list)
    for row in table.to_pylist():
        found[tuple(row[name] for name in KEY)].append(row)
    return dict(found)


def comparable(state: dict) -> dict:
    slots = dict(zip(state["slots"], state["slots_since"], strict=True))
    return state | {"slots": slots, "slots_since": None, "refolds": None}


FATES = st.sampled_from(["loaded"] * 4 + ["observations", "history", "states", "flight_key", "flight_date"])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), fates=st.lists(FATES, max_size=8))
def test_loads_in_any_order_split_and_repetition_make_the_versions_of_all_observations(seed, fates):
    rng = np.random.default_rng(seed)
    rows = some_observations(rng, 90)
    objects = np.array_split(np.arange(rows.num_rows), 10)
    loads = Loads(random.Random(seed))
    pending = [rows.take(pa.array(rows_of)) for rows_of in [*objects, *objects[:2]]]
    for fate in fates:
        loads.rng.shuffle(pending)
        batch = pa.concat_tables(pending[:3])
        if fate in ("observations", "history", "states"):
            loads.load(batch, killed=fate)
            continue
        if fate != "loaded":
            loads.lose_states(fate)
        loads.load(batch)
        pending = pending[3:] or [batch]
    loads.load(pa.concat_tables(pending))
    loads.check()


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_observations_in_order_are_folded_without_those_before(seed):
    rows = some_observations(np.random.default_rng(seed), 60)
    loads = Loads(random.Random(seed))
    for instant in sorted(set(rows["observed_at"].to_pylist())):
        batch = rows.filter(pc.equal(rows["observed_at"], pa.scalar(instant, pa.timestamp("us"))))
        advanced = loads.load(batch)
        assert set(by_leg(advanced.versions)) == set(by_leg(advanced.states)) == set(by_leg(batch))
        assert not set(by_leg(advanced.rest)) & set(by_leg(batch))
        assert not advanced.folded_in_full
    assert loads.asked == 0
    loads.check()


def at(minutes: int, leg: str, day: int = 10, gate: str | None = None, number: str = "1") -> pa.Table:
    """An observation of a leg; the legs of a date share their slot where they have one number."""
    row = dict.fromkeys(OBSERVED.names) | {
        "observed_at": START + timedelta(minutes=minutes),
        "flight_key": leg,
        "identity": "number",
        "flight_date": date(2013, 7, day),
        "is_operating": True,
        "dep_iata": "JFK",
        "arr_iata": "LAX",
        "dep_scheduled_local": START,
        "flight_number": number,
        "dep_gate": gate,
    }
    return pa.Table.from_pylist([row], schema=OBSERVED)


def test_a_leg_is_late_where_an_earlier_observation_of_another_shows_that_they_share_a_slot():
    loads = Loads(random.Random(1))
    loads.load(pa.concat_tables([at(10, "first"), at(30, "first"), at(20, "far", day=11)]))
    states, open_versions = loads.carried(at(30, "second"))
    assert advance(at(30, "second"), states, open_versions).late_keys == {"first"}
    assert advance(at(31, "second"), states, open_versions).late_keys == set()
    assert advance(at(30, "first"), states, open_versions).late_keys == {"first"}
    assert advance(at(31, "first"), states, open_versions).late_keys == set()


def test_the_open_version_that_a_state_stands_for_is_continued_or_closed_and_no_other_leg_is_given():
    loads = Loads(random.Random(1))
    before = loads.load(pa.concat_tables([at(10, "a", gate="1"), at(20, "a", gate="2"), at(20, "b", day=11)]))
    assert open_of(before.states).to_pylist() == [row for row in before.versions.to_pylist() if not row["known_until"]]
    same = loads.load(at(30, "a", gate="2")).versions
    assert [(row["known_from"].minute, row["observed_at"].minute) for row in same.to_pylist()] == [(20, 30)]
    other = loads.load(at(40, "a", gate="3"))
    assert [(row["known_from"].minute, row["dep_gate"]) for row in other.versions.to_pylist()] == [(20, "2"), (40, "3")]
    assert other.rest.num_rows == 0  # the other date was not touched
    loads.check()


def test_a_date_whose_states_do_not_fit_its_open_versions_is_folded_whole_and_no_other_date_is():
    loads = Loads(random.Random(1))
    loads.load(pa.concat_tables([at(10, "a"), at(10, "b"), at(10, "c", day=11)]))
    batch = pa.concat_tables([at(20, "a"), at(20, "c", day=11)])
    states, open_versions = loads.carried(batch)
    without = pa.array([key != "b" for key in states["flight_key"].to_pylist()])
    assert advance(batch, states.filter(without), open_versions).unfit_dates == {date(2013, 7, 10)}
    assert advance(batch, states, open_versions.filter(without)).unfit_dates == {date(2013, 7, 10)}
    moved = open_versions.set_column(4, OPEN.field("observed_at"), batch["observed_at"].take([0, 0, 0]))
    assert advance(batch, states, moved).unfit_dates == {date(2013, 7, 10), date(2013, 7, 11)}
    moved = open_versions.set_column(3, OPEN.field("known_from"), pc.subtract(open_versions["known_from"], HOUR))
    assert advance(batch, states, moved).unfit_dates == {date(2013, 7, 10), date(2013, 7, 11)}
    assert advance(batch, states, open_versions).unfit_dates == set()
    earlier = open_versions.set_column(
        OPEN.get_field_index("known_from"), "known_from", pc.subtract(open_versions["known_from"], HOUR)
    ).slice(0, 1)
    for two_open in (pa.concat_tables([earlier, open_versions]), pa.concat_tables([open_versions, earlier])):
        [day] = earlier["flight_date"].to_pylist()
        assert advance(batch, states, two_open).unfit_dates == {day}


def test_a_leg_is_late_where_one_that_shares_its_slot_was_moved_there_by_a_load_that_was_killed():
    loads = Loads(random.Random(1))
    moving = [at(10, "a", number="2"), at(30, "a", gate="1", number="2")]
    loads.load(pa.concat_tables([*moving, at(10, "b"), at(30, "b", gate="1")]))
    # The state says where the leg was, the history of neither does; and both have the open versions that they had.
    loads.load(at(20, "a"), killed="states")
    loads.load(at(20, "a"))
    loads.check()


def test_a_leg_is_late_where_another_turns_out_to_have_been_in_its_slot_when_it_is_folded_in_full():
    loads = Loads(random.Random(1))
    loads.load(pa.concat_tables([at(10, "a", number="2"), at(30, "a", number="2"), at(10, "b"), at(30, "b")]))
    loads.load(at(20, "a"), killed="observations")
    loads.load(at(15, "a", number="2"))
    loads.check()
