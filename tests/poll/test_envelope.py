"""Raw records: lines and blobs."""

import itertools
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aviation.poll.envelope import LIMIT_BYTES, TARGET_BYTES, Origin, Packer, lines

ORIGIN = Origin(
    "flights",
    datetime(2013, 7, 11, 8, 30, tzinfo=timezone(timedelta(hours=-4))),
    datetime(2026, 6, 1, 12, 0, 7, 999, tzinfo=UTC),
    "a1b2",
    "https://api.aviationstack.com/v1",
)
SIZES = st.sampled_from([1, 2, 864, TARGET_BYTES // 2, TARGET_BYTES - 1, TARGET_BYTES, TARGET_BYTES + 1, LIMIT_BYTES])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_a_line_names_its_origin_and_holds_the_record_untouched():
    body = '{"b":12.0,"a":12,"c":{"altitude":9486.9,"gate":null},"name":"Málaga \\u2028"}'
    [line] = lines(ORIGIN, [json.loads(body)])
    assert list(json.loads(line).items())[:5] == [
        ("entity", "flights"),
        ("observed_at", "2013-07-11T12:30:00Z"),
        ("fetched_at", "2026-06-01T12:00:07Z"),
        ("run_id", "a1b2"),
        ("source", "https://api.aviationstack.com/v1"),
    ]
    assert line.decode().endswith(',"record":' + body.replace("\\u2028", "\u2028") + "}\n")


@settings(deadline=None)  # the machine may be busy
@given(st.lists(values))
def test_every_record_is_one_line_of_utf8_that_reads_back_the_same(records):
    made = list(lines(ORIGIN, records))
    assert len(made) == len(records)
    for line, record in zip(made, records, strict=True):
        assert line.count(b"\n") == 1
        assert line.endswith(b"\n")
        assert json.loads(line.decode())["record"] == record


def test_half_a_surrogate_pair_is_kept_as_its_escape():
    [line] = lines(ORIGIN, [{"name": "\ud83d"}])
    assert rb'"\ud83d"' in line
    assert json.loads(line)["record"] == {"name": "\ud83d"}


def packed(pages: list[list[bytes]]) -> tuple[list[bytes], int]:
    packer = Packer()
    blobs = [blob for page in pages for blob in packer.add(page)]
    return [*blobs, *packer.flush()], packer.oversized


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.lists(st.tuples(SIZES, st.integers(0, 255)), max_size=6), max_size=4))
def test_every_line_is_packed_once_and_in_order_within_the_limits(pages):
    made = [[bytes([mark]) * (size - 1) + b"\n" for size, mark in page] for page in pages]
    given_lines = [line for page in made for line in page]
    blobs, oversized = packed(made)
    assert b"".join(blobs) == b"".join(given_lines)
    assert oversized == 0
    for blob in blobs:
        assert 0 < len(blob) <= TARGET_BYTES or blob in given_lines
        assert len(blob) <= LIMIT_BYTES


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.integers(1, TARGET_BYTES), min_size=2, max_size=8))
def test_no_two_neighbouring_blobs_would_fit_into_one(sizes):
    blobs, _ = packed([[b"x" * size] for size in sizes])
    assert all(len(one) + len(next_one) > TARGET_BYTES for one, next_one in itertools.pairwise(blobs))


def test_a_line_beyond_what_kinesis_takes_is_left_out_and_counted():
    small, large, too_large = b"s\n", b"l" * LIMIT_BYTES, b"t" * (LIMIT_BYTES + 1)
    assert packed([[small, too_large, large, small]]) == ([small, large, small], 1)


@pytest.mark.parametrize("pages", [[], [[]], [[], []]])
def test_nothing_makes_no_blob(pages):
    assert packed(pages) == ([], 0)
