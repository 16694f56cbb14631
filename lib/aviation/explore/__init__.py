"""What decision makers ask, for the notebooks in notebooks/explore: a module is named as its notebook and answers its
question. Each chart is one function, `storm_day.outcomes(chosen)`, whose `Answer` has the rows, the SELECT behind them
and the picture; `finding(chosen)` says in two sentences what they come to.

In: a `Choice` of flights, from the notebook's parameters. Out: answers that a notebook shows. Before it:
`aviation.query` and `aviation.charts`. After it: the notebooks.
"""
