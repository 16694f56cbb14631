"""A new model of the forecast: trained from the tables, compared with the one in use, and kept where it is better.

In: the table `flight_history` of the stack in use, read by DuckDB (`history`), and the choices of a run (`settings`).
Out: a model in the published bucket (`aviation.forecast.store`), a Report (`job`) and pictures of how good it is
(`pictures`). Before it: `aviation.forecast`, `aviation.engine` and `aviation.explore`, whose charts the pictures are.
After it: the notebook `notebooks/train_delay_forecast.ipynb`, which runs on Glue once a week, and the command
`aviation train`.
"""

from aviation.train.job import run
from aviation.train.settings import settings

__all__ = ["run", "settings"]
