"""What starts runs: a producer, a load, a retry, a backfill of past days, the demo.

In: what a person asks for. Out: run records (`aviation.runs`), and rows in the tables. Before it: `aviation.backend`,
which says where a load runs. After it: the program `aviation` and the page of JupyterLab.
"""
