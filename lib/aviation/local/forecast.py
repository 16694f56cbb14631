"""The forecast's model for the replay: it comes with the package, and a stack without a model of its own gets it."""

import logging
from pathlib import Path

from aviation.errors import AviationError
from aviation.forecast import store
from aviation.places import place

logger = logging.getLogger(__name__)

SHIPPED = Path(__file__).parent / "model/delay_forecast.npz"
"""Made by benchmarks/replay_model.py, from days before the replay's default day alone; its card is beside it."""


def provide() -> None:
    """Put the shipped model into use where the stack in use has none, or one that this version cannot use."""
    bucket = place("PublishedBucket")
    try:
        if store.current(bucket):
            return
        why = "the stack has none"
    except AviationError as error:
        why = str(error)
    logger.info("up: the replay's model of the forecast is put into use: %s", why)
    store.keep(SHIPPED, bucket)
