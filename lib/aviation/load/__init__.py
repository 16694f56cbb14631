"""Raw objects in, Iceberg tables out.

In: the raw bucket's objects that no finished load has read. Out: observations, history, flights, events, the reference
tables, the quarantine, and a row in `loads`. Before it: `aviation.poll`. After it: `aviation.views`. Standard library,
pyspark and boto3 only: the Glue job installs nothing more.
"""
