"""The brief says what the board says, as text, as a page and in pictures."""

import base64
import re
from collections import Counter
from datetime import datetime, timedelta
from types import SimpleNamespace

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner
from PIL import Image

from aviation import brief, tell
from aviation.board.moment import moment
from aviation.board.pages.hours import OUTCOMES_NOTE
from aviation.board.pages.now import now
from aviation.board.pages.tiles import Tile
from aviation.brief import content, job
from aviation.cli import main
from aviation.errors import ParameterError
from aviation.views.holding import holding
from support.board import MadeTables, storm
from support.board_made import EVIL, day, insert_loads, load
from support.forecasts_made import foreseen
from support.made_up import NOON
from support.receiver import receiver

STORM = datetime(2013, 7, 10, 20, 10)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("brief")
    return brief.write(storm(), folder, as_of=STORM), folder


def test_the_brief_says_what_the_board_says_at_that_moment(written):
    made, _ = written
    board = now(storm(), moment(storm(), "", STORM.isoformat()))
    counts = {tile.name: tile.text for tile in board.tiles}
    assert made.title == (
        f"Brief, Wednesday 10 July 2013: {counts['Cancelled']} cancelled, {counts['Diverted']} diverted, "
        f"{counts['Overdue']} overdue"
    )
    assert f"As known at 20:10 UTC. {board.left_out}" in made.text
    for tile in board.tiles:
        assert f"- {tile.name}: {tile.text} ({tile.note})" in made.text
    assert f"- {board.groups[0].title}" in made.text
    told = re.findall(r"(\d+) more flights on the board", made.text)
    shown = sum(len(getattr(item, "cases", [item])) for item in board.groups[:12])
    assert [int(number) for number in told] == [board.cases_found - shown]


def test_what_changed_overnight_is_what_became_known_in_twelve_hours(written):
    made, _ = written
    history = storm().database.run("select * from flight_history").df()
    known = history[(history["known_from"] <= STORM)].sort_values("known_from").groupby("flight_key").tail(1)
    before = history[history["known_from"] <= STORM - timedelta(hours=12)].sort_values("known_from")
    before = before.groupby("flight_key").tail(1).set_index("flight_key")["flight_status"]
    was = known["flight_key"].map(before)
    for status in ("cancelled", "diverted"):
        number = ((known["flight_status"] == status) & (was != status)).sum()
        assert re.search(rf"- {number} flights? {status}: ", made.text), (status, number)
    assert "What changed in twelve hours (since 08:10 UTC)" in made.text


def test_what_changed_is_counted_by_flight_and_the_cancelled_by_airline(written):
    made, _ = written
    run = storm().database.run
    since = STORM - timedelta(hours=12)
    events = run("select * from flight_events").df()
    events = events[(events["known_from"] > since) & (events["known_from"] <= STORM)]
    known = events[events["from_value"].notna()]
    for changed, field, word in (
        (events, "dep_estimated_utc", "estimated departure"),
        (known, "dep_gate", "gate"),
        (known, "aircraft_registration", "aircraft"),
    ):
        number = changed[changed["field"] == field]["flight_key"].nunique()
        told = re.findall(rf"- (\d+) flights? with .*{word}", made.text)
        assert [int(one) for one in told] == [number] * bool(number), field
    cancelled = events[(events["field"] == "flight_status") & (events["to_value"] == "cancelled")]
    flights = run("select flight_key, airline_name from flights").df().set_index("flight_key")
    counts = flights["airline_name"].loc[cancelled["flight_key"].unique()].value_counts()
    [told] = re.findall(r"- \d+ flights cancelled: (.*)", made.text)
    assert dict(one.rsplit(" ", 1) for one in told.split(", ")) == {
        name: str(number) for name, number in counts.items()
    }


def test_of_many_airlines_the_first_are_named_and_the_others_counted():
    cases = [SimpleNamespace(airline=name) for name in "aaaaaabbbbbccccdddeef"]
    assert content._airlines(cases) == ": a 6, b 5, c 4, d 3, others 3"


def test_a_flight_to_watch_is_told_in_the_local_time_of_its_departure_with_its_reason(written):
    made, _ = written
    board = now(storm(), moment(storm(), "", STORM.isoformat()))
    scheduled = storm().database.run("select flight_key, dep_scheduled_local from flights").df().set_index("flight_key")
    single = [item for item in board.groups[:12] if not hasattr(item, "cases")]
    assert single
    for case in single:
        local = scheduled["dep_scheduled_local"][case.flight_key]
        assert f"- {case.flight} {case.route}, {local:%H:%M} local time: {case.reason}\n" in made.text
    for group in [item for item in board.groups[:12] if hasattr(item, "cases") and item.cost_usd]:
        assert f"- {group.title}, $ {group.cost_usd:,.0f} in all\n" in made.text


def test_a_figure_has_its_target_and_how_it_changed_in_twelve_hours():
    later = moment(storm(), "", (STORM + timedelta(hours=4)).isoformat()).known_at
    since = later - timedelta(hours=12)
    lines = {line.partition(":")[0]: line for line in content.content(storm(), later).sections[0].lines}
    after, before = (
        {tile.name: tile for tile in now(storm(), moment(storm(), "", when.isoformat())).tiles}
        for when in (later, since)
    )
    assert {tile.is_met for tile in after.values()} >= {False, None}
    for name, tile in after.items():
        if tile.target:
            assert f", {tile.target} {'met' if tile.is_met else 'missed'}" in lines[name]
    change = int(after["Cancelled"].text) - int(before["Cancelled"].text)
    assert change > 0
    assert re.search(rf"; \D*{change}\b.* since {since:%H:%M}", lines["Cancelled"])


def test_a_target_that_is_met_is_told_so():
    tile = Tile(name="Overdue", value=0, text="0", note="none", target="target 0", is_met=True, change_text="−3")
    assert content._tile(tile, STORM) == "Overdue: 0 (none), target 0 met; −3 since 20:10"


def test_of_another_day_than_the_flights_the_moment_has_its_date():
    assert content.content(storm(), datetime(2013, 7, 11, 12, 30)).lead.startswith("As known on 11 July at 12:30 UTC.")


def test_the_brief_of_now_says_how_old_the_newest_flights_are():
    made = day(12)
    insert_loads(made, load())
    assert re.search(r"The newest flights are .* old", content.content(MadeTables(made), None).lead)
    assert "newest flights" not in content.content(MadeTables(made), NOON).lead


def test_the_page_has_the_words_of_the_text_and_shows_the_pictures_beside_it(written):
    made, folder = written
    assert (folder / "brief.html").read_text() == made.html
    assert (folder / "brief.txt").read_text() == made.text
    page = BeautifulSoup(made.html, "html.parser")
    lines = [item.get_text() for item in page.find_all("li")]
    assert lines == [line.removeprefix("- ") for line in made.text.splitlines() if line.startswith("- ")]
    assert [picture.name for picture in made.pictures] == [image["src"] for image in page.find_all("img")]
    assert all(image["alt"] for image in page.find_all("img"))
    assert OUTCOMES_NOTE in [caption.get_text() for caption in page.find_all("figcaption")]
    for picture in made.pictures:
        with Image.open(picture) as image:
            assert image.format == "PNG"
            assert min(image.size) > 400
    assert not page.find_all("script")


def test_without_flights_the_brief_says_so(tmp_path):
    made = brief.write(MadeTables(), tmp_path)
    assert made.title == "Morning brief: there are no flights yet"
    assert made.pictures == []
    assert brief.write(storm(), tmp_path, as_of=datetime(2013, 7, 1)).pictures == []


def test_what_records_say_is_text_in_the_page(tmp_path):
    made = day(12, airline_name=f"\x1b[31m{EVIL}", flight_status="cancelled", dep_gate=EVIL)
    insert_loads(made, load())
    written = brief.write(MadeTables(made), tmp_path)
    assert "\x1b" not in written.text
    page = BeautifulSoup(written.html, "html.parser")
    assert EVIL in page.get_text()
    assert not page.find_all(["script", "iframe"])
    assert not page.find_all("img", src="x")
    assert '<img src="cid:' not in written.html


@pytest.fixture
def two_days() -> MadeTables:
    """10 July, and from noon of 11 July on the same flights a day later."""
    made = day(30, flight_status=["cancelled"] * 3 + ["diverted"] * 2 + ["scheduled"] * 5 + ["landed"] * 20)
    later = made.run("select * from flights").df()
    later["flight_date"] += pd.Timedelta(days=1)
    later["flight_key"] = later["flight_key"].str.replace("2013-07-10", "2013-07-11")
    made.insert("flights", later)
    later["observed_at"] = NOON + timedelta(days=1)
    made.insert("flight_history", later.assign(known_from=NOON + timedelta(days=1), known_until=pd.NaT))
    made.insert("flight_observations", later[["flight_key", "flight_date", "observed_at"]].assign(is_operating=True))
    insert_loads(made, load())
    return MadeTables(made)


def test_the_day_before_is_told_where_there_is_one(two_days):
    said = content.content(two_days, None)
    [on_time] = [tile for tile in now(two_days, moment(two_days, "2013-07-10")).tiles if tile.name == "On time so far"]
    assert "Thursday 11 July 2013" in said.title
    assert said.sections[-1].title == "The day before (10 July)"
    assert said.sections[-1].lines == [
        f"On time: {on_time.text} of 25 flights finished, of 30 in all",
        "3 cancelled, 2 diverted",
    ]


def test_the_brief_is_of_the_newest_day_that_was_known_at_its_moment(two_days):
    said = content.content(two_days, NOON + timedelta(hours=1))
    assert "Wednesday 10 July 2013" in said.title
    assert not [section for section in said.sections if "day before" in section.title]


def test_mail_gets_the_page_with_its_pictures_and_others_the_text(written, monkeypatch):
    made, _ = written
    given = []
    monkeypatch.setattr(tell, "send", lambda messages: given.extend(messages))
    brief.send(made)
    [message] = given
    assert (message.title, message.text, list(message.pictures)) == (made.title, made.text, made.pictures)
    assert message.html.count('<img src="cid:') == len(made.pictures) == 2


def test_the_brief_reaches_a_webhook_with_its_pictures(stack, written):
    made, _ = written
    with receiver() as hook:
        tell.put(hook.address("morning"))
        try:
            assert not brief.send(made)
        finally:
            tell.clear()
    [(path, body)] = hook.messages
    assert (path, body["title"]) == ("/morning", made.title)
    assert body["message"].strip() == made.text.strip()
    sent = [base64.b64decode(one["base64"]) for one in body["attachments"]]
    assert sent == [picture.read_bytes() for picture in made.pictures]


def test_a_run_that_reaches_no_address_ends_with_a_warning(written, tmp_path, monkeypatch):
    made, _ = written
    monkeypatch.setattr(job, "Tables", storm)
    monkeypatch.setattr(job, "send", lambda _: pd.Series([1], ["Slack"]).to_dict())
    chosen = brief.resolve(as_of="2013-07-10T20:10Z", sends=True, folder=str(tmp_path))
    again, report = brief.run(chosen)
    assert again.text == made.text
    assert report == {
        "status": "warning",
        "title": made.title,
        "pictures": 2,
        "sent": True,
        "warning": "1 message did not reach Slack: 'aviation tell --test' tries each",
    }
    assert "data:image/png;base64" in brief.page(again).data


def test_a_run_that_was_not_told_to_sends_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(job, "Tables", storm)
    monkeypatch.setattr(job, "send", lambda _: pytest.fail("it was sent"))
    _, report = brief.run(brief.resolve(as_of="2013-07-01", sends=False, folder=str(tmp_path)))
    assert (report["status"], report["sent"]) == ("ok", False)
    with pytest.raises(ParameterError, match="noon"):
        brief.resolve(as_of="noon", sends=False, folder="")


def test_the_command_ends_with_the_pages_path_or_with_whom_the_brief_did_not_reach(tmp_path, monkeypatch):
    monkeypatch.setattr(job, "Tables", storm)
    monkeypatch.setattr(job, "send", lambda _: Counter({"Slack": 1}))
    command = ["brief", "--as-of", "2013-07-01", "-o", str(tmp_path)]
    kept, sent = (CliRunner().invoke(main, [*command, *more]) for more in ([], ["--send"]))
    assert (kept.exit_code, kept.stdout.splitlines()[-1]) == (0, str(tmp_path / "brief.html"))
    line = "aviation: 1 message did not reach Slack: 'aviation tell --test' tries each\n"
    assert (sent.exit_code, sent.stderr) == (1, line)


def test_the_brief_says_how_many_flights_are_forecast_late_or_why_none():
    then = datetime(2013, 7, 10, 20, 10)
    lead = content.content(foreseen(), then).lead
    held = foreseen().records(holding(), day=then.date(), as_of=then)
    late = sum(row["p50"] >= 30 for row in held)
    assert f"Forecast of {len(held)} flights still to leave: {late} flights 30 min late or more." in lead
    assert 0 < late < len(held)
    assert "No forecast had been made by then." in content.content(storm(), then).lead
