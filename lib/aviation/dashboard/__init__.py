"""The tables in, one HTML page out.

In: answers to the page's questions (`queries`), asked through `aviation.query`. Out: one file that needs nothing else
(`page`), with charts of `aviation.charts` and a board of departures and arrivals (`departures`).
Before it: `aviation.query` and `aviation.charts`. After it: a browser.
"""

from aviation.dashboard.page import render, write

__all__ = ["render", "write"]
