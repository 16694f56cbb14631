"""Makes `zones/airport_zones.csv` from airportsdata (MIT), which the Glue job does not have.

Run it after an upgrade of airportsdata: `python -m aviation.local.airport_zones`.
"""

from pathlib import Path

import airportsdata

from aviation import zones


def generate() -> str:
    """The CSV of every airport with an IATA code: iata, icao, tz, by IATA code."""
    airports = airportsdata.load("IATA")
    rows = (f"{iata},{airport['icao']},{airport['tz']}" for iata, airport in sorted(airports.items()))
    return "\n".join(("iata,icao,tz", *rows)) + "\n"


if __name__ == "__main__":
    Path(zones.__file__).with_name(zones.FILE).write_text(generate())
