"""The tables, declared: the key of each, its columns, and what they mean.

In: nothing. Out: declarations. A column is declared once, here: its name, its type, its meaning, and the leaf of the
API's record that it is read from (`declaration`). Before it: nothing. After it: the load, which reads records and makes
the tables, with their comments, from these declarations; and DuckDB, status, the exploration notebooks and
docs/data.md, which take names, types and words from them.

`legs` has the tables of flights (`sides` the columns that departure and arrival share), `forecasts` that of what was
expected of them, `references` those of cities, airplanes and aircraft types, `loads` what the load keeps about itself.
Standard library only, no AWS: Glue and the Lambdas have it too.
"""

from aviation.columns.declaration import TYPES, Column, Kind, Leaf, Table
from aviation.columns.forecasts import FORECASTS
from aviation.columns.legs import EVENTS, FLIGHTS, HISTORY, OBSERVATIONS
from aviation.columns.loads import LOAD_STATE, LOADS, QUARANTINE
from aviation.columns.references import REFERENCES

# In the order in which people ask for them.
TABLES = (FLIGHTS, FORECASTS, HISTORY, EVENTS, OBSERVATIONS, *REFERENCES.values(), QUARANTINE, LOADS)
# With those that the load keeps for itself and nobody asks for.
MADE = (*TABLES, LOAD_STATE)

__all__ = [
    "EVENTS",
    "FLIGHTS",
    "FORECASTS",
    "HISTORY",
    "LOADS",
    "LOAD_STATE",
    "MADE",
    "OBSERVATIONS",
    "QUARANTINE",
    "REFERENCES",
    "TABLES",
    "TYPES",
    "Column",
    "Kind",
    "Leaf",
    "Table",
]
