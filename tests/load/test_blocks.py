"""What is read of raw objects in blocks is what is read of each line alone."""

import gzip
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aviation.columns import OBSERVATIONS
from aviation.load import blocks
from aviation.load.blocks import parse
from aviation.load.read import outcomes
from aviation.poll.envelope import Origin, lines
from aviation.replay.records import flights
from support.raw_lines import changed, line, records

KEY = "flights/2023/09/14/01/object"
ENTITIES = ("flights", "cities", "airplanes", "aircraft_types")
FLIGHTS = records("flights")
CASTS = {
    "string": str,
    "timestamp_ntz": datetime.fromisoformat,
    "date": date.fromisoformat,
    "int": int,
    "double": float,
    "boolean": "true".__eq__,
}


@pytest.fixture(autouse=True, scope="module")
def _split_to_the_line():
    """A line that does not fit is found among a few, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "FEW", 1)
        yield


@pytest.fixture
def _nothing_alone(monkeypatch):
    monkeypatch.setattr(blocks, "outcome", lambda key, text: pytest.fail(f"read alone: {text}"))


def cast(outcome) -> dict:
    texts = outcome.values | {"observed_at": outcome.observed_at}
    return {
        name: None if texts[name] is None else CASTS[column.type](texts[name])
        for name, column in OBSERVATIONS.columns.items()
    }


def line_by_line(objects) -> tuple[Counter, Counter, Counter]:
    """Observations with the time of their fetch, other outcomes and warnings, as `read.outcomes` has them."""
    found = [outcome for item in objects for outcome in outcomes(*item)]
    rows = [(cast(item), datetime.fromisoformat(item.fetched_at)) for item in found if item.kind == "observation"]
    others = map(repr, (item for item in found if item.kind != "observation"))
    return Counter(map(repr, rows)), Counter(others), Counter(name for item in found for name in item.warnings)


def in_blocks(objects) -> tuple[Counter, Counter, Counter]:
    rows, others, warnings = Counter(), Counter(), Counter()
    for block in parse(objects):
        fetched_at = block.fetched_at.to_pylist()
        rows.update(map(repr, zip(block.observations.to_pylist(), fetched_at, strict=True)))
        others.update(map(repr, block.outcomes))
        warnings.update(block.warnings)
    return rows, others, warnings


def replayed() -> bytes:
    clock = datetime(2013, 7, 10, 20, tzinfo=UTC)
    origin = Origin("flights", clock, clock + timedelta(seconds=2), "0" * 32, "https://api.aviationstack.com/v1")
    return b"".join(lines(origin, flights("2013-07-10", clock)))


@pytest.mark.usefixtures("_nothing_alone")
@pytest.mark.parametrize("content", [replayed(), b"".join(map(line, FLIGHTS))], ids=["replay", "samples"])
def test_what_the_api_is_known_to_send_of_flights_is_read_together(content):
    assert in_blocks([(KEY, content)]) == line_by_line([(KEY, content)])


def test_all_samples_are_read_the_same_from_many_objects():
    objects = [
        (f"{entity}/2023/09/14/01/{number}", pack(b"".join(line(record, entity=entity) for record in records(entity))))
        for entity in ENTITIES
        for number, pack in enumerate((bytes, gzip.compress))
    ]
    found = in_blocks(objects)
    assert found == line_by_line(objects)
    assert found[0].total() == 2 * len(FLIGHTS)
    assert found[1].total() == 2 * sum(len(records(entity)) for entity in ENTITIES[1:])


def test_an_object_is_cut_into_blocks(monkeypatch):
    content = b"".join(map(line, FLIGHTS)) + b"not JSON"
    whole = in_blocks([(KEY, content)] * 2)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 2000)
    assert in_blocks([(KEY, content)] * 2) == whole
    assert len(list(parse([(KEY, content)] * 2))) == 5


def with_text(record: dict, old: str, new: str) -> bytes:
    """The record's line with a part of its text exchanged."""
    text = line(record)
    assert old.encode() in text
    return text.replace(old.encode(), new.encode("latin-1"), 1)


POS, SZX, *_ = FLIGHTS
# What readers of JSON take in different ways, and what has a rule of its own.
TRICKY = [
    line(changed(POS, flight__codeshared={})),
    line(changed(POS, flight__codeshared={"airline_name": None})),
    line(changed(POS, flight__codeshared={"airline_name": "  o'hare AIR-lines  ", "flight_number": "0007"})),
    line(changed(SZX, airline__name="empty")),
    line(changed(POS, airline__name="empty", flight__iata="KL")),
    line(changed(SZX, flight__number="000")),
    line(changed(SZX, flight__number=7303)),
    line(changed(SZX, departure__gate="\ud800")),
    line(changed(SZX, departure__gate="\0")),
    line(changed(SZX, departure__airport='"\n\\é\u2028😀,')),
    line(changed(SZX, flight_status="delayed")),
    line(changed(SZX, flight_status=None, departure__delay="soon")),
    line(changed(SZX, arrival__actual="2023-09-31T01:00:00+00:00")),
    line(changed(SZX, live={})),
    line(changed(SZX, live=[], new=1)),
    line(changed(SZX, new=None)),
    line(POS, fetched_at="2023-09-14T00:54:59+00:00"),
    line(POS, run_id=None),
    line(POS, source=1),
    line(POS, entity="cities"),
    line(POS, new=1),
    line({}),
    line(None),
    with_text(SZX, "Shenzhen", "Shen\xffzhen"),
    with_text(SZX, "Shenzhen", "Shen\tzhen"),
    with_text(SZX, "Shenzhen", "Shen\0zhen"),
    with_text(SZX, ' "source": "test",', ""),
    with_text(SZX, '"iata": "SZX"', '"iata": "XXX", "iata": "SZX"'),
    with_text(SZX, '"iata": "SZX"', '"iata": null, "\\u0069ata": "SZX"'),
    *(
        with_text(SZX, "33.43", number)
        for number in ("NaN", "-0", "1e999", "9" * 400, "9" * 5000, "01", "1.", "3343e-2")
    ),
    *(with_text(SZX, "118", number) for number in ("118.0", "1e2", "-0", "2147483648", "9" * 20, "true")),
    with_text(SZX, "{", "{\n"),
    with_text(SZX, ', "live"', ',\n"live"'),
    with_text(SZX, ', "live"', ',\n"live"').strip() + line(POS),  # two lines, two objects
    line(POS).strip() + line(SZX),
    line(POS).strip() + b"\r\n \n" + line(SZX).strip() + b" \n",
    b"\xef\xbb\xbf" + line(POS),
    b" " + line(POS),
    line(POS)[:100] + b"\n" + line(POS)[100:],
    b"{}\n",
    b"[]\n",
]


@pytest.mark.parametrize("few", [1, 1000])
def test_what_can_be_taken_in_two_ways_is_read_the_same_in_blocks_and_alone(monkeypatch, few):
    monkeypatch.setattr(blocks, "FEW", few)
    for text in TRICKY:
        assert in_blocks([(KEY, text)]) == line_by_line([(KEY, text)]), text
    objects = [(KEY, line(POS).join(TRICKY)), ("flights/2023/09/14/01/cut", gzip.compress(b"".join(TRICKY))[:-9])]
    assert in_blocks(objects) == line_by_line(objects)


# JSON texts that stand in for a value.
ODD = st.sampled_from(
    r"""null true false 0 -0 -0.0 1 1.0 1.5 1e2 01 1. -1 2147483647 2147483648 9007199254740993 1e999 NaN Infinity
    1e-400 {} [] [1] {"a":1} {"airline_name":null} "" "0" "T2" "empty" "EMPTY" "true" "2023-09-14"
    "2023-09-14T01:00:00Z" "2023-09-14T01:00:00.123456+08:00" "2023-09-14T01:00" "20230914T010000+00"
    "0001-01-01T00:00:00+00:00" "9999-12-31T23:59:59-23:00" "0000-00-00" "2023-02-30" "+8" "UTC+0530" "CM" "1e5"
    "\ud800" "\ud83d\ude00" "\u0000" "\n" "\/" "\x" "é" "ǆ" "landed" "LANDED" "delayed" nul 'a'""".split()  # noqa: SIM905
) | st.sampled_from(["9" * 400, "9" * 5000, '" a  b "', '"\t"', '"\x00"', '"\x7f"', '"\u2028"', "1 2", ""])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
VALUES = ODD | json_values.map(json.dumps)
TIMES = st.datetimes(datetime(1890, 1, 1), datetime(2100, 1, 1)).map(lambda time: f'"{time.isoformat()}"')
Tree = list[tuple[str, "Tree | str"]]


def tree(value: object) -> "Tree | str":
    """A JSON value as pairs of keys and values, in which a key may stand twice."""
    if isinstance(value, dict):
        return [(key, tree(item)) for key, item in value.items()]
    return json.dumps(value)


def written(node: "Tree | str") -> str:
    if isinstance(node, str):
        return node
    return "{" + ",".join(f"{json.dumps(key)}:{written(value)}" for key, value in node) + "}"


def change(data, node: Tree) -> Tree:
    """One change, at any level: another value, a missing key, a key twice, a new key."""
    at = data.draw(st.integers(0, len(node)))
    before, after = node[:at], node[at:]
    if not after:
        return [*before, (data.draw(st.sampled_from(["new", "gate", "codeshared"]) | st.text()), data.draw(VALUES))]
    (key, value), *after = after
    if isinstance(value, list) and data.draw(st.integers(0, 5)):
        return [*before, (key, change(data, value)), *after]
    put = (key, data.draw(VALUES | TIMES))
    given = (key, value)
    return before + data.draw(st.sampled_from([[put], [put], [put], [], [given, put], [put, given]])) + after


LINES = [json.loads(line(record)) for record in FLIGHTS]
LINES += [json.loads(line(changed(FLIGHTS[1], flight__codeshared=FLIGHTS[0]["flight"]["codeshared"], live=None)))]
ORDINARY = st.sampled_from(LINES).map(lambda value: json.dumps(value).encode())


@st.composite
def made_lines(draw) -> bytes:
    node = tree(draw(st.sampled_from(LINES)))
    for _ in range(draw(st.integers(1, 3))):
        node = change(draw(st.data()), node)
    return written(node).encode(errors="replace")


ODD_LINES = st.builds(
    lambda make, text: make(text),
    st.sampled_from(
        [
            lambda text: b" " + text,
            lambda text: text + b" ",
            lambda text: text + b"\r",
            lambda text: text + b"\0",
            lambda text: text + text,
            lambda text: text + b" " + text,
            lambda text: text + b"}",
            lambda text: b"\xef\xbb\xbf" + text,
            lambda text: text.replace(b"a", b"\xff", 1),
            lambda text: text.replace(b"{", b"{\n", 1),
            lambda text: text.replace(b",", b",\n", 3),
            lambda text: text.replace(b"}", b"}\n", 1),
            lambda text: text[: len(text) // 2],
            lambda text: b"",
            lambda text: b" \r\n\x0b\x0c",
            lambda text: b"{}\n{",
            lambda text: b"[" * 5000,
            lambda text: text.replace(b'"live"', b'"a":' + b"[" * 5000 + b"]" * 5000 + b',"live"'),
        ]
    ),
    ORDINARY,
)
SOME_LINES = st.lists(ORDINARY | made_lines() | ODD_LINES, max_size=6).map(b"\n".join)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([KEY, "cities/2023/09/14/01/a"]), SOME_LINES), max_size=2))
def test_any_lines_are_read_the_same_in_blocks_and_alone(objects):
    assert in_blocks(objects) == line_by_line(objects)


@settings(deadline=None)
@given(made_lines())
def test_any_record_is_read_the_same_in_a_block_and_alone(text):
    assert in_blocks([(KEY, text)]) == line_by_line([(KEY, text)])


@settings(deadline=None)
@given(st.lists(SOME_LINES, min_size=1, max_size=2), st.data())
def test_a_cut_or_broken_object_is_read_the_same_and_refused_by_name(members, data):
    content = bytearray(b"".join(map(gzip.compress, members)))
    at = data.draw(st.integers(2, len(content) - 1))
    if data.draw(st.booleans()):
        del content[at:]
    else:
        content[at] ^= data.draw(st.integers(1, 255))
    objects = [(KEY, bytes(content)), (KEY + "2", line(FLIGHTS[0]))]
    assert in_blocks(objects) == line_by_line(objects)
