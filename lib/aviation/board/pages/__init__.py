"""The pages of the board, a module each: what it asks, its figures as a model, its addresses.

In: the tables as of a moment (`aviation.board.tables`, `moment`). Out: figures, which the templates beside this package
show and the API gives as JSON. Before it: `aviation.board.tables`. After it: `aviation.board.app`.
"""
