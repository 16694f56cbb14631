"""Writes the columns of QuickSight's data sets into the template, as the views declare them.

Run it after a change to a view that QuickSight shows: `.venv/bin/python infra/quicksight_columns.py`. The template
stays one file that AWS's own tools deploy as it is.
"""

import re
from pathlib import Path

from aviation.views import VIEWS

TEMPLATE = Path(__file__).parent / "cloudformation.yaml"
# QuickSight's names of Athena's types.
TYPES = {
    "date": "DATETIME",
    "timestamp(6)": "DATETIME",
    "varchar": "STRING",
    "bigint": "INTEGER",
    "integer": "INTEGER",
    "double": "DECIMAL",
}
COLUMNS = {view.name: view.columns for view in VIEWS}
# A data set's table: the name of its view, and one line a column.
DATA_SET = re.compile(r"( +)Name: (\w+)\n +InputColumns:\n(?: +- \{ Name: .*\n)*")


def with_columns(template: str) -> str:
    """The template's text with the columns of each data set as its view declares them."""

    def declared(data_set: re.Match[str]) -> str:
        indent, view = data_set.groups()
        columns = "".join(
            f"{indent}  - {{ Name: {name}, Type: {TYPES[kind]} }}\n" for name, (kind, _) in COLUMNS[view].items()
        )
        return f"{indent}Name: {view}\n{indent}InputColumns:\n{columns}"

    return DATA_SET.sub(declared, template)


if __name__ == "__main__":
    TEMPLATE.write_text(with_columns(TEMPLATE.read_text()))
