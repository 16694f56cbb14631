"""A table in, a chart out: what notebooks and pages draw.

In: a DataFrame and the names of its columns. Out: an Altair chart in one of two looks (`themes`), drawn by one set of
`marks` in one set of `colours`. Before it: `aviation.query`, which answers the questions. After it: `aviation.explore`
and `aviation.board`, which show the charts.
"""
