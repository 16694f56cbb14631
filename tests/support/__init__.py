"""What several tests stand on: real records, a stand-in for the flight API, made-up tables, recorded AWS calls."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests/samples"
STREAMED = ("flights", "cities", "aircraft_types")
"""The entities that the bare emulator has a stream for."""
