"""The morning brief: what changed overnight and what to watch today, from the board's figures, with its charts.

In: the tables as of a moment (`aviation.board.tables`). Out: a page, the same as text, and pictures, in a folder; and
sent to the stack's addresses, if that is wanted. Before it: `aviation.board` and `aviation.tell`. After it: the
notebook `notebooks/brief.ipynb` and the command `aviation brief`.
"""

from aviation.brief.job import Choices, page, resolve, run
from aviation.brief.writing import Brief, send, write

__all__ = ["Brief", "Choices", "page", "resolve", "run", "send", "write"]
