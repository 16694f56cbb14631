"""A table in, a chart out: what notebooks and pages draw.

In: a DataFrame and the names of its columns. Out: an Altair chart in one of two looks (`themes`), drawn by one set of
`marks` in one set of `colours`, and a map of routes (`maps`). Before it: `aviation.query`, which answers the questions.
After it: `aviation.explore` and `aviation.dashboard`, which show the charts.
"""
