"""Trino, as far as a laptop has it: its grammar, its functions, its types, and every query that Athena is given."""
