"""The process that makes a warm driver, and keeps it until its JVM ends: `python -m aviation.local.warming`."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pyspark.sql import SparkSession

from aviation import home
from aviation.local.driver import WarmDriver
from aviation.local.exercise import KEY, NAME, exercise, raw_object

CATALOG = f"spark.sql.catalog.{NAME}"


def keep(driver: WarmDriver) -> None:
    """Start a JVM, exercise it, have it wait as `driver`, and wait until it ends."""
    conf = driver.conf.read_text()
    session = SparkSession.builder.getOrCreate()
    gateway: Any = session.sparkContext._gateway
    with TemporaryDirectory() as name:
        _exercise_in(Path(name), session)
    session.stop()
    address = gateway.gateway_parameters
    connection = {"PYSPARK_GATEWAY_PORT": str(address.port), "PYSPARK_GATEWAY_SECRET": address.auth_token}
    home.write(driver.waiting, json.dumps({"conf": conf, "connection": connection}), private=True)
    gateway.proc.wait()


def _exercise_in(folder: Path, session: SparkSession) -> None:
    """The exercise with raw object, catalog and tables in `folder`: the stack sees nothing of it."""
    file = folder / KEY
    file.parent.mkdir(parents=True)
    file.write_bytes(raw_object())
    uri = f"file:{folder}"  # as Iceberg spells it
    catalog = {"": "org.apache.iceberg.spark.SparkCatalog", ".type": "hadoop", ".warehouse": uri}
    for key, value in catalog.items():
        session.conf.set(f"{CATALOG}{key}", value)
    exercise(session, NAME, uri, uri)


if __name__ == "__main__":
    keep(WarmDriver(home.home()))
