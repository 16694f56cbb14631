"""Reads `prices.yaml`: what AWS and the flight API's plans cost. The YAML file is where a price is changed."""

from functools import cache
from importlib.resources import files
from typing import TypedDict

import yaml


class Price(TypedDict):
    """The list price of one `unit`, as `source` had it on `date`. `verified`: it was read there, not remembered."""

    usd: float
    unit: str
    date: str
    source: str
    verified: bool


class PlanPrice(TypedDict):
    """What a plan of the flight API costs: USD a month."""

    usd: float
    date: str
    source: str
    verified: bool


class PriceList(TypedDict):
    """Prices by name (`kinesis_shard_hour`), plans by name, and the AWS region that the prices are of."""

    region: str
    prices: dict[str, Price]
    plans: dict[str, PlanPrice]


@cache
def price_list() -> PriceList:
    """The price list, as it stands in `prices.yaml`."""
    prices: PriceList = yaml.safe_load(files("aviation.deploy").joinpath("prices.yaml").read_text())
    return prices
