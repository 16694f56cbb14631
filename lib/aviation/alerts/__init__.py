"""Disruption alerts: who is told what about which flight.

In: a watch (the parameters of `notebooks/alerts.ipynb`) and the flights that the newest loads touched. Out: a message
for each disruption of a leg, once. Before it: `aviation.load`, after which it runs, and `aviation.query`, which it
asks. After it: the stack's SNS topic, and whoever has subscribed to it.
"""

from aviation.alerts.matches import matches
from aviation.alerts.send import publish, run
from aviation.alerts.watch import Alert, Watch, resolve

__all__ = ["Alert", "Watch", "matches", "publish", "resolve", "run"]
