"""DuckDB, confined: it reads the files of the tables in the published bucket, and nothing else."""

import importlib.util
import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from weakref import WeakSet

import duckdb

from aviation import aws
from aviation.errors import QueryError
from aviation.places import place

EXTENSIONS = ("httpfs", "avro", "iceberg")
# The extensions are installed as packages: nothing is downloaded when a query runs. A person's own secrets of S3, which
# DuckDB keeps in their home, are for other places.
OWN_MEANS: dict[str, str | bool | int | float | list[str]] = {
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


class Confined:
    """A database in memory for the stack in use, locked, with the credentials of who asks."""

    def __init__(self, memory: str = ""):
        """`memory` is the most that it takes, such as "500MB"; DuckDB's own default where it is empty."""
        # What does not fit into memory; DuckDB's own place for it is the working folder.
        self._overflow = TemporaryDirectory(prefix="aviation-duckdb-", ignore_cleanup_errors=True)
        own_means = OWN_MEANS | {"temp_directory": self._overflow.name} | ({"memory_limit": memory} if memory else {})
        self._connection = duckdb.connect(config=own_means)
        self._known: aws.Access | None = None
        self._renewing = Lock()
        self._asking: WeakSet[duckdb.DuckDBPyConnection] = WeakSet()
        self.is_over = False
        for name in EXTENSIONS:
            package = importlib.util.find_spec(f"duckdb_extension_{name}")
            if package is None or package.origin is None:
                raise QueryError(f"DuckDB's extension '{name}' is not installed: run 'make setup'")
            self._connection.load_extension(str(next(Path(package.origin).parent.rglob("*.duckdb_extension"))))
        self._connection.execute("set global TimeZone = 'UTC'")
        # Nothing but the tables can be read, whatever a query says (and DuckDB's own folder, for what does not fit into
        # memory).
        self._connection.execute(f"set allowed_directories = ['s3://{place('PublishedBucket')}/']")
        self._connection.execute("set enable_external_access = false")
        self._connection.execute("set lock_configuration = true")

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own: what is registered for one question is none of another's."""
        with self._renewing:
            # A role's credentials end after a while, and boto3 gets others.
            if (access := aws.access()) != self._known:
                self._identify(access)
                self._known = access
            if self.is_over:
                raise QueryError("the query was given up as this program ends")
            cursor = self._connection.cursor()
            self._asking.add(cursor)
        return cursor

    def interrupt(self) -> None:
        """Give up all that is being asked, and refuse what is asked from now on: the program ends."""
        self.is_over = True
        with self._renewing:
            asking = list(self._asking)
        for cursor in asking:
            with suppress(duckdb.ConnectionException):  # it has its answer already
                cursor.interrupt()

    def _identify(self, access: aws.Access) -> None:
        endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
        options = {
            "key_id": access.key_id,
            "secret": access.secret,
            "session_token": access.token,
            "region": access.region,
            "endpoint": endpoint.removeprefix("http://"),
        }
        given = {name: value for name, value in options.items() if value}
        listed = ", ".join(f"{name} ?" for name in given) + (", url_style 'path', use_ssl false" if endpoint else "")
        self._connection.execute(f"create or replace secret reader (type s3, {listed})", list(given.values()))
