"""The view of where airports are, which the other views look distances and countries up in."""

import pkgutil

from aviation.views.declaration import View, rows
from aviation.views.rights import AREAS, area_of

FILE = "airports.csv"
_COLUMNS = {"airport": "varchar", "country": "varchar", "latitude": "double", "longitude": "double"}


def _declared() -> list[list[str]]:
    # pkgutil reads the file from the zip, too, that Glue gives the package in.
    content = pkgutil.get_data(__package__, FILE)
    if content is None:
        raise FileNotFoundError(FILE)
    return [line.split(",") for line in content.decode().splitlines()[1:]]


AIRPORTS = View(
    name="airports",
    question="Where is each airport, and whose rules on passengers' rights hold there?",
    definition=(
        "One row an airport with an IATA code; the table cities has none for an airport of a city that has several. "
        "The rights area is that of the rules of passenger_exposure: "
        + "; ".join(f"{area.name} is {area.countries} ({area.source})" for area in AREAS)
        + "; other for the rest."
    ),
    source="airportsdata (MIT), as packaged by aviation.local.airport_places: coordinates to a thousandth of a degree.",
    columns={
        "airport": ("varchar", "IATA code: joins flights.dep_iata and arr_iata."),
        "country": ("varchar", "ISO 3166 code of the country or territory, two letters."),
        "latitude": ("double", "Latitude in degrees, north positive."),
        "longitude": ("double", "Longitude in degrees, east positive."),
        "rights_area": ("varchar", "EU, UK, US or other."),
    },
    sql=f"""with placed as (
    {rows(_COLUMNS, _declared())}
)
select airport,
       country,
       latitude,
       longitude,
       {area_of("country")} as rights_area
from placed""",
)
