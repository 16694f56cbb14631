"""The Glue job on a laptop: its own notebook, through papermill, on this machine's Spark."""

from pathlib import Path

from aviation import aws, runs

NOTEBOOK = Path("glue_notebooks/aviation_data_load.ipynb")


def run_load(parameters: dict) -> dict:
    """Run the notebook with these choices and return its run record. The notebook itself asks the deployed Glue
    job for its arguments, as it does wherever Glue does not pass them."""
    return runs.execute(aws.root() / NOTEBOOK, parameters, job="aviation_data_load")
