"""Where people come in through JupyterLab: the page to start from (`start`), and `%%sql` (`sql_magic`)."""
