"""Athena's SQL answered by DuckDB, straight from the files of the Iceberg tables.

In: questions of `aviation.sql`, the catalog, the files of the published bucket. Out: DataFrames. On a laptop it stands
in Athena's place, with what Athena would refuse refused; the board uses it on AWS too, with the reader's credentials.
Before it: `aviation.load`. After it: `aviation.backend`.
"""
