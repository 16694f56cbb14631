"""Athena and S3 in place of a stack's: the files of the tables may not be read, and a made-up database answers."""

import io
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import duckdb
from botocore.exceptions import ClientError

from aviation.board.tables import Tables
from aviation.sql.catalog import Catalog
from aviation.sql.parse import parse_select
from support.board import LOADED, Loaded
from support.made_up import Database

KINDS = {"DOUBLE": "double", "INTEGER": "integer", "BIGINT": "bigint", "HUGEINT": "bigint", "BOOLEAN": "boolean"}
KINDS |= {"DATE": "date", "TIMESTAMP": "timestamp", "VARCHAR": "varchar"}


class MadeAthena:
    """boto3's client of Athena, and of S3 for what Athena answers. `state` is the one of each query; `denied` is the
    code of the error with which a query is refused."""

    def __init__(self, database: Database):
        self._database = database
        self._answers: dict[str, duckdb.DuckDBPyRelation] = {}
        self.asked: dict[str, str] = {}
        self.stopped: list[str] = []
        self.state, self.reason, self.denied = "SUCCEEDED", "", ""

    def start_query_execution(self, *, QueryString: str, **_: object) -> dict:  # noqa: N803 - as boto3 names them
        if self.denied:
            raise ClientError({"Error": {"Code": self.denied, "Message": "said by Athena"}}, "StartQueryExecution")
        query_id = str(len(self.asked))
        self.asked[query_id] = QueryString
        return {"QueryExecutionId": query_id}

    def get_query_execution(self, *, QueryExecutionId: str) -> dict:  # noqa: N803
        status = {"State": self.state, "StateChangeReason": self.reason}
        where = {"OutputLocation": f"s3://runs/athena/{QueryExecutionId}.csv"}
        return {"QueryExecution": {"Status": status, "ResultConfiguration": where}}

    def stop_query_execution(self, *, QueryExecutionId: str) -> None:  # noqa: N803
        self.stopped.append(QueryExecutionId)

    def get_query_results(self, *, QueryExecutionId: str, MaxResults: int) -> dict:  # noqa: N803
        assert MaxResults == 1
        described = self._run(QueryExecutionId).description
        columns = [{"Name": name, **_kind(str(kind))} for name, kind, *_ in described]
        return {"ResultSet": {"ResultSetMetadata": {"ColumnInfo": columns}}}

    def get_object(self, *, Bucket: str, Key: str) -> dict:  # noqa: N803
        assert Bucket == "runs"
        found = self._run(re.fullmatch(r"athena/(\d+)\.csv", Key)[1])
        rows = [[name for name, *_ in found.description], *found.fetchall()]
        # As Athena writes it: each value in quotes, but nothing for null.
        text = "".join(",".join(map(_quoted, row)) + "\n" for row in rows)
        return {"Body": io.BytesIO(text.encode())}

    def _run(self, query_id: str) -> duckdb.DuckDBPyConnection:
        cursor = self._database.connection.cursor()
        cursor.execute("set TimeZone = 'UTC'")
        return cursor.execute(parse_select(self.asked[query_id]).sql(dialect="duckdb"))


def _kind(kind: str) -> dict:
    if decimal := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind):
        return {"Type": "decimal", "Precision": int(decimal[1]), "Scale": int(decimal[2])}
    return {"Type": KINDS.get(kind, "array")}


def _quoted(value: object) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return '"{}"'.format(text.replace('"', '""'))


class DeniedTables(Tables):
    """The board's tables over files that may not be read, with DuckDB as the board has it."""

    def refresh(self) -> bool:
        known = Catalog(
            tables={name: f"s3://published/{name}/metadata/1.metadata.json" for name in LOADED.tables},
            views=LOADED.views,
            columns=LOADED.columns,
        )
        has_changed = self._now is None
        self._now = self._now or Loaded("1", known)
        return has_changed


class _Answering(BaseHTTPRequestHandler):
    """Answers every request as the server says."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        status, body = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - as the library names it

    def log_message(self, *_: object) -> None:
        pass


def refusing() -> SimpleNamespace:
    """An endpoint of S3 that gives each request its `answer`: that it is denied. `asked` are the paths."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answering)
    server.asked = []
    server.answer = (403, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
