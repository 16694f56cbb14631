"""What a question can reach on a laptop: the tables of the stack, and nothing else of this machine or its buckets."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from aviation import aws, places, query
from aviation.engine import duck
from aviation.errors import QueryError
from aviation.sql.catalog import Catalog
from aviation.sql.question import Question

OUTSIDE = [
    "select * from read_text('{file}')",
    "select * from read_csv('{file}')",
    "select * from read_blob('{file}')",
    "select * from read_json('{file}')",
    "select * from read_parquet('{file}')",
    "select read_parquet('{file}')",
    "select * from glob('/*')",
    "select * from '{file}'",
    'select * from "{file}"',
    'select * from "s3://{raw}/marker"',
    "select * from iceberg_scan('s3://{raw}/marker')",
    "select * from 'http://127.0.0.1:9/x.csv'",
    "select 1 as n, lateral read_text('{file}')",
    "select * from table(read_text('{file}'))",
    "select (select content from read_text('{file}'))",
    "with recursive r as (select 'a' as x union all select content from read_text('{file}')) select * from r",
    "from read_text('{file}')",
    "describe select * from read_text('{file}')",
    "summarize select * from read_text('{file}')",
    "explain analyze select * from read_text('{file}')",
    "attach '{file}' as other",
    "copy (select 1) to '{file}'",
    "copy flights from '{file}'",
    "export database '{file}'",
    "with x as (insert into flights values (1)) select * from x",
    "install spatial",
    "load '{file}'",
    "set enable_external_access = true",
    "reset lock_configuration",
    "pragma database_list",
    "call duckdb_secrets()",
    "select * from duckdb_secrets()",
    "select * from which_secret('s3://x', 's3')",
    "create secret (type s3, key_id 'a', secret 'b')",
    "select * from duckdb_settings()",
    "select current_setting('s3_access_key_id')",
    "select getenv('AWS_SECRET_ACCESS_KEY')",
    "select getvariable('x')",
    "select * from query('select 1')",
    "select * from query_table('kept')",
    "select * from kept",
    "select * from sqlite_master",
    "select 1; select * from read_text('{file}')",
]


@pytest.fixture(scope="module")
def outside(stack, tmp_path_factory):
    """Where `marker` is to be read, were it allowed: a file, and an object of each bucket; `{name}` in a question."""
    file = tmp_path_factory.mktemp("outside") / "file.csv"
    file.write_text("marker\n")
    buckets = {name: places.place(f"{name.title()}Bucket") for name in ("raw", "runs", "published")}
    for bucket in buckets.values():
        aws.client("s3").put_object(Bucket=bucket, Key="marker", Body=b"marker")
    yield {"file": file, **buckets}
    for bucket in buckets.values():
        aws.client("s3").delete_object(Bucket=bucket, Key="marker")


@pytest.fixture(scope="module")
def shell():
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "aviation")
    yield shell
    shell.run_line_magic("unload_ext", "aviation")
    InteractiveShell.clear_instance()


@pytest.mark.parametrize("question", OUTSIDE)
def test_a_question_about_anything_but_the_tables_is_refused_in_one_line(outside, shell, question):
    text = question.format(**outside)
    with pytest.raises(QueryError) as refused:
        query.sql(text)
    assert "\n" not in str(refused.value)
    assert "marker" not in str(refused.value).replace(text, "").replace(f"{outside['raw']}/marker", "")
    with pytest.raises(UsageError) as in_notebook:
        shell.run_cell_magic("sql", "", text)
    assert str(in_notebook.value) == str(refused.value)


@pytest.mark.parametrize(
    "view",
    [
        "select * from read_text('{file}')",
        "select * from iceberg_scan('s3://{published}/../{raw}/marker')",
        "select read_text('{file}') as x",
    ],
)
def test_a_view_of_a_catalog_that_somebody_changed_reads_tables_alone_too(outside, view):
    known = Catalog(views={"kept": view.format(**outside)})
    for text in ("select * from kept", "with x as (select * from kept) select * from x"):
        with pytest.raises(QueryError, match=r"tables and views alone|is not a function"):
            duck.frame(Question(text, known))


def test_a_table_of_a_catalog_that_somebody_changed_stays_in_its_bucket(outside):
    for location in ("s3://{published}/../{raw}/marker", "s3://{raw}/marker", "{file}"):
        known = Catalog(tables={"kept": location.format(**outside)})
        with pytest.raises(QueryError, match=r"no place of a table|Permission Error") as refused:
            duck.frame(Question("select * from kept", known))
        assert "\n" not in str(refused.value)


def test_a_question_that_the_engine_reads_as_more_than_one_select_is_refused(outside):
    with pytest.raises(QueryError, match="more than one SELECT"):
        query.sql("select * from (pivot (select 1 as n, 2 as m) on n)")


@pytest.fixture
def engine(outside):
    """The engine itself, past every check of the text."""
    with duck._shared(os.environ["AWS_ENDPOINT_URL"]).cursor() as cursor:
        yield lambda text: cursor.execute(text.format(**outside)).fetchall()


def test_the_engine_itself_reads_the_published_bucket_alone(engine):
    assert engine("select content from read_text('s3://{published}/marker')") == [("marker",)]
    for elsewhere in (
        *("{file}", "s3://{raw}/marker", "s3://{runs}/marker", "s3://{published}-2/marker"),
        *("http://127.0.0.1:9/x", "https://example.org/x"),
    ):
        with pytest.raises(duckdb.PermissionException):
            engine(f"select content from read_text('{elsewhere}')")


@pytest.mark.parametrize(
    "statement",
    [
        "attach '{file}.db' as other",
        "copy (select 1) to '{file}.copy'",
        "copy (select 1) to 's3://{raw}/copy'",
        "install spatial",
        "load '{file}'",
        "create persistent secret other (type s3, key_id 'a', secret 'b')",
        "set enable_external_access = true",
        "set allowed_directories = ['/']",
        "set lock_configuration = false",
        "reset enable_external_access",
    ],
)
def test_the_engine_itself_writes_nothing_loads_nothing_and_stays_locked(engine, outside, statement):
    with pytest.raises((duckdb.PermissionException, duckdb.InvalidInputException)):
        engine(statement)
    assert [file.name for file in outside["file"].parent.iterdir()] == ["file.csv"]


KEEP = """
import duckdb, sys
connection = duckdb.connect()
connection.load_extension(sys.argv[1])
connection.execute("create persistent secret mine (type s3, key_id 'AKIAMINE', secret 'mine')")
"""
READ = """
import os, sys
from aviation.engine import duck
engine = duck._shared(os.environ["AWS_ENDPOINT_URL"]).cursor()
print(engine.execute("select content from read_text(?)", sys.argv[1:]).fetchall())
"""


def test_a_persons_own_secrets_of_s3_are_neither_used_nor_in_the_way(outside, tmp_path):
    def run(program: str, argument: str) -> str:
        environment = os.environ | {"HOME": str(tmp_path)}
        command = [sys.executable, "-c", program, argument]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    package = Path(importlib.util.find_spec("duckdb_extension_httpfs").origin).parent
    run(KEEP, str(next(package.rglob("*.duckdb_extension"))))
    assert list(tmp_path.rglob("mine.duckdb_secret"))
    assert run(READ, f"s3://{outside['published']}/marker") == "[('marker',)]\n"
