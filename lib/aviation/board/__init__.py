"""The operations board: the tables as a web application that stays open all day, or its first page as one file.

In: the tables of the stack in use, by `aviation.engine`, and what the runs bucket has of runs and of alerts. Out: pages
and their figures as JSON, and an event whenever a load has finished. Each page is a module of `pages`: a question, its
figures as a model, its addresses; `offline` makes the file. Before it: `aviation.engine`. After it: `aviation.jobs`,
`aviation.lab` and `aviation.cli`. It listens on loopback.
"""
