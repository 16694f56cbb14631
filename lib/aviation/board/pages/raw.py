"""The raw records behind a flight, read when somebody asks for them, and the refused ones beside them."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from time import monotonic
from typing import Annotated, Any

from botocore.exceptions import ClientError
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from aviation import aws
from aviation.board.asked import TablesOf, UnknownError, page
from aviation.board.moment import Moment
from aviation.board.narrowed import literal
from aviation.board.pages.flight import FIRST, FlightMoment
from aviation.board.tables import Tables
from aviation.errors import AviationError, one_line
from aviation.load.objects import arrival_hour
from aviation.load.read import RAW_TEXT_LIMIT, outcome, unpack
from aviation.places import place
from aviation.sql.as_of import instant
from aviation.words import counted

router = APIRouter()

ENTITY = "flights"
MOST_OBJECTS, MOST_RECORDS, MOST_REFUSED = 80, 200, 50
MOST_BYTES = 16 * 1024 * 1024
"""A larger object is left out."""
SECONDS = 15.0
"""After so long no more objects are read."""
AT_ONCE = 4
DELIVERY = timedelta(hours=1)
"""So long after an observation its object has arrived, in whole hours: Firehose delivers within minutes."""
DENIED = ("AccessDenied", "403", "AllAccessDisabled")


class RawRecord(BaseModel):
    """A line of a raw object (the first is 1), as it came. `codeshare` is the partner's code that it is listed under,
    empty for the operating flight's own record."""

    object: str
    line: int
    observed_at: datetime
    fetched_at: datetime
    codeshare: str
    text: str


class Refused(BaseModel):
    """A record that a rule refused; `names_flight` where it names the flight, else it lies in the same object."""

    rule: str
    reason: str
    object: str
    times_seen: int
    names_flight: bool
    text: str


class Raw(BaseModel):
    """The records of a flight, the newest first. `left_out` says what was not looked at or not found, `denied` that the
    raw bucket may not be read: empty where neither is so."""

    flight_key: str
    records: list[RawRecord]
    objects_read: int
    left_out: str
    denied: str
    refused: list[Refused]


def raw(tables: Tables, moment: Moment, key: str, seen: datetime | None = None) -> Raw:
    """The raw records of the flight `key` until the moment, of the observation at `seen` alone if that is given."""
    of_flight = f"where flight_key = {literal(key)}"
    if not tables.records(f"{FIRST} {of_flight}", day=moment.day, as_of=moment.as_of)[0]["known_from"]:
        raise UnknownError(f"there is no flight {key} in the tables")
    asked = f"select distinct observed_at from flight_observations {of_flight}"
    observed = [row["observed_at"] for row in tables.records(asked, day=moment.day)]
    wanted = [at for at in observed if (at == seen if seen else not moment.as_of or at <= moment.as_of)]
    found = _Search(key, {at.isoformat() for at in wanted})
    objects = _objects(tables, moment, wanted)
    try:
        found.read(objects[:MOST_OBJECTS])
        denied = ""
    except ClientError as error:
        if error.response["Error"]["Code"] not in DENIED:
            raise AviationError(f"the raw records cannot be read: {one_line(error)}") from error
        denied = "you may not read the raw records: that needs s3:GetObject on the stack's raw bucket"
    records = sorted(found.records, key=lambda item: (item.observed_at, item.object, item.line), reverse=True)
    return Raw(
        flight_key=key,
        records=records[:MOST_RECORDS],
        objects_read=found.objects,
        left_out="" if denied else _left_out(len(objects) - found.objects, len(records) - MOST_RECORDS, found.missing),
        denied=denied,
        refused=_refused(tables, moment, key, {record.object for record in records}),
    )


def _objects(tables: Tables, moment: Moment, observed: list[datetime]) -> list[str]:
    """The objects that can hold these observations, the newest first: of the loads that had flights of the day, those
    that arrived when they were observed; all of them where none did, as in a replay or a backfill."""
    listed = f"""
    select distinct key
    from loads
    cross join unnest(objects) as listed(key)
    where contains(flight_dates, date '{moment.day}') and key like '{ENTITY}/%'
    order by key desc"""
    keys = [row["key"] for row in tables.records(listed)]
    starts = {at.replace(minute=0, second=0, microsecond=0) for at in observed}
    hours = starts | {start + DELIVERY for start in starts}
    return [key for key in keys if arrival_hour(key, ENTITY) in hours] or keys


class _Search:
    """Looks for the lines of one flight that were observed at one of `instants` (ISO, UTC, naive)."""

    def __init__(self, key: str, instants: set[str]) -> None:
        self.key, self.instants = key, instants
        self.records: list[RawRecord] = []
        self.objects = 0
        day, _, rest = key.partition("|")
        number = rest.rpartition("|")[2]
        # A line without these is of another flight, and need not be parsed. A key without a number ends in a time.
        self._signs = [text.encode() for text in (day, number) if text.isalnum() or text == day]

    @property
    def missing(self) -> int:
        """Of how many of the instants nothing was found."""
        return len(self.instants - {record.observed_at.isoformat() for record in self.records})

    def read(self, keys: list[str]) -> None:
        """Read the objects, until the time is up. ClientError where one cannot be read."""
        s3, bucket, until = aws.client("s3", max_pool_connections=AT_ONCE), place("RawBucket"), monotonic() + SECONDS

        def lines(key: str) -> list[RawRecord] | None:
            if monotonic() > until:
                return None
            try:
                body = s3.get_object(Bucket=bucket, Key=key)["Body"].read(MOST_BYTES + 1)
            except s3.exceptions.NoSuchKey:  # raw records are kept for a while only
                return None
            return list(self._lines(key, body)) if len(body) <= MOST_BYTES else None

        with ThreadPoolExecutor(AT_ONCE) as pool:
            for found in pool.map(lines, keys):
                if found is not None:
                    self.records += found
                    self.objects += 1

    def _lines(self, key: str, content: bytes) -> Iterator[RawRecord]:
        for number, line in enumerate(io.BytesIO(unpack(content)[0]), 1):
            if all(sign in line for sign in self._signs):
                said = outcome(key, line)
                values: dict[str, Any] = said.values
                if values.get("flight_key") != self.key or not said.observed_at or not said.fetched_at:
                    continue
                observed_at = datetime.fromisoformat(said.observed_at)
                if observed_at.isoformat() in self.instants:
                    yield RawRecord(
                        object=key,
                        line=number,
                        observed_at=observed_at,
                        fetched_at=datetime.fromisoformat(said.fetched_at),
                        codeshare=values["codeshare"] or "",
                        text=line.decode(errors="replace").rstrip("\n")[:RAW_TEXT_LIMIT],
                    )


def _left_out(objects: int, records: int, observations: int) -> str:
    """What was not looked at and not found, in words."""
    parts = [f"{counted(objects, 'object')} not read"] if objects > 0 else []
    parts += [f"{counted(records, 'older record')} not shown"] if records > 0 else []
    parts += [f"{counted(observations, 'observation')} not found"] if observations else []
    return ", ".join(parts)


def _refused(tables: Tables, moment: Moment, key: str, objects: set[str]) -> list[Refused]:
    asked = f"select flight_iata, flight_icao from flights where flight_key = {literal(key)}"
    codes = tables.records(asked, day=moment.day, as_of=moment.as_of)
    # As JSON writes them: B627 is no part of B6271.
    quoted = [literal(f'"{code}"') for row in codes for code in row.values() if code]
    codes_in_it = " or ".join(f"strpos(raw_text, {text}) > 0" for text in quoted) or "false"
    of_day = f"(strpos(raw_text, '{moment.day}') > 0 or rule in ('has_date', 'date_possible'))"
    lies_beside = f"object in ({', '.join(map(literal, sorted(objects)))})" if objects else "false"
    siblings = f"""
    with candidates as (
        select rule, reason, raw_text as text, object, times_seen, first_seen_at, quarantine_id,
               ({codes_in_it}) and {of_day} as names_flight
        from quarantine
        where entity = '{ENTITY}' and (({codes_in_it}) and {of_day} or {lies_beside})
    )
    select rule, reason, text, object, times_seen, names_flight
    from candidates
    order by names_flight desc, first_seen_at, quarantine_id
    limit {MOST_REFUSED}"""
    return [Refused(**row) for row in tables.records(siblings, as_of=moment.as_of)]


def _seen(observed_at: Annotated[str, Query()] = "") -> datetime | None:
    """`observed_at` is an observation (ISO 8601, UTC), of which alone the records are."""
    return instant(observed_at) if observed_at else None


@router.get("/raw/{flight_key:path}", name="raw", include_in_schema=False)
def raw_page(
    request: Request, tables: TablesOf, at: FlightMoment, flight_key: str, observed_at: str = ""
) -> HTMLResponse:
    """The page, of which that of the flight takes the part `records` when it is unfolded."""
    return page(request, "raw", at, values={"found": raw(tables, at, flight_key, _seen(observed_at))})


@router.get("/api/raw/{flight_key:path}")
def raw_records(tables: TablesOf, at: FlightMoment, flight_key: str, observed_at: str = "") -> Raw:
    """The raw records behind a flight, each with its object and line, and the refused records beside them."""
    return raw(tables, at, flight_key, _seen(observed_at))
