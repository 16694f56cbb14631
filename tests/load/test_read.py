"""What becomes of the lines of a raw object, however bad they are."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aviation.load.read import REFUSAL_COLUMNS, Outcome, outcomes
from aviation.load.rules import RULES
from support.raw_lines import changed, line, records

KEY = "flights/2023/09/14/01/stream-1-2023-09-14-01-00-00"
POS, SZX, PKX, SNN = records("flights")


def read(content: bytes, key: str = KEY) -> list[Outcome]:
    return list(outcomes(key, content))


def refusal(content: bytes) -> dict:
    (outcome,) = read(content)
    assert outcome.kind == "refusal"
    assert tuple(outcome.values) == REFUSAL_COLUMNS
    return outcome.values


def observation(record: dict) -> tuple[dict, list[str]]:
    (outcome,) = read(line(record))
    assert outcome.kind == "observation"
    return outcome.values, outcome.warnings


def test_an_object_is_read_the_same_plain_gzipped_and_in_several_gzip_members():
    lines = [line(record) for record in (POS, SZX, PKX, SNN)]
    plain = read(b"".join(lines))
    assert [outcome.kind for outcome in plain] == ["observation"] * 4
    assert read(gzip.compress(b"".join(lines))) == plain
    assert read(b"".join(gzip.compress(part) for part in lines)) == plain
    assert read(gzip.compress(lines[0]) + gzip.compress(b"") + gzip.compress(b"".join(lines[1:])) + b"\0" * 8) == plain


@given(st.data())
def test_a_cut_gzip_gives_its_whole_lines_and_one_refusal(data):
    lines = [line(changed(SZX, flight__number=str(number))) for number in range(40)]
    packed = gzip.compress(b"".join(lines))
    cut = packed[: data.draw(st.integers(min_value=2, max_value=len(packed) - 1))]
    *whole, last = read(cut)
    assert whole == read(b"".join(lines))[: len(whole)]
    assert (last.kind, last.values["rule"]) == ("refusal", "whole_object")


def test_a_damaged_gzip_is_refused_as_one():
    packed = bytearray(gzip.compress(b"".join(line(changed(SZX, flight__number=str(n))) for n in range(2000))))
    packed[len(packed) // 2 : len(packed) // 2 + 40] = b"\xff" * 40
    found = read(bytes(packed))
    assert found[-1].values["rule"] == "whole_object"


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"\n \r\n", gzip.compress(b"")], ids=["empty", "newline", "blank", "gzip"]
)
def test_an_object_without_lines_is_no_error(content):
    assert read(content) == []


def test_a_last_line_without_a_newline_is_read():
    assert [outcome.kind for outcome in read(line(POS).rstrip())] == ["observation"]


DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    ("rule", "content"),
    [
        ("utf8", line(POS).replace(b"Piarco", b"Pi\xffrco")),
        ("json", b"{not json}\n"),
        ("json", line(POS).replace(b'"delay": null', b'"delay": NaN', 1)),
        ("json", DEEP),
        ("line_is_object", b"[1, 2]\n"),
        ("line_is_object", b'"text"\n'),
        ("envelope_complete", b"{}\n"),
        ("envelope_complete", json.dumps(POS).encode()),
        ("envelope_complete", line(POS, observed_at="yesterday")),
        ("envelope_complete", line(POS, fetched_at=None)),
        ("envelope_complete", line(POS, fetched_at="0001-01-01T00:00:00+23:59")),
        ("entity_known", line(POS, entity="airports")),
        ("entity_known", line(POS, entity=["flights"])),
        ("record_is_object", line(None)),
        ("record_is_object", line([POS])),
        ("not_from_the_future", line(POS, fetched_at="2023-09-14T00:54:59+00:00")),
        ("has_departure", line(changed(POS, departure=None))),
        ("has_departure", line(changed(POS, departure="POS"))),
        ("has_departure", line(changed(POS, departure__iata="", departure__icao=None))),
        ("has_departure", line({})),
        ("has_arrival", line(changed(POS, arrival=None))),
        ("has_date", line(changed(POS, flight_date=None))),
        ("has_date", line(changed(POS, flight_date=""))),
        ("date_possible", line(changed(POS, flight_date="2023-02-30"))),
        ("date_possible", line(changed(POS, flight_date="20230225"))),
        ("date_possible", line(changed(POS, flight_date=20230225))),
        ("has_schedule", line(changed(POS, departure__scheduled=None))),
        ("has_schedule", line(changed(POS, departure__scheduled="0001-01-01T00:00:00+00:00"))),
        ("has_key", line(changed(records("cities")[0], city_id=None), entity="cities")),
    ],
)
def test_a_line_is_refused_by_the_rule_that_it_breaks(rule, content):
    refused = refusal(content)
    assert refused["rule"] == rule and RULES[rule].action == "refuse"
    assert refused["reason"] and "\n" not in refused["reason"]
    assert content.decode(errors="replace").strip().startswith(refused["raw_text"].strip()[:1000])


def test_five_minutes_from_the_future_are_believed():
    assert read(line(POS, fetched_at="2023-09-14T00:55:00+00:00"))[0].kind == "observation"


def test_a_line_of_five_megabytes_is_read():
    (outcome,) = read(line(changed(POS, departure__airport="x" * 5_000_000)))
    assert len(outcome.values["dep_airport"]) == 5_000_000


def test_the_text_that_quarantine_keeps_of_a_huge_line_is_bounded():
    assert len(refusal(b"x" * 5_000_000)["raw_text"]) == 100_000


def test_ten_thousand_unknown_keys_are_noticed_once_and_change_nothing():
    strange = changed(POS, **{f"key_{number}": number for number in range(10_000)})
    assert observation(strange) == (observation(POS)[0], ["key_known"])


@pytest.mark.parametrize(
    ("leaf", "column", "value"),
    [
        ("departure__delay", "dep_delay_api_min", "soon"),
        ("departure__delay", "dep_delay_api_min", 1.5),
        ("departure__delay", "dep_delay_api_min", 2**40),
        ("departure__delay", "dep_delay_api_min", True),
        ("departure__gate", "dep_gate", {"name": "6"}),
        ("departure__gate", "dep_gate", "\ud800"),
        ("arrival__actual", "arr_actual_local", "2023-09-31T01:00:00+00:00"),
        ("arrival__actual", "arr_actual_local", 5),
        ("live__latitude", "live_latitude", "north"),
        ("live__latitude", "live_latitude", "1e999"),
        ("live__is_ground", "live_is_ground", "maybe"),
        ("live__updated", "live_updated_utc", "9999-12-31T23:59:59-23:00"),
        ("aircraft__registration", "aircraft_registration", ["B-2981"]),
    ],
)
def test_a_bad_value_outside_identity_is_null_and_warned_of(leaf, column, value):
    values, warnings = observation(changed(SZX, **{leaf: value}))
    assert values[column] is None
    assert warnings == [f"value_readable:{column}"]


def test_a_block_of_the_wrong_shape_is_null_and_warned_of():
    values, warnings = observation(changed(SZX, live="over China", aircraft=None))
    assert values["live_latitude"] is values["aircraft_icao24"] is None
    assert warnings == ["value_readable:live"]


def test_the_same_refused_record_in_another_run_is_the_same_quarantined_record():
    bad = changed(POS, departure=None)
    again = line(dict(reversed(bad.items())), observed_at="2023-09-14T02:00:00Z", run_id="another")
    assert refusal(line(bad))["quarantine_id"] == refusal(again)["quarantine_id"]
    assert refusal(line(bad))["quarantine_id"] != refusal(line(changed(bad, flight_status="active")))["quarantine_id"]


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_at_all_break_the_reader(content):
    for outcome in read(content):
        assert outcome.kind == "refusal"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from([POS, SZX, SNN]), st.data())
def test_any_value_in_any_leaf_gives_an_observation_or_a_refusal_that_can_be_written(record, data):
    block = data.draw(st.sampled_from(["departure", "arrival", "airline", "flight", "live", "aircraft"]))
    if not record[block] or data.draw(st.booleans()):
        made = changed(record, **{block: data.draw(json_values)})
    else:
        key = data.draw(st.sampled_from(sorted(record[block])))
        made = changed(record, **{f"{block}__{key}": data.draw(json_values)})
    (outcome,) = read(line(made))
    assert outcome.kind in ("observation", "refusal")
    assert "".join(value or "" for value in outcome.values.values()).encode()
