"""The marks, each in both themes, and what they make of names they do not know."""

import re

import pandas as pd
import pytest
import vl_convert

from aviation.charts import colours, marks
from aviation.charts.themes import NOTEBOOK, PAGE

FRAME = pd.DataFrame({
    "name": ["JFK", "EWR", None, "LGA"],
    "group": ["a", "b", "a", "b"],
    "hour": [6, 7, 7, 8],
    "share": [0.1, 0.5, 1.0, None],
    "delay": [-5.0, 3.0, 40.0, 7.0],
})  # fmt: skip
CALLS = {
    "bars": (marks.bars, {"label": "name", "value": "delay", "form": ".0f"}),
    "bars in the colours of a column": (marks.bars, {"label": "name", "value": "delay", "colour": "group"}),
    "stacked": (marks.stacked, {"x": "hour", "value": "delay", "group": "group"}),
    "lines": (marks.lines, {"x": "hour", "value": "share", "group": "group"}),
    "heat": (
        marks.heat,
        {"x": "hour", "x_title": None, "y": "name", "value": "share", "form": ".0%", "unit": "on time"},
    ),
    "dots": (marks.dots, {"label": "name", "value": "delay", "group": "group", "unit": "minutes"}),
    "scatter": (marks.scatter, {"x": "hour", "x_title": "hour", "y": "delay", "y_title": "delay"}),
    "grouped": (marks.grouped, {"label": "name", "group": "group", "value": "delay", "unit": "minutes"}),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_mark_has_its_title_in_a_notebook_and_leaves_it_to_a_page(name):
    mark, options = CALLS[name]
    in_notebook, on_page = (
        vl_convert.vegalite_to_svg(mark(FRAME, title="A title", theme=theme, **options).to_dict())
        for theme in (NOTEBOOK, PAGE)
    )
    assert "A title" in in_notebook
    assert "currentColor" not in in_notebook
    assert "A title" not in on_page
    assert "currentColor" in on_page
    assert colours.INK not in on_page or name == "heat"


def test_groups_out_of_the_order_are_stacked_above_it():
    frame = pd.DataFrame({"hour": [6, 6, 6], "flights": [1, 2, 3], "flight_status": ["returned", "active", "landed"]})
    chart = marks.stacked(
        frame, x="hour", value="flights", group="flight_status", order=("landed", "active"), title="Statuses"
    )
    scale = chart.to_dict()["layer"][0]["encoding"]["color"]["scale"]
    assert scale["domain"] == ["landed", "active", "returned"]
    assert scale["range"] == [colours.STATUSES["landed"], colours.STATUSES["active"], colours.UNKNOWN]


def test_a_line_that_ends_in_nothing_is_named_where_its_last_value_is():
    frame = pd.DataFrame({"hour": [6, 7], "delay": [4.0, None], "kind": ["departure", "departure"]})
    svg = vl_convert.vegalite_to_svg(
        marks.lines(frame, x="hour", value="delay", group="kind", title="Delays").to_dict()
    )
    assert "NaN" not in svg
    assert ">departure<" in svg


@pytest.mark.parametrize("ends", [(-6.0, -6.0), (0.0, 0.0), (5.0, 5.1), (400.0, 401.0)])
def test_the_names_of_two_lines_that_end_together_stand_apart(ends):
    frame = pd.DataFrame({"hour": [6, 6], "delay": ends, "kind": ["so far", "expected"]})
    for theme in (NOTEBOOK, PAGE):
        chart = marks.lines(frame, x="hour", value="delay", group="kind", title="Delays", theme=theme)
        svg = vl_convert.vegalite_to_svg(chart.to_dict())
        low, high = (
            float(re.search(rf"translate\([^,]+,([0-9.]+)\)[^>]*>{name}<", svg)[1]) for name in ("so far", "expected")
        )
        assert 13 <= low - high <= 30


def test_few_are_counted_in_whole_numbers_and_each_place_is_there():
    frame = pd.DataFrame({"hour": [6], "flights": [1], "outcome": ["left late"]})
    chart = marks.stacked(
        frame, x="hour", value="flights", group="outcome", across=range(5, 9), x_title="of the day", title="Outcomes"
    )
    texts = re.findall(r"<text[^>]*>([^<]+)<", vl_convert.vegalite_to_svg(chart.to_dict()))
    assert [text for text in texts if text.strip("-.0123456789") == ""] == ["5", "6", "7", "8", "0", "1"]
