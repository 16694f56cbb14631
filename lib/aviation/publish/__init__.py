"""What is published after each load, for whoever looks without a stack at hand: the board's *Now* page as one file, and
once a morning the brief with its pictures.

In: the tables of the stack in use (`aviation.board.tables`) and the choices of a run (`settings`). Out: files in the
runs bucket under `published/` (`kept`), and a Report (`job`). Before it: `aviation.board`. After it: the notebook
`glue_notebooks/aviation_publish.ipynb`, which runs on Glue after each load, and on a laptop as a job.
"""

from aviation.publish.job import run
from aviation.publish.settings import settings

__all__ = ["run", "settings"]
