"""What a feature may know: what versions said that held at the instant, and nothing of what came after."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aviation.forecast import rotation
from aviation.forecast.features import features, newest_poll, origin_late
from aviation.forecast.known import NEVER, READ, Known, minutes
from aviation.forecast.spans import Spans

NOON = minutes(pa.array([np.datetime64("2013-07-10T16:00:00", "us")]))[0]
HOURS = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


def table(history: pa.Table, at: int) -> dict[str, np.ndarray]:
    """The features at an instant of all legs that have some, by leg."""
    known = Known(history)
    of = features(known, np.arange(len(known.keys)), np.full(len(known.keys), at))
    return dict(zip(known.keys[known.leg[of.version]], of.values, strict=True))


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[key], other[key], equal_nan=True) for key in one)


def as_known_at(history: pa.Table, at: int) -> tuple[pa.Table, pa.Table]:
    """The versions that had begun by the instant (an end after it is not known by then), and those after it."""
    later = pc.greater(history["known_from"], pa.scalar(int(at) * 60_000_000).cast(pa.timestamp("us")))
    return history.filter(pc.invert(later)), history.filter(later)


@settings(max_examples=8, **HOURS)
@given(after_noon=st.integers(-20, 20), seed=st.integers(0, 2**32 - 1))
def test_shuffling_everything_after_an_instant_changes_no_feature(day, after_noon, seed):
    at = NOON + after_noon * 30
    before, after = as_known_at(day, at)
    random = np.random.default_rng(seed)
    shuffled = pa.table(
        {
            name: column
            if name in ("known_from", "known_until", "flight_key", "flight_date")
            # Whatever comes to be known later is another leg's.
            else column.take(pa.array(random.permutation(len(after))))
            for name, column in zip(after.column_names, after.columns, strict=True)
        },
        schema=after.schema,
    )
    expected = table(day, at)
    assert expected
    assert same(expected, table(pa.concat_tables([shuffled, before]), at))


def test_what_is_not_known_yet_need_not_exist(day):
    before, _ = as_known_at(day, NOON)
    end = before["known_until"]
    is_later = pc.greater(end, pa.scalar(int(NOON) * 60_000_000).cast(pa.timestamp("us")))
    still = pc.if_else(pc.fill_null(is_later, False), pa.scalar(None, pa.timestamp("us")), end)
    cut = before.set_column(before.column_names.index("known_until"), "known_until", still)
    assert same(table(day, NOON), table(cut, NOON))


def outcome_changed(history: pa.Table, key: str, minutes_later: int | None) -> pa.Table:
    """The same history, but that leg left and arrived later; or was cancelled, if None."""
    frame = history.to_pandas()
    own = frame["flight_key"] == key
    if minutes_later is None:
        ended = own & frame["flight_status"].isin(["active", "landed"])
        frame.loc[ended, ["dep_actual_utc", "arr_actual_utc"]] = None
        frame.loc[ended, "flight_status"] = "cancelled"
    else:
        for name in ("dep_actual_utc", "arr_actual_utc"):
            frame.loc[own, name] = frame.loc[own, name] + np.timedelta64(minutes_later, "m")
    return pa.Table.from_pandas(frame, schema=history.schema, preserve_index=False)


@settings(max_examples=10, **HOURS)
@given(place=st.integers(0, 400), ahead=st.sampled_from([0, 60, 180]), later=st.sampled_from([None, 45, 300]))
def test_a_legs_own_outcome_changes_none_of_its_features_before_its_departure(day, place, ahead, later):
    known = Known(day)
    first = np.flatnonzero(np.append(True, known.leg[1:] != known.leg[:-1]))
    operated = np.flatnonzero((known.left < NEVER)[np.append(first[1:], len(known.leg)) - 1])
    leg = operated[place % len(operated)]
    at = newest_poll(known.dep[first[leg]] - ahead, np.unique(known.since))
    changed = Known(outcome_changed(day, known.keys[leg], later))
    one, other = (features(each, np.array([leg]), np.array([at])) for each in (known, changed))
    assert np.array_equal(one.values, other.values, equal_nan=True)


def test_a_poll_counts_as_known_four_minutes_after_its_instant():
    polls = np.array([0, 30, 60])
    assert newest_poll(np.array([3, 4, 33, 34, 500]), polls).tolist() == [-1, 0, 0, 30, 60]


def test_forecasts_and_whether_there_is_an_estimate_are_not_read(day):
    assert not {"dep_delay_forecast_min", "arr_delay_forecast_min", "dep_estimated_utc"} & set(day.column_names)
    known = Known(day)
    assert not [name for name in features(known, np.arange(2), np.full(2, NOON)).names if "known" in name]


def test_a_leg_that_has_left_or_is_cancelled_has_no_features(day):
    known = Known(day)
    found = features(known, np.arange(len(known.keys)), np.full(len(known.keys), NOON))
    assert 0 < len(found.version) < len(known.keys)
    assert (known.left[found.version] == NEVER).all()
    assert not known.is_cancelled[found.version].any()


def test_the_origins_last_hour_is_what_its_known_departures_were_late(day):
    known = Known(day)
    found = features(known, np.arange(len(known.keys)), np.full(len(known.keys), NOON))
    said = found.values[found.codes["origin"] == "JFK", found.names.index("origin_late_60")]
    at = (known.since <= NOON) & (known.until > NOON) & (known.origin == "JFK")
    recent = at & (known.left > NOON - 60) & (known.left <= NOON)
    assert recent.sum() > 5
    assert set(said) == {np.clip(known.dep_delay[recent], -30, 240).mean()}


def test_the_last_known_delay_at_the_origin_is_that_of_its_last_known_departure(day):
    known = Known(day)
    at = np.full(3, NOON)
    version = np.array([np.flatnonzero(known.origin == name)[0] for name in ("EWR", "JFK", "LGA")])
    frame = day.to_pandas()
    now = frame[(minutes(day["known_from"]) <= NOON) & (minutes(day["known_until"]) > NOON)]
    for name, late in zip(("EWR", "JFK", "LGA"), origin_late(known, version, at), strict=True):
        left = now[now["dep_iata"].eq(name) & now["dep_actual_utc"].notna()]
        newest = left[left["dep_actual_utc"] == left["dep_actual_utc"].max()]
        assert late in (newest["dep_actual_utc"] - newest["dep_scheduled_utc"]).dt.total_seconds().to_numpy() / 60
    assert np.isnan(origin_late(known, version, at - 12 * 60)).all()
    assert np.isnan(origin_late(known, version, at + 3 * 24 * 60)).all()


def test_an_overdue_leg_counts_as_at_least_as_late_as_it_is_known_to_be(day):
    known = Known(day)
    found = features(known, np.arange(len(known.keys)), np.full(len(known.keys), NOON))
    said = found.values[found.codes["origin"] == "JFK", found.names.index("origin_behind_60")]
    due = (known.since <= NOON) & (known.until > NOON) & (known.origin == "JFK") & ~known.is_cancelled
    due &= (known.dep > NOON - 60) & (known.dep <= NOON)
    late = np.where(known.left[due] < NEVER, np.clip(known.dep_delay[due], -30, 240), NOON - known.dep[due])
    assert (known.left[due] == NEVER).any()
    assert set(said) == {late.mean()}


def test_the_aircraft_flight_before_is_the_last_one_of_the_same_tail(day):
    known = Known(day)
    at = NOON + 6 * 60
    found = features(known, np.arange(len(known.keys)), np.full(len(known.keys), at))
    frame = day.to_pandas()
    now = frame[(minutes(day["known_from"]) <= at) & (minutes(day["known_until"]) > at)]
    seen = 0
    for row, late in zip(found.version, found.values[:, found.names.index("aircraft_gap")], strict=True):
        if not known.tail[row]:
            assert np.isnan(late)
            continue
        flown = now[(now["aircraft_registration"] == known.tail[row]) & (now["flight_status"] != "cancelled")]
        earlier = flown[minutes(pa.array(flown["dep_scheduled_utc"])) < known.dep[row]].sort_values("dep_scheduled_utc")
        if earlier.empty:
            assert np.isnan(late)
        else:
            seen += 1
            assert late == known.dep[row] - minutes(pa.array(earlier["arr_scheduled_utc"][-1:]))[0]
    assert seen > 20


@given(
    spans=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(0, 20), st.integers(-5, 5)), max_size=30
    ),
    at=st.integers(0, 20),
    group=st.integers(0, 2),
)
def test_a_sum_is_that_of_the_spans_that_hold(spans, at, group):
    columns = [np.array([each[place] for each in spans], np.int64) for place in range(4)]
    expected = sum(amount for of, begin, end, amount in spans if of == group and begin <= at < end)
    assert Spans(*columns).at(np.array([group]), np.array([at]))[0].tolist() == [expected]


def rotation_of(tails: str, delays: list[int | None], origins: list[str], known_from: int = 0) -> Known:
    """Legs of 2 hours, 3 hours apart, from minute 1000 on; each with its aircraft, and how late it left (None: not
    yet, or not as far as is known). `known_from`: since when it is known that they left."""
    begin = [1000 + 180 * place for place in range(len(delays))]
    rows = []
    for place, (tail, delay, dep) in enumerate(zip(tails, delays, begin, strict=True)):
        about = (f"leg {place}", dep, dep + 120, tail.strip(), *origins[place : place + 2])
        versions = [(0, None, None)] if delay is None else [(0, known_from, None), (known_from, None, dep + delay)]
        rows += [(*about, since, until, left) for since, until, left in versions if since != until]
    names = ("key", "dep", "arr", "tail", "origin", "dest", "since", "until", "left")
    of = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    instants = {
        name: pa.array([None if each is None else each * 60_000_000 for each in of[key]], pa.timestamp("us"))
        for name, key in {
            "known_from": "since", "known_until": "until", "dep_scheduled_local": "dep", "dep_scheduled_utc": "dep",
            "arr_scheduled_utc": "arr", "dep_actual_utc": "left",
        }.items()
    }  # fmt: skip
    texts = {name: pa.array(of[key], pa.string()) for name, key in {
        "flight_key": "key", "dep_iata": "origin", "arr_iata": "dest", "aircraft_registration": "tail",
    }.items()}  # fmt: skip
    nothing = {name: pa.nulls(len(rows), pa.timestamp("us") if name.endswith("utc") else pa.string()) for name in READ}
    day = {"flight_date": pa.array([0] * len(rows), pa.int32()).cast(pa.date32())}
    return Known(pa.table(nothing | instants | texts | day))


def test_a_late_aircraft_moves_every_leg_that_it_is_still_to_fly():
    """Of one aircraft, out and back: 3 hours late, with an hour between two legs."""
    known = rotation_of("AAA", [180, None, None], ["JFK", "BOS", "JFK", "MIA"])
    late = rotation.features(known, np.array([0, 1, 2]), np.full(3, 1190))
    assert np.array_equal(late["aircraft_late"], [np.nan, 180, 120], equal_nan=True)
    assert np.array_equal(late["aircraft_slack"], [np.nan, 60, 60], equal_nan=True)
    assert np.array_equal(late["aircraft_push"], [np.nan, 120, 60], equal_nan=True)
    # By then the second leg is overdue by more than is handed on to it.
    assert rotation.features(known, np.array([2]), np.array([1330]))["aircraft_late"] == 150


def test_a_leg_that_has_left_hands_on_its_own_lateness():
    known = rotation_of("AAA", [180, 10, None], ["JFK", "BOS", "JFK", "MIA"])
    assert rotation.features(known, np.array([2]), np.array([1400]))["aircraft_late"] == 10


def test_where_the_leg_before_ended_elsewhere_the_aircraft_flies_back_first():
    known = rotation_of("A A", [180, None, None], ["JFK", "BOS", "JFK", "MIA"])
    said = rotation.features(known, np.array([2]), np.array([1190]))
    assert (said["aircraft_gap"], said["aircraft_slack"], said["aircraft_push"]) == (240, 120, 60)


def test_what_is_handed_on_is_what_was_known_then():
    places = ["JFK", "BOS", "JFK", "MIA"]
    known, later = (rotation_of("AAA", [180, None, None], places, known_from=at) for at in (1185, 1195))
    late = [
        rotation.features(of, np.array([len(of.leg) - 1]), np.array([at]))["aircraft_late"].item()
        for of, at in ((known, 1190), (later, 1190), (later, 1195))
    ]
    # Before it is known that it left, the first leg is overdue by 190 minutes: what is handed on is 130.
    assert late == [120, 130, 120]
