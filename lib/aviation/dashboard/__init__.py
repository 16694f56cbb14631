"""The tables in, one HTML page out.

In: answers to the page's questions (`queries`), asked through `aviation.query`. Out: one file that needs nothing else
(`page`), with charts of `aviation.charts` and a board of departures and arrivals (`departures`).
"""

from aviation.dashboard.page import render, write

__all__ = ["render", "write"]
