"""Where people come in through JupyterLab.

In: what a person chooses on the page to start from, or SQL over a cell. Out: polls and loads that were asked for, the
state of things and the board's first page in the notebook (`start`), and answers as tables (`sql_magic`). Before it:
every package below. After it: nothing; a person.
"""
