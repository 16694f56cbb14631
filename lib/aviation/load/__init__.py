"""Raw objects in, Iceberg tables out.

In: the raw bucket's objects that no finished load has read. Out: observations, history, flights, events, the reference
tables, the quarantine, and a row in `loads`. Before it: `aviation.poll`. After it: `aviation.views`. Standard library,
pyspark, boto3, pyarrow and numpy only: Glue has them, and the job installs nothing more.
"""
