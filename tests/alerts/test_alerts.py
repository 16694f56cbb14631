"""Alerts: what a watch may say, what it finds, and that each is told once."""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta

import pytest

from aviation import alerts, aws, places, query
from aviation.alerts import quiet, sent
from aviation.alerts.matches import matches, touched_dates
from aviation.alerts.quiet import Quiet
from aviation.alerts.watch import Alert, Watch, resolve
from aviation.chance import Said, at_least
from aviation.errors import AviationError, ParameterError
from aviation.sql import catalog
from aviation.sql.as_of import expand
from aviation.sql.catalog import Catalog
from aviation.sql.parse import parse_select
from support.forecasts_made import forecast
from support.made_up import CATALOG, Database
from support.notebooks import defaults

NEWEST = datetime(2013, 7, 10, 20)
DAY = date(2013, 7, 10)


class Tables:
    """The tables that a watch asks, made by hand."""

    def __init__(self):
        self.database = Database()
        self.there = ["loads", "flight_forecasts"]

    def flight(
        self, number: str, status: str = "landed", scheduled: datetime = datetime(2013, 7, 10, 15), **given
    ) -> str:
        row = {
            "flight_key": f"{DAY}|JFK|JBU|{number}",
            "flight_date": DAY,
            "airline_name": "JetBlue Airways",
            "airline_iata": "B6",
            "airline_icao": "JBU",
            "flight_iata": f"B6{number}",
            "flight_number": number,
            "dep_iata": "JFK",
            "arr_iata": "BOS",
            "aircraft_registration": "N504JB",
            "flight_status": status,
            "dep_scheduled_utc": scheduled,
            "dep_scheduled_local": scheduled - timedelta(hours=4),
            "dep_timezone": "America/New_York",
            "observed_at": NEWEST,
        } | given
        self._insert("flights", row)
        return row["flight_key"]

    def forecast(self, key: str, made_at: datetime = NEWEST, **given) -> None:
        self._insert("flight_forecasts", forecast(key, made_at, **given))

    def event(self, key: str, name: str, before: str | None, after: str, at: datetime) -> None:
        columns = ("flight_key", "flight_date", "field", "from_value", "to_value", "known_from")
        self._insert("flight_events", dict(zip(columns, (key, DAY, name, before, after, at), strict=True)))

    def load(
        self, at: datetime, newest: datetime = NEWEST, day: date = DAY, run: str | None = None, batch: int = 1
    ) -> None:
        row = [run or f"run at {at}", batch, at, day, newest]
        self.database.connection.execute(
            "insert into loads (run_id, batch, finished_at, flight_dates, newest_observed_at)"
            " values (?, ?, ?, [?], map {'flights': ?})",
            row,
        )

    def _insert(self, table: str, row: dict) -> None:
        marks = ", ".join("?" * len(row))
        statement = f"insert into {table} ({', '.join(row)}) values ({marks})"
        self.database.connection.execute(statement, list(row.values()))

    def rows(self, text: str) -> list[dict]:
        answer = self.database.run(expand(parse_select(text), CATALOG).sql(dialect="duckdb"))
        names = [column[0] for column in answer.description]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


@pytest.fixture
def tables(monkeypatch) -> Tables:
    made = Tables()
    monkeypatch.setattr(query, "rows", made.rows)
    monkeypatch.setattr(catalog, "read", lambda: Catalog(tables=dict.fromkeys(made.there, "s3://x")))
    return made


def watch_of(**given) -> Watch:
    """What the notebook makes of these parameters."""
    return resolve(**(defaults("notebooks/alerts.ipynb") | given))


def found(tables: Tables, **watch) -> list[Alert]:
    tables.load(datetime(2026, 3, 1))
    return matches(watch_of(**watch), touched_dates(None))


def test_cancelled_diverted_and_late_flights_are_told_with_what_changed(tables):
    cancelled = tables.flight("1", "cancelled")
    tables.event(cancelled, "flight_status", "scheduled", "cancelled", datetime(2013, 7, 10, 14))
    tables.flight("2", "diverted", dep_delay_min=5)
    late = tables.flight("3", dep_delay_min=20, arr_delay_min=95)
    tables.event(late, "arr_delay_min", None, "95", datetime(2013, 7, 10, 19))
    tables.flight("4", dep_delay_min=10, arr_delay_min=-5)
    told = {alert.flight: alert for alert in found(tables)}
    assert {name: alert.kind for name, alert in told.items()} == {
        "B6 1": "cancelled",
        "B6 2": "diverted",
        "B6 3": "delayed",
    }
    assert told["B6 1"].changed == {
        "field": "flight_status",
        "from": "scheduled",
        "to": "cancelled",
        "known_from": "2013-07-10T14:00:00Z",
    }
    assert told["B6 2"].changed is None
    assert told["B6 3"].minutes == 95
    assert told["B6 3"].text == (
        "JetBlue Airways 3 (B6 3) JFK–BOS, which was due to leave at 11:00 (New York), arrived 1 h 35 min late, "
        "known since 15:00."
    )


def test_a_forecast_counts_until_the_flight_has_left(tables):
    tables.flight("1", "scheduled", NEWEST + timedelta(hours=1), dep_delay_forecast_min=90)
    tables.flight("2", "active", dep_delay_min=5, dep_delay_forecast_min=90)
    [alert] = found(tables)
    assert (alert.flight, alert.minutes) == ("B6 1", 90)
    assert "due to leave at 17:00 (New York), is expected to leave 1 h 30 min late" in alert.text


def test_a_flight_that_waits_is_told_by_how_long_it_is_overdue_unless_it_is_not_seen(tables):
    tables.flight("1", "scheduled", scheduled=NEWEST - timedelta(minutes=130))
    tables.flight("2", "scheduled", scheduled=NEWEST - timedelta(minutes=30))
    tables.flight("3", "scheduled", scheduled=NEWEST - timedelta(minutes=130), dep_delay_forecast_min=300)
    gone = {"observed_at": NEWEST - timedelta(minutes=30)}
    tables.flight("4", "scheduled", scheduled=NEWEST - timedelta(minutes=190), **gone)
    forecast, waits = found(tables, delay_minutes=120)
    assert (waits.flight, waits.kind, waits.minutes, waits.changed) == ("B6 1", "delayed", 130, None)
    assert waits.text == (
        "JetBlue Airways 1 (B6 1) JFK–BOS, due to leave at 13:50 (New York), has not left, 2 h 10 min after its "
        "schedule."
    )
    assert (forecast.flight, forecast.minutes) == ("B6 3", 300)


AHEAD = NEWEST + timedelta(minutes=130)
FORESEEN = {"delay_minutes": 60, "forecast_minutes": 30, "probability": 0.5}


def test_a_forecast_is_told_where_it_is_likely_enough_and_how_early_that_is(tables):
    key = tables.flight("1", "scheduled", AHEAD)
    tables.forecast(key)
    [alert] = found(tables, **FORESEEN)
    assert (alert.kind, alert.minutes, alert.minutes_ahead, alert.changed) == ("forecast", 35, 130, None)
    assert alert.text == (
        "JetBlue Airways 1 (B6 1) JFK–BOS, due to leave at 18:10 (New York), is forecast to leave 30 min late or more, "
        "or never, with 54 %: about 35 min late, 12 min to 1 h 18 min late in eight of ten cases; above all: "
        "JFK: flights due in the last hour are 34 min late on average (more likely late); told 2 h 10 min before its "
        "scheduled departure."
    )
    said = json.loads(json.dumps(asdict(alert)))
    assert said["minutes_ahead"] == 130
    assert {name: said["forecast"][name] for name in ("p10", "p90", "p_late", "made_at", "probability")} == {
        "p10": 12.0,
        "p90": 78.0,
        "p_late": 0.62,
        "made_at": "2013-07-10T20:00:00Z",
        "probability": round(at_least(30, Said(12, 35, 78, 0.62, 0.03)), 4),
    }
    assert found(tables, **FORESEEN | {"probability": 0.55}) == []
    assert found(tables, **FORESEEN | {"forecast_minutes": 40}) == []
    assert found(tables, **FORESEEN | {"forecast_minutes": 0}) == []


@pytest.mark.parametrize(
    ("said", "flight"),
    [
        ({}, {"status": "active", "dep_delay_min": 5}),
        ({}, {"scheduled": NEWEST}),
        ({}, {"scheduled": NEWEST - timedelta(minutes=10)}),
        ({}, {"status": "cancelled", "watch": {"cancelled": False}}),
        ({"p10": 0.0, "p50": 5.0, "p90": 20.0, "p_late": 0.2}, {}),
        ({}, {"watch": {"airlines": ["UA"]}}),
        ({}, {"watch": {"airports": ["EWR"]}}),
    ],
    ids=["left", "due", "overdue", "cancelled", "not late", "another airline", "another airport"],
)
def test_a_forecast_that_does_not_hold_or_is_not_asked_for_is_not_told(tables, said, flight):
    given = {"status": "scheduled", "scheduled": AHEAD} | flight
    asked = FORESEEN | given.pop("watch", {})
    tables.forecast(tables.flight("1", given.pop("status"), **given), **said)
    assert found(tables, **asked) == []


def test_the_newest_forecast_counts(tables):
    for number, late in (("1", 0.0), ("2", 60.0)):
        key = tables.flight(number, "scheduled", AHEAD)
        tables.forecast(key, NEWEST - timedelta(hours=1), p10=60.0 - late, p50=65.0 - late, p90=70.0)
        tables.forecast(key, p10=late, p50=late + 5, p90=70.0, p_late=late / 70)
    assert [alert.flight for alert in found(tables, **FORESEEN)] == ["B6 2"]


def test_what_is_likely_to_be_cancelled_counts_as_late(tables):
    tables.forecast(tables.flight("1", "scheduled", AHEAD), p10=-5.0, p50=0.0, p90=5.0, p_late=0.6, p_cancelled=0.6)
    [alert] = found(tables, **FORESEEN)
    assert alert.forecast["probability"] == 0.6


def test_what_is_known_is_told_in_the_place_of_what_is_forecast(tables):
    tables.forecast(tables.flight("1", "cancelled", AHEAD))
    tables.forecast(tables.flight("2", "scheduled", AHEAD, dep_delay_forecast_min=60))
    tables.forecast(tables.flight("3", "scheduled", AHEAD, dep_delay_forecast_min=50))
    kinds = {alert.flight: alert.kind for alert in found(tables, **FORESEEN)}
    assert kinds == {"B6 1": "cancelled", "B6 2": "delayed", "B6 3": "forecast"}


def test_forecasts_stand_among_what_is_known_by_what_is_to_be_expected(tables):
    tables.flight("1", dep_delay_min=100)
    tables.forecast(tables.flight("2", "scheduled", AHEAD), p50=80.0, p90=90.0)
    tables.flight("3", dep_delay_min=60)
    assert [alert.flight for alert in found(tables, **FORESEEN)] == ["B6 1", "B6 2", "B6 3"]


def test_tables_of_the_version_before_have_no_forecast_and_their_alerts_are_told(tables):
    tables.flight("1", "cancelled", AHEAD)
    tables.database.run("drop table flight_forecasts")
    tables.there.remove("flight_forecasts")
    [alert] = found(tables, **FORESEEN)
    assert (alert.kind, alert.minutes_ahead) == ("cancelled", 130)
    assert alert.text.endswith("is cancelled; told 2 h 10 min before its scheduled departure.")


def test_the_gravest_come_first_by_the_weights_of_the_board(tables):
    tables.flight("1", dep_delay_min=100)
    tables.flight("2", "diverted")
    tables.flight("3", "cancelled")
    tables.flight("4", dep_delay_min=301)
    tables.flight("5", dep_delay_min=250)
    assert [alert.flight for alert in found(tables)] == ["B6 4", "B6 3", "B6 5", "B6 2", "B6 1"]


@pytest.mark.parametrize(
    ("watch", "expected"),
    [
        ({"airlines": ["b6"]}, {"1"}),
        ({"airlines": ["UAL"]}, {"2"}),
        ({"airports": ["KORD"]}, {"2"}),
        ({"airports": ["JFK"]}, {"1"}),
        ({"routes": ["EWR-ORD"]}, {"2"}),
        ({"routes": ["ORD-EWR"]}, set()),
        ({"tails": ["N504JB"]}, {"1"}),
        ({"airlines": ["B6"], "airports": ["ORD"]}, set()),
        ({"cancelled": False}, set()),
        ({}, {"1", "2"}),
    ],
)
def test_a_watch_looks_where_it_is_told(tables, watch, expected):
    tables.flight("1", "cancelled")
    tables.flight(
        "2",
        "cancelled",
        airline_iata="UA",
        airline_icao="UAL",
        dep_iata="EWR",
        arr_iata="ORD",
        arr_icao="KORD",
        aircraft_registration=None,
    )
    assert {alert.flight.removeprefix("B6").strip() for alert in found(tables, **watch)} == expected


def test_what_was_long_ago_is_no_news(tables):
    tables.flight("1", "cancelled", scheduled=datetime(2013, 7, 9, 7, 59))
    tables.flight("2", "cancelled", scheduled=datetime(2013, 7, 9, 8, 1))
    assert [alert.flight for alert in found(tables)] == ["B6 2"]
    assert [alert.flight for alert in found(tables, hours=1)] == []


def test_without_tables_there_is_nothing_to_tell(monkeypatch):
    monkeypatch.setattr(catalog, "read", lambda: Catalog())
    assert touched_dates(None) == []
    assert matches(watch_of(), []) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"airlines": ["B6' or 1=1"]}, "'airlines' holds"),
        ({"routes": ["JFK"]}, "JFK-LAX"),
        ({"watch": "My Watch"}, "'watch' must be a name"),
        ({"delay_minutes": -1}, "'delay_minutes'"),
        ({"forecast_minutes": -1}, "'forecast_minutes'"),
        ({"probability": 0.0}, "'probability' must be above 0"),
        ({"probability": 1}, "below 1"),
        ({"probability": "0.8"}, "'probability' must be float"),
        ({"airline": ["B6"]}, "did you mean 'airlines'"),
    ],
)
def test_a_watch_that_does_not_fit_is_refused(given, message):
    with pytest.raises(ParameterError, match=message):
        watch_of(**given)


@pytest.fixture
def bucket(stack, monkeypatch):
    monkeypatch.setenv("AVIATION_RUNS_BUCKET", "runs-of-the-alerts-tests")
    aws.client("s3").create_bucket(Bucket="runs-of-the-alerts-tests")


def test_each_disruption_is_told_once_and_later_loads_add_what_is_new(tables, bucket):
    told: list[str] = []

    def send(batch: list[Alert]) -> None:
        told.extend(alert.flight for alert in batch)

    watch = watch_of(watch="once")
    for number in range(25):
        tables.flight(str(number), "cancelled")
    tables.load(datetime(2026, 3, 1))
    report = alerts.run(watch, send=send)
    assert (len(told), report["sent"], report["cancelled"]) == (25, 25, 25)
    assert alerts.run(watch, send=send)["sent"] == 0
    tables.flight("99", "diverted")
    assert alerts.run(watch, send=send)["sent"] == 0  # no load yet
    tables.load(datetime(2026, 3, 2))
    assert alerts.run(watch, send=send)["sent"] == 1
    assert told[-1] == "B6 99"
    assert len(told) == len(set(told)) == 26


def test_a_forecast_is_told_once_and_the_delay_that_follows_is_told_too(tables, bucket):
    key = tables.flight("1", "scheduled", AHEAD)
    tables.forecast(key)
    tables.load(datetime(2026, 3, 1))
    told, watch = [], watch_of(watch="foreseen", **FORESEEN)
    report = alerts.run(watch, send=told.append)
    assert (report["forecast"], report["sent"]) == (1, 1)
    later = NEWEST + timedelta(minutes=30)
    tables.forecast(key, later, p50=60.0)
    tables.load(datetime(2026, 3, 2), newest=later)
    assert alerts.run(watch, send=told.append)["sent"] == 0
    tables.database.run("update flights set dep_delay_forecast_min = 70")
    tables.load(datetime(2026, 3, 3), newest=later + timedelta(minutes=30))
    report = alerts.run(watch, send=told.append)
    assert (report["delayed"], report["forecast"], report["sent"]) == (1, 0, 1)
    assert [(alert.kind, alert.minutes_ahead) for [alert] in told] == [("forecast", 130), ("delayed", 70)]


def test_an_acknowledged_forecast_is_not_told_and_what_becomes_of_it_is(tables, bucket):
    key = tables.flight("71", "scheduled", AHEAD)
    tables.forecast(key)
    tables.load(datetime(2026, 3, 1))
    quiet.put(Quiet("acknowledged", "flight", key, "forecast", "ann", quiet.now(), None))
    told, watch = [], watch_of(watch="acknowledged-forecast", **FORESEEN)
    report = alerts.run(watch, send=told.append)
    assert (report["sent"], report["muted"]) == (0, 1)
    tables.database.run("update flights set dep_delay_forecast_min = 70")
    tables.load(datetime(2026, 3, 2), newest=NEWEST + timedelta(minutes=30))
    assert alerts.run(watch, send=told.append)["delayed"] == 1


def test_what_the_batches_of_a_load_brought_is_told_once_and_all_of_it(tables, bucket):
    told: list[str] = []

    def send(batch: list[Alert]) -> None:
        told.extend(alert.flight for alert in batch)

    watch = watch_of(watch="batches")
    next_day = date(2013, 7, 11)
    tables.flight("1", "cancelled")
    tables.flight("2", "cancelled", flight_date=next_day, flight_key=f"{next_day}|JFK|JBU|2")
    tables.load(datetime(2026, 3, 1), run="before", day=date(2013, 7, 1))
    for batch, day in ((1, DAY), (2, next_day)):
        tables.load(datetime(2026, 3, 2, 0, batch), run="in two batches", day=day, batch=batch)
    report = alerts.run(watch, send=send)
    assert report["flight_dates"] == ["2013-07-10", "2013-07-11"]  # of both batches, and not of the load before
    assert told == ["B6 1", "B6 2"]
    for batch, day in ((1, DAY), (2, next_day)):
        tables.load(datetime(2026, 3, 3, 0, batch), run="again in two", day=day, batch=batch)
    tables.flight("3", "diverted")
    alerts.run(watch, send=send)
    assert told == ["B6 1", "B6 2", "B6 3"]


def test_a_run_that_is_cut_off_tells_the_rest_the_next_time(tables, bucket):
    told: list[str] = []

    def breaks(batch: list[Alert]) -> None:
        if told:
            raise AviationError("cut off")
        told.extend(alert.flight for alert in batch)

    watch = watch_of(watch="cut")
    for number in range(20):
        tables.flight(str(number), "cancelled")
    tables.load(datetime(2026, 3, 1))
    with pytest.raises(AviationError):
        alerts.run(watch, send=breaks)
    assert len(told) == 10
    alerts.run(watch, send=lambda batch: told.extend(alert.flight for alert in batch))
    assert len(told) == len(set(told)) == 20


class Told:
    """Runs a watch, and keeps what it told."""

    def __init__(self, name: str):
        self.name = name

    def by(self, tables: Tables) -> list[str]:
        """The flights that a run tells of now."""
        told: list[str] = []
        alerts.run(watch_of(watch=self.name), send=lambda batch: told.extend(alert.flight for alert in batch))
        return told

    def kept(self) -> dict:
        """What it remembers."""
        body = aws.client("s3").get_object(Bucket="runs-of-the-alerts-tests", Key=f"alerts/{self.name}.json")["Body"]
        return json.loads(body.read())

    def keep(self, body: bytes) -> None:
        """Let it remember this."""
        aws.client("s3").put_object(Bucket="runs-of-the-alerts-tests", Key=f"alerts/{self.name}.json", Body=body)


IN_A_YEAR = datetime.now(UTC).replace(tzinfo=None, microsecond=0) + timedelta(days=365)


def test_a_clock_that_was_ahead_or_behind_once_hides_no_load(tables, bucket):
    watch = Told("clocks")
    clocks = [datetime(2026, 3, 1), IN_A_YEAR, datetime(2026, 3, 1, 1), datetime(2012, 1, 1), datetime(2026, 3, 1, 1)]
    for number, clock in enumerate(clocks):
        tables.flight(str(number), "cancelled")
        tables.load(clock, run=f"load {number}")
        assert watch.by(tables) == [f"B6 {number}"]


def test_a_watch_that_begins_after_a_clock_was_ahead_looks_at_the_newest_load(tables, bucket):
    tables.load(IN_A_YEAR, day=date(2013, 7, 1))
    tables.flight("1", "cancelled")
    tables.load(datetime(2026, 3, 1))
    assert Told("begun-late").by(tables) == ["B6 1"]


def test_a_load_that_is_written_after_one_that_ended_later_is_told(tables, bucket):
    watch = Told("at-once")
    tables.load(datetime(2026, 3, 1))
    watch.by(tables)
    tables.load(datetime(2026, 3, 1, 2), day=date(2013, 7, 9))
    watch.by(tables)
    tables.flight("1", "cancelled")
    tables.load(datetime(2026, 3, 1, 1), run="the slower one")
    assert watch.by(tables) == ["B6 1"]


@pytest.mark.parametrize("until", [datetime(2026, 3, 1, 0, 0, 0, 5), IN_A_YEAR], ids=["right", "ahead"])
def test_what_a_watch_remembers_by_its_last_load_is_read_on(tables, bucket, until):
    watch = Told(f"upgraded-{until.year}")
    known, new = tables.flight("1", "cancelled"), tables.flight("2", "cancelled")
    other_day = date(2013, 7, 9)
    tables.flight("3", "cancelled", flight_date=other_day, flight_key=f"{other_day}|JFK|JBU|3")
    alert_id = Alert(watch.name, "cancelled", known, "", "", "", None, None, None, "").alert_id
    kept = {"alerts": {str(DAY): [alert_id]}, "loads_until": f"{until:%Y-%m-%d %H:%M:%S.%f}"}
    watch.keep(json.dumps(kept).encode())
    tables.load(datetime(2026, 2, 1), day=other_day)
    tables.load(until, day=other_day)
    tables.load(datetime(2026, 3, 2), run="the first after the upgrade")
    assert watch.by(tables) == ["B6 2"]
    assert watch.kept()["alerts"][str(DAY)] == [alert_id, Alert(watch.name, "cancelled", new, *[""] * 6, "").alert_id]
    assert watch.by(tables) == []


def test_what_a_watch_remembers_is_bounded_and_what_it_forgets_is_not_told_again(tables, bucket, monkeypatch):
    monkeypatch.setattr(sent, "KEPT_LOADS", 3)
    monkeypatch.setattr(sent, "KEPT_DATES", 1)  # nothing but the loads keeps it from telling twice
    watch = Told("bounded")
    days = [DAY + timedelta(days=number) for number in range(12)]
    for number, day in enumerate(days):
        newest = NEWEST + timedelta(days=number)
        tables.flight(str(number), "cancelled", newest, flight_date=day, flight_key=f"{day}|JFK|JBU|{number}")
        ended = IN_A_YEAR if number == 2 else datetime(2026, 3, 1) + timedelta(days=number)
        tables.load(ended, newest, day, run=f"load {number}")
        assert watch.by(tables) == [f"B6 {number}"]
    kept = watch.kept()
    assert len(kept["seen"]) == 3
    assert len(kept["alerts"]) == 1
    assert kept["forgotten"]["flight_date"] == str(days[8])


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"\xff", b"[" * 100_000, b'{"alerts": []}', b'{"alerts": {"x": []}}'),
        *(b'{"alerts": {}, "forgotten": [1]}', b'{"alerts": {}, "loads_until": 3}'),
    ],
)
def test_what_a_watch_cannot_read_of_its_past_is_told_in_one_line(tables, bucket, body):
    watch = Told("unreadable")
    watch.keep(body)
    with pytest.raises(AviationError, match=r"alerts/unreadable\.json.*cannot be read: delete it") as caught:
        watch.by(tables)
    assert "\n" not in str(caught.value)


def test_a_message_reaches_who_subscribed_and_the_file_of_a_laptop(stack, tables):
    sns, sqs = aws.client("sns"), aws.client("sqs")
    queue = sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = sns.subscribe(TopicArn=places.place("AlertsTopic"), Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    tables.flight("1", "cancelled")
    try:
        [alert] = found(tables, watch="of-this-test")
        alerts.publish([alert])
        [message] = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    finally:
        sns.unsubscribe(SubscriptionArn=subscription)
    body = json.loads(message["Body"])
    assert body["Subject"] == "B6 1 cancelled: JFK-BOS"
    assert body["Message"].startswith(alert.text)
    assert body["MessageAttributes"]["kind"]["Value"] == "cancelled"
    last = (stack.home / "alerts.jsonl").read_text().splitlines()[-1]
    assert json.loads(last) == asdict(alert)


def muted(code: str, scope: str = "flight", hours: float = 1) -> Quiet:
    return Quiet("muted", scope, code, None, "ann", quiet.now(), quiet.now() + timedelta(hours=hours))


def nothing_is_quiet() -> None:
    quiet.change(lambda quiets: [])


@pytest.mark.parametrize(
    ("scope", "code", "told"),
    [
        ("flight", f"{DAY}|JFK|JBU|1", {"B6 2", "UA 3"}),
        ("airline", "B6", {"UA 3"}),
        ("airport", "ORD", {"B6 1", "B6 2"}),
        ("route", "JFK-BOS", {"UA 3"}),
        ("route", "BOS-JFK", {"B6 1", "B6 2", "UA 3"}),
    ],
)
def test_what_is_muted_is_neither_sent_nor_noted_as_sent_and_is_counted(tables, bucket, scope, code, told):
    name = f"mute-{scope}-{code[:3].lower()}"
    tables.flight("1", "cancelled")
    tables.flight("2", "diverted")
    united = {"flight_iata": "UA3", "airline_iata": "UA", "airline_icao": "UAL", "dep_iata": "EWR", "arr_iata": "ORD"}
    tables.flight("3", "cancelled", **united)
    tables.load(datetime(2026, 3, 1))
    nothing_is_quiet()
    quiet.put(muted(code, scope))
    sent_now: list[str] = []
    report = alerts.run(watch_of(watch=name), send=lambda batch: sent_now.extend(alert.flight for alert in batch))
    assert set(sent_now) == told
    assert (report["matches"], report["sent"], report["muted"]) == (3, len(told), 3 - len(told))
    assert report["cancelled"] + report["diverted"] == len(told)
    assert sum(map(len, Told(name).kept()["alerts"].values())) == len(told)


def test_after_a_mutes_end_the_next_load_of_the_date_tells_what_still_matters(tables, bucket):
    watch = Told("mute-ends")
    tables.flight("1", "cancelled")
    over, long_ago = tables.flight("2", "diverted"), tables.flight("3", "cancelled")
    tables.load(datetime(2026, 3, 1))
    nothing_is_quiet()
    quiet.put(muted("B6", "airline"))
    assert watch.by(tables) == []
    quiet.put(muted("B6", "airline", hours=-1))
    assert watch.by(tables) == []  # nothing was loaded since
    tables.load(datetime(2026, 3, 1, 1), day=date(2013, 7, 9))
    assert watch.by(tables) == []  # nor anything of that date
    run = tables.database.run
    run(f"update flights set flight_status = 'landed' where flight_key = '{over}'")
    run(f"update flights set dep_scheduled_utc = timestamp '2013-07-08' where flight_key = '{long_ago}'")
    tables.load(datetime(2026, 3, 1, 2))
    assert watch.by(tables) == ["B6 1"]
    tables.load(datetime(2026, 3, 1, 3))
    assert watch.by(tables) == []


def test_an_acknowledged_disruption_is_not_sent_and_what_befalls_the_flight_after_it_is(tables, bucket):
    watch = Told("acknowledged")
    key = tables.flight("1", dep_delay_min=90)
    nothing_is_quiet()
    quiet.put(Quiet("acknowledged", "flight", key, "delayed", "ann", quiet.now(), None))
    for hour in range(2):
        tables.load(datetime(2026, 3, 1, hour))
        assert watch.by(tables) == []
    tables.database.run(f"update flights set flight_status = 'diverted' where flight_key = '{key}'")
    tables.load(datetime(2026, 3, 1, 2))
    assert watch.by(tables) == ["B6 1"]


def test_where_it_cannot_be_read_what_is_muted_nothing_is_sent_and_the_run_fails(tables, bucket):
    watch = Told("damaged-quiet")
    tables.flight("1", "cancelled")
    tables.load(datetime(2026, 3, 1))
    aws.client("s3").put_object(Bucket="runs-of-the-alerts-tests", Key=quiet.KEY, Body=b"{")
    with pytest.raises(AviationError, match="cannot be read: delete it"):
        watch.by(tables)
    aws.client("s3").delete_object(Bucket="runs-of-the-alerts-tests", Key=quiet.KEY)
    assert watch.by(tables) == ["B6 1"]
