"""What decision makers ask, for the notebooks in notebooks/explore: each module answers one question, with functions
that return DataFrames and one that says in two sentences what was found."""
