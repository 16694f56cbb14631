"""The warm driver: one load has it, with the settings of now, and it ends."""

import json
import os
import stat
import subprocess
import sys
import time

import psutil
import pytest

from aviation.local import spark
from aviation.local.driver import WarmDriver
from aviation.local.stack import LocalStack
from aviation.local.state import State
from support import ROOT

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
PORT = "PYSPARK_GATEWAY_PORT"
CONF = {
    "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
    "spark.sql.catalog.glue_catalog": "org.apache.iceberg.spark.SparkCatalog",
    "spark.sql.catalog.glue_catalog.type": "hadoop",
}
LOAD = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
print(spark._jvm.java.lang.ProcessHandle.current().pid(), spark.range(3).count())
print(spark.conf.get("spark.sql.catalog.exercise", "unknown"), spark.catalog.listTables())
"""


class Noted(WarmDriver):
    """Notes that one is to be warmed."""

    started = 0

    def start(self) -> None:
        self.started += 1


@pytest.fixture
def driver(tmp_path):
    """One that waits, but for its JVM."""
    made = Noted(tmp_path)
    made.process.start(SLEEP, {}, None)
    made.waiting.parent.mkdir()
    made.conf.write_text("settings")
    made.waiting.write_text(json.dumps({"conf": "settings", "connection": {PORT: "1"}}))
    yield made
    made.stop()


def test_a_driver_that_waits_is_lent_once_and_another_is_warmed(driver):
    with driver.lent() as is_lent:
        assert (is_lent, os.environ[PORT], driver.waiting.exists(), driver.started) == (True, "1", False, 0)
        assert driver.process.running()
    assert (PORT in os.environ, driver.started) == (False, 1)


def test_after_a_load_that_failed_another_is_warmed(driver):
    with pytest.raises(ZeroDivisionError), driver.lent():
        _ = 1 / 0
    assert (PORT in os.environ, driver.started) == (False, 1)


@pytest.mark.parametrize("state", ["other settings", "still warming"])
def test_a_driver_that_a_load_cannot_use_ends_at_once_and_another_is_warmed(driver, state):
    if state == "other settings":
        driver.conf.write_text("others")
    else:
        driver.waiting.unlink()
    with driver.lent() as is_lent:
        assert (is_lent, PORT in os.environ, driver.process.running()) == (False, False, None)
    assert driver.started == 1


def test_what_a_driver_that_is_gone_left_behind_is_not_used(driver):
    driver.process.stop()
    with driver.lent() as is_lent:
        assert (is_lent, PORT in os.environ, driver.waiting.exists()) == (False, False, False)
    assert driver.started == 0


def test_after_one_that_was_killed_another_is_warmed(driver):
    process = driver.process.running()
    process.kill()
    process.wait()
    with driver.lent() as is_lent:
        assert (is_lent, PORT in os.environ, driver.waiting.exists()) == (False, False, False)
    assert driver.started == 1


def test_down_stops_it(tmp_path):
    local = LocalStack(ROOT, tmp_path)
    local.driver.process.start(SLEEP, {}, None)
    assert local.down() is True
    assert local.driver.process.running() is None


@pytest.mark.slow
def test_a_load_runs_in_the_jvm_that_was_warmed_with_a_session_of_its_own(tmp_path):
    driver = WarmDriver(tmp_path)
    spark.write_conf(tmp_path / "spark", "http://127.0.0.1:9", CONF)
    environment = State(emulator_port=9).environment(tmp_path)
    try:
        driver.start()
        while not driver.waiting.exists():
            assert driver.process.running(), driver.process.last_line()
            time.sleep(0.1)
        assert stat.S_IMODE(driver.waiting.stat().st_mode) == 0o600
        [jvm] = [child.pid for child in driver.process.running().children() if child.name() == "java"]
        listening = [item.laddr.ip for item in psutil.Process(jvm).net_connections() if item.status == "LISTEN"]
        assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}
        with driver.lent() as is_lent:
            assert is_lent
            command = [sys.executable, "-c", LOAD]
            given = {"env": os.environ | environment, "cwd": tmp_path, "timeout": 120}
            done = subprocess.run(command, capture_output=True, text=True, **given)
        assert done.stdout.splitlines() == [f"{jvm} 3", "unknown []"], done.stderr
        assert not psutil.pid_exists(jvm)
        assert driver.process.running()
    finally:
        driver.stop()
    assert driver.process.running() is None
