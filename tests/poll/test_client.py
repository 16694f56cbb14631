"""The flight API's client, against a server that misbehaves as the real one does."""

import itertools
import json
import logging
import socket
import time
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aviation import errors
from aviation.errors import ApiError, InvalidRequestError, ParameterError, UnavailableError
from aviation.poll.answers import Failure, Page, observed, read_answer
from aviation.poll.client import FILTERS, Api, check_base_url, check_filters
from support.stand_in import KEY, answer, cut, drip, drip_headers, error, hang

ROWS = [{"number": number} for number in range(25)]
OK = answer({"pagination": {"total": 1}, "data": [{"number": 0}]})


def rows(pages) -> list:
    return [record for page in pages for record in page.records]


def page_of(count: int, total: int | None):
    return answer({"pagination": {"total": total}, "data": [{}] * count})


def test_a_sweep_asks_for_every_page_once(stand_in, connect):
    stand_in.records = ROWS
    api = connect()
    assert rows(api.sweep("flights", {"dep_iata": "JFK"}, limit=10)) == ROWS
    assert [(call["offset"], call["limit"], call["dep_iata"]) for call in stand_in.calls] == [
        ("0", "10", "JFK"),
        ("10", "10", "JFK"),
        ("20", "10", "JFK"),
    ]
    assert {call["access_key"] for call in stand_in.calls} == {KEY}
    assert (api.calls, api.retries, api.left_out) == (3, 0, None)


def test_only_a_page_that_is_not_full_proves_the_end(stand_in, connect):
    stand_in.records = ROWS[:20]
    api = connect()
    assert len(rows(api.sweep("flights", limit=10))) == 20
    assert [call["offset"] for call in stand_in.calls] == ["0", "10", "20"]
    assert api.left_out is None


@pytest.mark.parametrize("totals", [(10, 10, 10), (25, 20, 25), (25, 5, 0), (0, 0, 0), (None, None, None)], ids=str)
def test_no_total_that_is_too_low_falls_or_is_missing_ends_a_sweep_early(stand_in, connect, totals):
    stand_in.script = [page_of(count, total) for count, total in zip((10, 10, 5), totals, strict=True)]
    api = connect()
    assert len(rows(api.sweep("flights", limit=10))) == 25
    assert (api.calls, api.left_out) == (3, None)


def test_a_page_shorter_than_asked_is_not_taken_for_the_last(stand_in, connect):
    stand_in.script = [page_of(2, 5), page_of(2, 5), page_of(1, 5)]
    assert len(rows(connect().sweep("flights", limit=10))) == 5
    assert [call["offset"] for call in stand_in.calls] == ["0", "2", "4"]


def test_a_full_page_beyond_the_total_is_not_taken_for_the_last(stand_in, connect):
    stand_in.script = [page_of(10, 15), page_of(10, 15), page_of(3, 23)]
    assert len(rows(connect().sweep("flights", limit=10))) == 23


def test_a_sweep_ends_although_the_total_keeps_growing(stand_in, connect):
    stand_in.script = [page_of(10, 10 * number + 50) for number in range(9)]
    api = connect(max_calls=4)
    assert len(rows(api.sweep("flights", limit=10))) == 40
    assert (api.left_out.reason, api.left_out.offset, api.left_out.records) == ("max_calls", 40, 40)


def test_an_empty_page_ends_the_sweep_and_what_the_total_promised_is_left_out(stand_in, connect):
    stand_in.script = [page_of(10, 30), page_of(0, 30)]
    api = connect()
    assert len(rows(api.sweep("flights", limit=10))) == 10
    assert (api.left_out.reason, api.left_out.offset, api.left_out.records) == ("an empty page", 10, 20)


def test_a_sweep_stops_before_max_calls_is_passed_and_says_what_is_left(stand_in, connect):
    stand_in.records = ROWS
    api = connect(max_calls=2)
    assert len(rows(api.sweep("flights", limit=10))) == 20
    assert len(stand_in.calls) == 2
    assert (api.left_out.reason, api.left_out.offset, api.left_out.records) == ("max_calls", 20, 5)


def test_a_sweep_that_needs_exactly_max_calls_leaves_nothing_out(stand_in, connect):
    stand_in.records = ROWS[:20]
    api = connect(max_calls=2)
    assert len(rows(api.sweep("flights", limit=10))) == 20
    assert api.left_out is None


def test_no_call_is_begun_after_the_deadline(stand_in, connect):
    stand_in.records = ROWS
    api = connect(deadline_seconds=0.2)
    sweep = api.sweep("flights", limit=10)
    next(sweep)
    time.sleep(0.25)
    assert list(sweep) == []
    assert (api.left_out.reason, api.left_out.records) == ("deadline_seconds", 15)


@pytest.mark.parametrize(
    "nothing",
    [
        {"pagination": {"total": 0}, "data": []},
        {"error": "No Record Found", "success": False},
        {"pagination": None, "error": "No Record Found", "success": False},
        {"pagination": {"total": None}, "data": {"error": "No Record Found", "success": False}},
    ],
)
def test_nothing_found_is_an_empty_page_in_each_of_its_forms(stand_in, connect, nothing):
    stand_in.script = [answer(nothing)]
    api = connect()
    assert rows(api.sweep("cities", {"search": "Nowhere"})) == []
    assert (api.calls, api.left_out) == (1, None)


@pytest.mark.parametrize(
    ("status", "code", "raised"),
    [
        (401, "invalid_access_key", errors.AccessKeyError),
        (401, "missing_access_key", errors.AccessKeyError),
        (401, "inactive_user", errors.AccessKeyError),
        (403, "https_access_restricted", errors.PlanError),
        (403, "function_access_restricted", errors.PlanError),
        (404, "invalid_api_function", errors.NotFoundError),
        (404, "404_not_found", errors.NotFoundError),
        (422, "validation_error", errors.InvalidRequestError),
        (400, "validation_error", errors.InvalidRequestError),
        (429, "usage_limit_reached", errors.QuotaError),
        (402, "something_new", errors.ApiError),
    ],
)
@pytest.mark.parametrize("form", ["own status", "status 200", "type and info", "number and type"])
def test_an_error_that_another_try_cannot_mend_is_raised_at_once(stand_in, connect, status, code, raised, form):
    told = {"code": code, "message": "the API's words"}
    if form == "type and info":
        told = {"type": code, "info": "the API's words"}
    if form == "number and type":
        told = {"code": 101, "type": code, "info": "the API's words"}
    sent_status = 200 if form == "status 200" else status
    stand_in.script = [answer({"error": told}, sent_status), OK]
    api = connect()
    with pytest.raises(ApiError) as caught:
        list(api.sweep("flights"))
    assert type(caught.value) is raised
    assert (caught.value.status, caught.value.code) == (sent_status, code)
    assert code in str(caught.value)
    assert "the API's words" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert api.calls == 1


def test_a_refused_request_shows_the_context(stand_in, connect):
    context = {"flight_date": [{"key": "invalid_date"}]}
    stand_in.script = [answer({"error": {"code": "validation_error", "message": "failed", "context": context}}, 422)]
    with pytest.raises(InvalidRequestError, match="invalid_date"):
        list(connect().sweep("flights"))


PASSING = {
    "500": answer(b"oops", 500),
    "502": answer(b"<html>Bad Gateway</html>", 502),
    "503": answer({"error": {"code": "maintenance", "message": "soon"}}, 503),
    "504": answer(b"", 504),
    "520": answer(b"", 520),
    "HTML": answer(b"<html>hello</html>"),
    "half an answer": answer(b'{"pagination": {"total": 1}, "da'),
    "a list": answer([1, 2]),
    "no data": answer({"pagination": {"total": 3}}),
    "not UTF-8": answer(b'{"data": ["\xff"]}'),
    "cut connection": cut,
    "time-out": hang,
    "closed at once": lambda handler: handler.connection.close(),
    "rate limit": error("rate_limit_reached", 429),
    "rate limit with status 200": error("rate_limit_reached", 200),
    "429 in HTML": answer(b"<html>slow down</html>", 429),
}


@pytest.mark.parametrize("scene", PASSING.values(), ids=PASSING)
def test_what_passes_is_tried_again(stand_in, connect, scene):
    stand_in.script = [scene, scene, OK]
    api = connect()
    assert rows(api.sweep("flights")) == [{"number": 0}]
    assert (api.calls, api.retries) == (3, 2)


def test_retry_after_is_waited_for(stand_in, connect):
    stand_in.script = [answer({"error": {"code": "rate_limit_reached"}}, 429, Retry_After="1"), OK]
    begun = time.monotonic()
    assert rows(connect().sweep("flights"))
    assert time.monotonic() - begun >= 1


def test_a_retry_after_beyond_the_deadline_ends_the_sweep_at_once(stand_in, connect):
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    stand_in.script = [answer({"error": {"code": "rate_limit_reached"}}, 429, Retry_After=later), OK]
    begun = time.monotonic()
    with pytest.raises(errors.RateLimitError) as caught:
        list(connect().sweep("flights"))
    assert time.monotonic() - begun < 1
    assert caught.value.retry_after == pytest.approx(600, abs=5)


def test_tries_end_at_the_deadline_with_the_last_error(stand_in, connect):
    stand_in.script = [error("down", 503)] * 1000
    begun = time.monotonic()
    with pytest.raises(UnavailableError, match=r"HTTP 503.*tries, at deadline_seconds"):
        list(connect(max_calls=10_000, deadline_seconds=0.5, backoff_seconds=0.1).sweep("flights"))
    assert time.monotonic() - begun < 1


def test_tries_count_as_calls(stand_in, connect):
    stand_in.script = [error("down", 503)] * 10
    api = connect(max_calls=3)
    with pytest.raises(UnavailableError, match="3 tries, at max_calls"):
        list(api.sweep("flights"))
    assert len(stand_in.calls) == api.calls == 3


def slow_names(monkeypatch) -> None:
    """Names are looked up slower than anybody would wait."""
    known = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **how: time.sleep(5) or known(*asked, **how))


def test_a_name_that_is_not_found_in_time_is_given_up_at_the_deadline(connect, monkeypatch):
    slow_names(monkeypatch)
    begun = time.monotonic()
    with pytest.raises(UnavailableError, match="not whole at the deadline"):
        list(connect(deadline_seconds=0.5).sweep("flights"))
    assert time.monotonic() - begun < 1.5


@pytest.mark.parametrize("scene", [drip, drip_headers])
def test_an_answer_that_drips_is_cut_at_the_deadline(stand_in, connect, scene):
    stand_in.script = [scene]
    begun = time.monotonic()
    with pytest.raises(UnavailableError, match="not whole at the deadline"):
        list(connect(deadline_seconds=0.5).sweep("flights"))
    assert time.monotonic() - begun < 1.5


def test_a_redirect_is_not_followed_for_the_key_would_go_along(stand_in, connect):
    stand_in.script = [answer(b"", 302, Location=f"{stand_in.url}/elsewhere")]
    with pytest.raises(ApiError, match="redirect"):
        list(connect().sweep("flights"))
    assert [call["endpoint"] for call in stand_in.calls] == ["flights"]


def test_a_proxy_of_the_environment_sees_nothing_of_a_loopback_api(stand_in, connect, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    stand_in.records = ROWS
    assert rows(connect().sweep("flights")) == ROWS


TAKEN = """https://api.aviationstack.com/v1 https://example.com:8443 http://127.0.0.1:8000/v1/ http://127.8.8.8
    http://localhost/v1 http://[::1]:8000/v1"""
REFUSED = """http://api.aviationstack.com/v1 http://127.0.0.1.example.com http://localhost.example.com http://10.0.0.1
    http://127.0.0.1:80@example.com http://0.0.0.0 http://127.1 http://2130706433 http:// ftp://localhost //localhost
    localhost https://user:secret@example.com https://example.com?access_key=secret"""


@pytest.mark.parametrize("url", TAKEN.split())
def test_https_and_loopback_are_taken(url):
    assert check_base_url(url) == url.rstrip("/")


@pytest.mark.parametrize("url", ["", *REFUSED.split()])
def test_any_other_address_is_refused(url):
    with pytest.raises(ApiError) as caught:
        check_base_url(url)
    assert "secret" not in str(caught.value)


def test_the_clock_of_a_loopback_api_is_believed(stand_in, connect):
    stand_in.records = ROWS
    stand_in.headers["Date"] = "Thu, 11 Jul 2013 12:30:00 GMT"
    [page] = connect().sweep("flights", limit=100)
    assert page.observed_at == datetime(2013, 7, 11, 12, 30, tzinfo=UTC)
    assert abs(page.fetched_at - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("minutes", "believed"), [(0, True), (4.9, True), (-4.9, True), (5.2, False), (-5.2, False), (600, False)]
)
def test_the_clock_of_another_api_is_believed_within_five_minutes(minutes, believed):
    ours = datetime(2026, 6, 1, 12, tzinfo=UTC)
    theirs = ours + timedelta(minutes=minutes)
    assert observed(format_datetime(theirs), ours, local=False) == (theirs if believed else ours)
    assert observed(format_datetime(theirs), ours, local=True) == theirs


@pytest.mark.parametrize("date", [None, "", "yesterday", "Thu, 99 Jul 2013 12:30:00 GMT"])
def test_without_a_readable_date_our_own_clock_counts(date):
    ours = datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert observed(date, ours, local=True) == ours


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
ANY_HEADER = st.sampled_from(["²", "٣", "-1", "9" * 400, "Thu, 01 Jan 0001 00:00:00 +2359"]) | st.text()


@given(st.integers(100, 599), ANY_HEADER, ANY_HEADER, ANY_JSON, ANY_JSON, st.booleans())
@example(200, "", "", None, float("inf"), False)
@example(429, "²", "²", "down", None, False)
def test_whatever_the_api_answers_is_a_page_or_a_failure(status, date, retry_after, error, total, local):
    headers = {"Date": date, "Retry-After": retry_after}
    for body in ({"error": error, "data": error}, {"data": [1], "pagination": {"total": total}}):
        told = read_answer(
            status, headers, json.dumps(body).encode(),
            endpoint="flights", offset=0, fetched_at=datetime.now(UTC), local=local,
        )  # fmt: skip
        assert isinstance(told, Page | Failure)


@pytest.mark.parametrize(
    ("endpoint", "filters", "limit", "said"),
    [
        ("flights", {"dep_iat": "JFK"}, 100, "dep_iata"),
        ("flights", {"search": "JFK"}, 100, "search"),
        ("cities", {"dep_iata": "JFK"}, 100, "dep_iata"),
        ("flights", {"access_key": "abcdef"}, 100, "access_key"),
        ("flights", {"dep_iata": ""}, 100, "dep_iata"),
        ("flights", {"dep_iata": True}, 100, "dep_iata"),
        ("flights", {"dep_iata": ["JFK"]}, 100, "dep_iata"),
        ("flights", {}, 0, "limit"),
        ("flights", {}, 1001, "limit"),
        ("airports", {}, 100, "airports"),
    ],
)
def test_what_the_endpoint_does_not_take_is_refused_before_any_call(stand_in, connect, endpoint, filters, limit, said):
    with pytest.raises(ParameterError, match=said):
        connect().sweep(endpoint, filters, limit=limit)
    assert stand_in.calls == []


@pytest.mark.parametrize(("endpoint", "name"), [(place, name) for place, names in FILTERS.items() for name in names])
def test_every_documented_filter_is_taken(endpoint, name):
    check_filters(endpoint, {name: "text"}, 100)
    check_filters(endpoint, {name: 7}, 1000)


FAILURES = {
    "refused key": (401, error("invalid_access_key", 401, f"You sent {KEY}")),
    "server": (503, answer(KEY.encode(), 503)),
    "time-out": (None, hang),
    "cut": (None, cut),
}


@pytest.mark.parametrize("scene", [scene for _, scene in FAILURES.values()], ids=FAILURES)
def test_the_key_is_in_no_message_no_traceback_no_chained_error_and_no_log(stand_in, connect, caplog, scene):
    caplog.set_level(logging.DEBUG)
    stand_in.script = [scene] * 5
    with pytest.raises(ApiError) as caught:
        list(connect(max_calls=2).sweep("flights"))
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    chain = itertools.takewhile(bool, chained(caught.value))
    shown += "".join(repr(vars(link)) + repr(link) for link in chain)
    for form in (KEY, "canary", "odd&chars"):
        assert form not in shown


def test_the_query_that_urllib3_logs_is_shown_without_the_key(stand_in, connect, caplog):
    caplog.set_level(logging.DEBUG)
    stand_in.records = ROWS
    assert rows(connect().sweep("flights")) == ROWS
    assert "/v1/flights?limit=100&offset=0&access_key=[redacted]" in caplog.text
    assert "canary" not in caplog.text


def test_the_key_is_in_no_error_of_a_server_that_is_not_there():
    api = Api("http://127.0.0.1:1/v1", KEY, max_calls=2, deadline_seconds=5, backoff_seconds=0.001)
    with pytest.raises(UnavailableError, match=r"no answer from http://127\.0\.0\.1:1/v1") as caught:
        list(api.sweep("flights"))
    assert "canary" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is caught.value.__cause__ is None


def test_nothing_that_listens_on_loopback_is_told_at_once_with_what_to_do():
    api = Api("http://127.0.0.1:1/v1", KEY, max_calls=50, deadline_seconds=240)
    with pytest.raises(UnavailableError, match="nothing listens there: start the local stack with 'aviation up'"):
        list(api.sweep("flights"))
    assert (api.calls, api.retries) == (1, 0)


def chained(raised: BaseException):
    """The error and all that hangs on it, whether a traceback would show it or not."""
    while raised:
        yield raised
        raised = raised.__cause__ or raised.__context__
