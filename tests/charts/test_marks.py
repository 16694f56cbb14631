"""The marks, each in both themes, and what they make of names they do not know."""

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
