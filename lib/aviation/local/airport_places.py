"""Makes `views/airports.csv` from airportsdata (MIT), which the Glue job does not have.

Run it after an upgrade of airportsdata: `python -m aviation.local.airport_places`.
"""

from pathlib import Path

import airportsdata

from aviation.views import airports


def generate() -> str:
    """The CSV of every airport with an IATA code: iata, country, latitude and longitude in degrees, by IATA code."""
    known = sorted(airportsdata.load("IATA").items())
    rows = (f"{iata},{one['country']},{one['lat']:.3f},{one['lon']:.3f}" for iata, one in known)
    return "\n".join(("iata,country,latitude,longitude", *rows)) + "\n"


if __name__ == "__main__":
    Path(airports.__file__).with_name(airports.FILE).write_text(generate())
