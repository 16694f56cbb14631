"""Time zones by airport, for the rows whose own zone is missing (1 to 2 %) or unknown."""

import csv
import pkgutil

FILE = "airport_zones.csv"


def airport_zones() -> dict[str, str]:
    """The IANA zone of each airport, by IATA and by ICAO code. Made by `aviation.local.airport_zones`."""
    # pkgutil reads the file from the zip, too, that Glue gives the package in.
    content = pkgutil.get_data(__package__, FILE)
    if content is None:
        raise FileNotFoundError(FILE)
    rows = list(csv.DictReader(content.decode().splitlines()))
    return {row["icao"]: row["tz"] for row in rows if row["icao"]} | {row["iata"]: row["tz"] for row in rows}
