"""The brief says what the board says, as text, as a page and in pictures."""

import base64
import re
from datetime import datetime, timedelta

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from aviation import brief, tell
from aviation.board.moment import moment
from aviation.board.pages.now import now
from aviation.brief import job
from support.board import MadeTables, storm
from support.board_made import EVIL, day, insert_loads, load
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


def test_the_page_has_the_words_of_the_text_and_shows_the_pictures_beside_it(written):
    made, folder = written
    assert (folder / "brief.html").read_text() == made.html
    assert (folder / "brief.txt").read_text() == made.text
    page = BeautifulSoup(made.html, "html.parser")
    lines = [item.get_text() for item in page.find_all("li")]
    assert lines == [line.removeprefix("- ") for line in made.text.splitlines() if line.startswith("- ")]
    assert [picture.name for picture in made.pictures] == [image["src"] for image in page.find_all("img")]
    assert all(image["alt"] for image in page.find_all("img"))
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
    made = day(12, airline_name=EVIL, flight_status="cancelled", dep_gate=EVIL)
    insert_loads(made, load())
    written = brief.write(MadeTables(made), tmp_path)
    page = BeautifulSoup(written.html, "html.parser")
    assert EVIL in page.get_text()
    assert not page.find_all(["script", "iframe"])
    assert not page.find_all("img", src="x")
    assert '<img src="cid:' not in written.html


def test_the_day_before_is_told_where_there_is_one(tmp_path):
    made = day(30)
    later = made.run("select * from flights").df()
    later["flight_date"] += pd.Timedelta(days=1)
    later["flight_key"] = later["flight_key"].str.replace("2013-07-10", "2013-07-11")
    made.insert("flights", later)
    made.insert("flight_history", later.assign(known_from=datetime(2013, 7, 10, 12), known_until=pd.NaT))
    made.insert("flight_observations", later[["flight_key", "flight_date", "observed_at"]].assign(is_operating=True))
    insert_loads(made, load())
    text = brief.write(MadeTables(made), tmp_path).text
    assert "The day before (10 July)" in text
    assert "Thursday 11 July 2013" in text


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
