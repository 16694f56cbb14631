"""Time zones by airport, as one table that the Lambdas and the Glue job carry with them.

In: `airport_zones.csv`, which `aviation.local.airport_zones` makes. Out: the zone of each airport. Before it: nothing.
After it: a watch's local dates (`aviation.poll`), and rows whose own zone is missing (1 to 2 %) or unknown
(`aviation.load`).
"""

import csv
import pkgutil
from functools import cache

FILE = "airport_zones.csv"


@cache
def airport_zones() -> dict[str, str]:
    """The IANA zone of each airport, by IATA and by ICAO code."""
    # pkgutil reads the file from the zip, too, that Glue gives the package in.
    content = pkgutil.get_data(__name__, FILE)
    if content is None:
        raise FileNotFoundError(FILE)
    rows = list(csv.DictReader(content.decode().splitlines()))
    return {row["icao"]: row["tz"] for row in rows if row["icao"]} | {row["iata"]: row["tz"] for row in rows}
