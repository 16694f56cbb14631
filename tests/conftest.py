"""What tests share: one Spark session a run."""

import pytest

from aviation import aws

WAREHOUSE = "spark.sql.catalog.glue_catalog.warehouse"


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """Spark as on a laptop, but with the tables' catalog in a folder: its place is the setting WAREHOUSE."""
    from pyspark.sql import SparkSession

    from aviation.local import spark as local_spark

    conf = {
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.glue_catalog": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.glue_catalog.type": "hadoop",
        WAREHOUSE: f"file:{tmp_path_factory.mktemp('warehouse')}",
    }
    folder = aws.home() / "spark-tests"
    local_spark.write_conf(folder, "http://127.0.0.1:9", conf)
    # Only while it starts: what else a test starts has settings of its own.
    with pytest.MonkeyPatch.context() as patch:
        for name, value in local_spark.environment(folder).items():
            patch.setenv(name, value)
        session = SparkSession.builder.appName("tests").getOrCreate()
    yield session
    session.stop()
