"""Loads in a process of its own: `driver.py FOLDER [name=value ...]`, told its steps on standard input.

The names are settings of Spark that are other than on a laptop. The steps are JSON, `[{"into", "objects",
"upkeep"}]`. Each step delivers objects (paths) into the raw folder of the place named `into`, which is made when
first named, and loads what is new there. Its line of output is JSON: `at` (seconds since 1970) when its tables were
written, `seconds` it took, `lines` read; by table the bytes `written` and the file of Iceberg's `metadata` that is
current.
"""

import json
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

from loads import raw  # noqa: E402

LONG = 24 * 60


def session(folder: Path, settings_of_its_own: list[str]):
    """Spark as on a laptop, but for some settings (`name=value`), with its tables in the folder."""
    from aviation import home
    from aviation.local import spark as local_spark

    catalog = "spark.sql.catalog.glue_catalog"
    conf = {
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        catalog: "org.apache.iceberg.spark.SparkCatalog",
        f"{catalog}.type": "hadoop",
        f"{catalog}.warehouse": f"file:{folder}",
    }
    settings = home.home() / "spark-benchmarks"
    local_spark.write_conf(settings, "http://127.0.0.1:9", conf)
    with (settings / "spark-defaults.conf").open("a") as file:  # the last one counts
        file.writelines(f"{setting.replace('=', ' ', 1)}\n" for setting in settings_of_its_own)
    os.environ.update(local_spark.environment(settings))
    from aviation.load.session import start_spark

    return start_spark()


class Tables:
    """A database's tables as their own metadata files say."""

    def __init__(self, database: Path):
        self.database = database
        self.counted: set[int] = set()

    def metadata(self) -> dict[str, str]:
        """The current metadata file, by table."""
        hints = sorted(self.database.glob("*/metadata/version-hint.text"))
        return {hint.parents[1].name: str(hint.parent / f"v{hint.read_text().strip()}.metadata.json") for hint in hints}

    def written(self) -> dict[str, int]:
        """Bytes of data and delete files that commits added since it was last asked, by table."""
        added: dict[str, int] = {}
        for table, file in self.metadata().items():
            for snapshot in json.loads(Path(file).read_text())["snapshots"]:
                if snapshot["snapshot-id"] not in self.counted:
                    self.counted.add(snapshot["snapshot-id"])
                    added[table] = added.get(table, 0) + int(snapshot["summary"].get("added-files-size", 0))
        return added


def main() -> None:
    folder, steps = Path(sys.argv[1]), json.load(sys.stdin)
    spark = session(folder / "tables", sys.argv[2:])
    from support.whole_load import Place

    places: dict[str, tuple[Place, Tables]] = {}
    for step in steps:
        name = step["into"]
        if name not in places:
            made = Place(spark, folder / name)
            places[name] = made, Tables(folder / "tables" / made.settings.database)
        place, tables = places[name]
        raw.put([Path(path) for path in step["objects"]], place.raw)
        begun = time.monotonic()
        report = place.load(entities=("flights",), upkeep=step.get("upkeep", False), timeout_minutes=LONG)
        done = {"at": time.time(), "seconds": time.monotonic() - begun}
        done |= {"lines": report["lines_read"], "written": tables.written(), "metadata": tables.metadata()}
        print(json.dumps(done), flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
