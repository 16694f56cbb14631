"""Parameters of a notebook: read from YAML, and refused before a kernel starts where they do not fit."""

import pytest

from aviation.errors import ParameterError
from aviation.runs.parameters import check_parameters, read_parameters
from support import ROOT

STORM_DAY = ROOT / "notebooks/explore/02_storm_day.ipynb"


def test_a_date_is_text_quoted_or_not(tmp_path):
    file = tmp_path / "case.yaml"
    file.write_text('day: 2013-07-09\nquoted: "2013-07-09"\nat: 2013-07-09T12:00:00Z\n')
    assert read_parameters(file, {"other": "2013-07-08", "number": "7", "on": "true"}) == {
        "day": "2013-07-09",
        "quoted": "2013-07-09",
        "at": "2013-07-09T12:00:00Z",
        "other": "2013-07-08",
        "number": 7,
        "on": True,
    }


def test_parameters_are_read_from_yaml_and_overridden_by_values_in_yaml(tmp_path):
    file = tmp_path / "case.yaml"
    file.write_text("entity: flights\nlimit: 100\n")
    assert read_parameters(file, {"limit": "10", "filters": "{dep_iata: JFK}"}) == {
        "entity": "flights",
        "limit": 10,
        "filters": {"dep_iata": "JFK"},
    }
    assert read_parameters(None) == {}


@pytest.mark.parametrize("text", ["- a\n- b\n", "a: [1\n"])
def test_a_parameter_file_that_is_no_mapping_is_refused(tmp_path, text):
    (tmp_path / "case.yaml").write_text(text)
    with pytest.raises(ParameterError):
        read_parameters(tmp_path / "case.yaml")
    with pytest.raises(ParameterError):
        read_parameters(tmp_path / "not-there.yaml")


@pytest.mark.parametrize(
    "text", ["a: &a [*a]", "a: &a {b: *a}", f"a: {'[' * 100_000}", f"a: {'[' * 300}{']' * 300}", "1: a", "a: [\x00"]
)
def test_what_no_notebook_can_take_is_refused_in_one_line(tmp_path, text):
    (tmp_path / "case.yaml").write_text(text)
    with pytest.raises(ParameterError) as refusal:
        read_parameters(tmp_path / "case.yaml")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"airports": "JFK"}, "'airports' must be list"),
        ({"airports": "JFK"}, """; write ["JFK"], and in a shell -p airports '["JFK"]'"""),
        ({"day": 20130710}, """'day' must be str, not int: 20130710; write it like -p day '"20130710"'"""),
    ],
)
def test_a_value_of_another_type_than_the_notebook_declares_is_refused_with_how_to_write_it(given, message):
    with pytest.raises(ParameterError) as refusal:
        check_parameters(STORM_DAY, given)
    assert message in str(refusal.value)
    assert str(refusal.value).startswith("02_storm_day.ipynb: ")


def test_values_that_fit_are_taken_and_an_int_for_a_float():
    check_parameters(STORM_DAY, {"airports": ["JFK"], "day": "2013-07-09"})
    check_parameters(ROOT / "glue_notebooks/aviation_data_load.ipynb", {"max_refused_share": 1, "requeue": True})
