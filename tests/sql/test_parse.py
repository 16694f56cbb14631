"""What a person is told of a query that cannot be asked."""

import pytest

from aviation.errors import QueryError
from aviation.sql.parse import parse, parse_select


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("selct 1", "line 1, column 7, near 'selct 1'; did you mean 'select', not 'selct'?"),
        ("selct * from flights", "line 1, column 9, near '* from', where something is missing; did you mean 'select'"),
        ("select *\nfrom flights\nwere flight_key = 'A'", "line 3, column 6, near 'were flight_key'"),
        ("select * form flights", "line 1, column 15, near 'form flights'"),
        ("select 1 +", "line 1, column 10, near '1 +', where something is missing"),
        ("select (1", "line 1, column 9, near '(1', where ')' is missing"),
        ("select from where", "line 1, column 13, near 'from where'"),
        ("select 'JFK", "a quote or a comment is not closed"),
    ],
)
def test_a_mistake_is_told_by_its_place_and_the_text_around_it(text, told):
    with pytest.raises(QueryError, match=r"^the query does not parse: ") as refusal:
        parse(text)
    assert told in str(refusal.value)
    for word in ("class", "sqlglot", "Token", "\n", "\x1b"):
        assert word not in str(refusal.value)


@pytest.mark.parametrize(
    "text", ["drop table flights", "insert into flights select 1", "flights", "select 1; drop table flights", "slect"]
)
def test_what_is_no_question_is_refused(text):
    with pytest.raises(QueryError, match="only a SELECT can be asked"):
        parse(text)


@pytest.mark.parametrize("text", ["", "  ", ";", "-- nothing"])
def test_nothing_is_no_question(text):
    with pytest.raises(QueryError, match="there is no query: write one like"):
        parse(text)


@pytest.mark.parametrize("text", ["select 1; select 2", "show tables; show views", "show tables; drop table flights"])
def test_two_questions_at_once_are_refused(text):
    with pytest.raises(QueryError, match="only one question"):
        parse(text)


def test_a_semicolon_may_end_a_question():
    assert parse("select 1;") == parse_select("select 1")


@pytest.mark.parametrize("text", ["show tables", "SHOW VIEWS;", "-- all\n describe flights", "/* x */ desc flights"])
def test_show_and_describe_are_questions_without_a_tree(text):
    assert parse(text) is None
