"""The performance page: what `load.py` measured, as Markdown and as pictures.

`docs/performance.json` holds the results by part, `docs/performance.md.jinja` the words.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import vl_convert

from aviation.charts import marks
from pages import templates

DOCS = Path(__file__).resolve().parents[2] / "docs"
RESULTS, PAGE, IMAGES = DOCS / "performance.json", DOCS / "performance.md", DOCS / "images"
NAMES = {
    "load, cold": "the load, cold",
    "load, warm": "the load, warm",
    "duckdb-fold": "DuckDB, the same tables",
    "duckdb": "DuckDB, newest rows only",
    "polars": "Polars, newest rows only",
    "pandas": "pandas, newest rows only",
}
SHOWN_SWEEPS = (1, 2, 3, 8, 16, 24, 32, 40, 48)


def keep(part: str, result: dict[str, Any]) -> None:
    """Keep the part's result among the others, and write the page and its pictures again."""
    results = read() | {part: result}
    RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    PAGE.write_text(page(results))
    for name, chart in charts(results).items():
        (IMAGES / f"performance-{name}.svg").write_text(vl_convert.vegalite_to_svg(chart, vl_version="v6_1"))


def read() -> dict[str, Any]:
    """The results by part; none where nothing was kept."""
    kept: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    return kept


def page(results: dict[str, Any]) -> str:
    """The whole page, as Markdown."""
    environment = templates()
    environment.filters["megabytes"] = lambda written: f"{sum(written.values()) / 1e6:.2f}"
    environment.filters["figure"] = lambda number: f"{number:.1f}" if number < 100 else f"{number:,.0f}"
    return environment.get_template("performance.md.jinja").render(
        results=results, names=NAMES, shown=SHOWN_SWEEPS, as_many=as_many, tables=written_tables(results)
    )


def as_many(rows: list[dict[str, Any]], row: dict[str, Any]) -> str:
    """How many times the seconds of DuckDB's fold of the same lines the row took."""
    [fold] = (one for one in rows if one["lines"] == row["lines"] and one["what"] == "duckdb-fold")
    return f"{row['seconds'] / fold['seconds']:.1f}"


def written_tables(results: dict[str, Any]) -> list[str]:
    """The tables that any of the day's loads wrote to."""
    return sorted({table for row in results.get("day", {"rows": []})["rows"] for table in row["written"]})


def charts(results: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The pictures of the parts that there are, as Vega-Lite."""
    made = {}
    if "sizes" in results:
        frame = pd.DataFrame(results["sizes"]["rows"])
        frame = frame.assign(what=frame["what"].map(NAMES), lines=frame["lines"].map("{:,} rows".format))
        made["sizes"] = marks.grouped(
            frame, label="lines", group="what", value="seconds", unit="seconds", form=".1f",
            title="From raw objects to tables", subtitle="Seconds from the start of the process; warm: again in it",
        )  # fmt: skip
    if "day" in results:
        rows = pd.DataFrame(results["day"]["rows"])
        frame = rows.melt("sweep", ["seconds", "cpu"], var_name="what")
        made["day"] = marks.lines(
            frame.assign(what=frame["what"].map({"seconds": "seconds", "cpu": "CPU seconds"})),
            x="sweep", value="value", group="what", x_title="sweep of the day", unit="seconds",
            title="Each load of a day of half-hourly sweeps",
            subtitle=f"{rows['lines'].iloc[0]:,} rows of one date a sweep",
        )  # fmt: skip
    return {name: chart.to_dict() for name, chart in made.items()}
