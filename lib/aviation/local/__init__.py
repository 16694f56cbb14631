"""What only a laptop needs: the emulator and the replay as processes, Spark's set-up, DuckDB in Athena's place."""
