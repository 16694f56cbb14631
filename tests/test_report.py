"""What is kept of a run, and errors in one line."""

import json

import pytest

from aviation.errors import DeliveryError, one_line
from aviation.report import RunRecord

WHOLE = {
    "run_id": "ab12",
    "job": "producer/flights",
    "notebook": "producer.ipynb",
    "parameters": {"entity": "flights"},
    "started_at": "2026-03-01T12:00:00Z",
    "seconds": 4.2,
    "status": "failed",
    "counts": {"records": 3},
    "error": "the month’s calls are used up",
    "failed_cell": 4,
    "executed_notebook": None,
}


def test_a_record_comes_back_as_it_was_kept_and_knows_its_place():
    record = RunRecord.from_json(WHOLE)
    assert json.loads(record.to_bytes()) == record.to_json() == WHOLE
    assert RunRecord.from_bytes(record.to_bytes()) == record
    assert record.key == "producer/flights/2026/03/01/ab12.json"
    assert record.is_failed


@pytest.mark.parametrize("missing", WHOLE)
def test_a_record_of_another_version_is_read(missing):
    given = {name: value for name, value in WHOLE.items() if name != missing} | {"of_a_newer_version": 1}
    record = RunRecord.from_json(given)
    assert {name for name, value in record.to_json().items() if value != WHOLE[name]} <= {missing}
    assert RunRecord.from_json(WHOLE | {"counts": None, "parameters": None}).counts == {}


def test_an_error_and_its_notes_are_one_line():
    error = DeliveryError("3 records\nwere refused", undelivered=3)
    error.add_note("1,000 records were delivered")
    assert one_line(error) == "3 records were refused; 1,000 records were delivered"
    other = ValueError("no")
    other.add_note("of the file")
    assert one_line(other) == "no; of the file"
    assert one_line(KeyError()) == "KeyError"
