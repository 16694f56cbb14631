"""Whatever text the tables hold is drawn: the renderer of charts aborts the whole process where it is given a character
that XML cannot hold."""

from xml.etree import ElementTree

import pandas as pd
import pytest
import vl_convert
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from aviation.charts import marks
from aviation.charts.text import NOT_GIVEN, specification
from aviation.charts.themes import NOTEBOOK, PAGE
from aviation.explore import show
from support.any_text import ANY_TEXT, WEIRD

FRAME = pd.DataFrame({"value": [1.0, 2.0, None, 4.0], "hour": [6, 7, 7, 8]})
CALLS = {
    "bars": (marks.bars, {"label": "name", "value": "value", "text": "group", "form": ".0f"}),
    "bars of a status": (marks.bars, {"label": "name", "value": "value", "colour": "flight_status"}),
    "stacked": (marks.stacked, {"x": "name", "value": "value", "group": "flight_status", "order": ("landed",)}),
    "lines": (marks.lines, {"x": "hour", "value": "value", "group": "group"}),
    "heat": (
        marks.heat,
        {"x": "name", "x_title": None, "y": "group", "value": "value", "form": ".0%", "unit": "on time"},
    ),
    "dots": (marks.dots, {"label": "name", "value": "value", "group": "group", "unit": "minutes"}),
    "grouped": (marks.grouped, {"label": "name", "group": "group", "value": "value", "unit": "minutes"}),
}
A_COLUMN = st.lists(ANY_TEXT, min_size=4, max_size=4)


@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(A_COLUMN, A_COLUMN, st.sampled_from([object, "string", "category"]), st.sampled_from([NOTEBOOK, PAGE]))
@example(WEIRD[:4], WEIRD[4:8], object, NOTEBOOK)
@example(WEIRD[8:12], WEIRD[:4], "string", PAGE)
def test_every_mark_draws_any_text(name, first, second, kind, theme):
    mark, options = CALLS[name]
    names = {"name": first, "group": second, "flight_status": first}
    frame = FRAME.assign(**{column: pd.Series(texts, dtype=object).astype(kind) for column, texts in names.items()})
    chart = mark(frame, title=(first[0] or "")[:99], subtitle=(second[0] or "")[:99], theme=theme, **options)
    svg = vl_convert.vegalite_to_svg(specification(chart), vl_version="v6_1")
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert "<script" not in svg


def test_a_notebooks_picture_has_any_text():
    frame = pd.DataFrame({"name": WEIRD, "value": range(len(WEIRD))})
    chart = marks.bars(frame, label="name", value="value", title="\0" + WEIRD[0], subtitle="\x1b")
    assert show.png(chart).startswith(b"\x89PNG")


def test_a_name_that_is_missing_is_said_to_be_so_in_any_kind_of_column():
    for kind in (object, "string", "category"):
        frame = pd.DataFrame({"name": pd.Series(["JFK", None], dtype=kind), "value": [1, 2]})
        svg = vl_convert.vegalite_to_svg(
            specification(marks.bars(frame, label="name", value="value", title="")), vl_version="v6_1"
        )
        assert f">{NOT_GIVEN}<" in svg
