"""The tables, declared: of each its key, its columns, and what they mean.

A column is declared once, here: its name, its type, its meaning, and the leaf of the API's record that it is read from
(`declaration`). The load reads it from the records and makes the tables by it, and their comments; DuckDB, status, the
exploration notebooks and docs/data.md take names, types and words from here. `legs` has the tables of flights,
`references` those of cities, airplanes and aircraft types, `loads` what the load says of itself.

On the ground: standard library only, for it is part of what Glue and the Lambdas run.
"""

from aviation.columns.declaration import TYPES, Column, Kind, Leaf, Table
from aviation.columns.legs import EVENTS, FLIGHTS, HISTORY, OBSERVATIONS
from aviation.columns.loads import LOADS, QUARANTINE
from aviation.columns.references import REFERENCES

# In the order in which people ask for them.
TABLES = (FLIGHTS, HISTORY, EVENTS, OBSERVATIONS, *REFERENCES.values(), QUARANTINE, LOADS)

__all__ = [
    "EVENTS",
    "FLIGHTS",
    "HISTORY",
    "LOADS",
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
