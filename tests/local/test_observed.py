"""The history of past days that is made without a stack is the table's, of the same polls through the stack."""

from datetime import date, timedelta
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from aviation import query
from aviation.cli import main
from aviation.local.observed import history, observations, write
from aviation.replay import records
from aviation.replay.data import legs

DAY = "2013-11-02"


def test_a_days_instants_begin_before_its_first_departure_and_end_with_its_last_flight():
    for every in (timedelta(minutes=30), timedelta(hours=1), timedelta(minutes=7)):
        instants = records.instants("2013-07-10", every)
        assert {after - before for before, after in pairwise(instants)} == {every}
        first = min(leg.dep_scheduled for leg in legs("2013-07-10"))
        assert timedelta(0) <= first - records.KNOWN_BEFORE - instants[0] < every
        known = [{row["flight_status"] for row in records.flights("2013-07-10", at)} for at in instants[-2:]]
        assert known[1] == {"landed", "cancelled", "diverted"} and "active" in known[0]
    assert records.instants("2014-02-01", timedelta(hours=1)) == []


def test_every_poll_is_observed_and_every_leg_has_a_version_from_the_first_on(tmp_path):
    every = timedelta(hours=6)
    instants = [at.replace(tzinfo=None) for at in records.instants(DAY, every)]
    seen = observations(DAY, every)
    assert seen.num_rows == sum(len(records.flights(DAY, at)) for at in records.instants(DAY, every))
    assert sorted(set(seen["observed_at"].to_pylist())) == instants
    made = history(DAY, every)
    opening = made.group_by("flight_key").aggregate([("known_from", "min"), ("known_until", "count")])
    assert len(opening) == len(legs(DAY))
    assert set(opening["known_from_min"].to_pylist()) == {instants[0]}
    [file] = write(tmp_path, [DAY], every)
    assert pq.read_table(file).equals(made)
    file.write_bytes(b"kept")
    assert [path.read_bytes() for path in write(tmp_path, [DAY], every)] == [b"kept"]


@pytest.mark.slow
def test_the_history_is_that_of_a_backfill_through_the_stack(stack):
    """The night on which New York's clocks go back."""
    last = (date.fromisoformat(DAY) + timedelta(days=1)).isoformat()
    command = ["backfill", "--from", DAY, "--to", last, "--every", "4h"]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    for day in (DAY, last):
        ours = history(day, timedelta(hours=4))
        assert ours.num_rows > 3 * len(legs(day))
        asked = f"select * from flight_history where flight_date = date '{day}' order by flight_key, known_from"
        theirs = pa.Table.from_pandas(query.sql(asked), schema=ours.schema, preserve_index=False)
        assert theirs.to_pylist() == ours.to_pylist()
    again = CliRunner().invoke(main, [*command, "--again"])
    assert (again.exit_code, again.stdout.split(", ")[-1]) == (0, "0 observations loaded\n"), again.output
