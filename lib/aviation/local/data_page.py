"""Makes `docs/data.md`, the data dictionary, from the declarations in the code.

Run it after a change to a table, a view, a rule, a flag or a meaning: `python -m aviation.local.data_page`.
"""

from collections.abc import Iterable

from aviation.deploy.build import ROOT
from aviation.load import tables
from aviation.load.derive import FLAGS, STATUS_RULES
from aviation.load.history import WATCHED
from aviation.load.meanings import meaning, table_meaning
from aviation.load.rules import RULES
from aviation.views import VIEWS
from aviation.views.declaration import View

PAGE = ROOT / "docs/data.md"
# In the order in which people ask for them.
ORDER = (
    tables.FLIGHTS,
    tables.HISTORY,
    tables.EVENTS,
    tables.OBSERVATIONS,
    *tables.REFERENCE_TABLES.values(),
    tables.QUARANTINE,
    tables.LOADS,
)
# A flag that looks at every time of a leg has the same condition for each: so long a one is shown for the first alone.
LONG = 200

INTRODUCTION = """# The data

What each table, view and column of the Glue database `aviation` means. Athena, Glue and QuickSight show the same words,
as the comments of tables and columns; a table keeps the comments that it was made with.

This page is made from the code by `python -m aviation.local.data_page`: change the declarations, not the page.

## How the tables fit together

The API is polled, and each record that it gives of a flight becomes a row of `flight_observations`: what was said, and
when. Nothing in that table is ever changed. All observations of one leg are folded into what was known of it at each
moment; each time that something changed, a new version of the leg begins in `flight_history`. The versions that still
hold are `flights`. What differs between two neighbouring versions is a row of `flight_events`. So the last three follow
from the first, and can be worked out again from it."""

AFTER_TABLES = """Ask `flights` how things are, `flight_history` how they were, `flight_events` what changed and when,
`flight_observations` what the API said each time, `loads` how fresh all of it is, and `quarantine` what was refused and
why. The questions that are asked every day are [views](#the-views).

Keys and joins:

- `flight_key` is in all four tables of flights. `flight_date` is too, and they are partitioned by it: a query that
  names the dates that it asks for reads only those.
- `flights.aircraft_icao24 = airplanes.icao_code_hex` finds the airplane of a leg. Not every leg names its aircraft.
- `aircraft_types.iata_code = airplanes.iata_code_short` finds the name of an airplane's type.
- `cities.iata_code = flights.dep_iata` (or `arr_iata`) finds the city of an airport. A city with several airports has a
  code of its own, which none of them may have: join to the left, so that no flight is lost.
- Keys are unique, but `icao_code_hex`, `iata_code_short` and `iata_code` of the reference tables need not be: one leg
  can find two rows.

The age of an airplane is never stored: it is worked out in the query from `first_flight_date`, so that it is never
stale. The API's own `plane_age` is stale, and is left out; so is its `id`, which changes from pull to pull.

Types are those of the tables. Athena calls `string` varchar, `int` integer, and `timestamp_ntz` timestamp(6): a time
without a zone, which holds UTC, or an airport's local time where the name of the column ends in `_local`. A value that
the API gave and that could not be read is null.

## How a leg is identified

`flight_key` is the flight's date, the airport of departure (IATA code, else ICAO), the operating airline (ICAO code,
else IATA) and the number without leading zeros: `2023-07-25|POS|CMP|315`. About half of the API's records are
codeshares: the same flight listed under a partner's number. They name the operating flight, so all records of a leg
meet under one key, and the partners' codes are gathered in `codeshares`. Arrival, times, gate and aircraft are not in
the key, for they get corrected.

A record without an airline or a number falls back to its slot: date, departure, arrival and scheduled local time.
`identity` says which of the two a key is.

In the fold, each field takes the newest value that is not null, and one from the operating flight's own record before
one from a codeshare. An aircraft counts as one field, and so does a position: a registration never meets the address of
another aircraft. A value that the API once gave and no longer gives stays.

## How the status is reconciled

The API's status (`flight_status_api`) lags behind its own times. `flight_status` is what the first rule that fits says,
else the API's status, whatever it is."""

DELAYS = """## Delays

`dep_delay_min` and `arr_delay_min` are the actual time minus the scheduled one, both in UTC, in whole minutes. Early is
negative. They are null as long as one of the two times is not known, and the arrival's is null for a diverted flight,
which may have landed at another airport. Where a cancelled flight has an actual time, its delay stays and the flag
`cancelled_with_actual` is set: leave cancelled flights out of a mean, as the views do.

`dep_delay_forecast_min` and `arr_delay_forecast_min` are what the API expects while there is no actual time yet.
`dep_delay_api_min` and `arr_delay_api_min` are the API's figure untouched. It is null for most late flights, and can be
a forecast: do not take it for the delay.

The API gives every time of departure and arrival as the local time of the airport, although it writes `+00:00` behind
it. UTC follows from the airport's time zone.

## Flags

`flags` of `flights` and `flight_history` names what is unusual about a row. Ask for one with
`contains(flags, 'status_corrected')`."""

AFTER_FLAGS = """A condition can name what is worked out on the way and no table holds: `dep_zone` and `arr_zone` are
the API's zone where it is a known one, `has_operating_row` says that a record of the operating flight itself was seen,
`live_is_old` that the position was taken more than an hour before the departure, `slot_and_number_shared` is the flag's
meaning itself. `or …` stands for the same condition on the other scheduled, estimated and actual times of the leg.

## Quality rules

Each line in raw is checked in this order. A line that breaks a rule that refuses goes to `quarantine`, under the rule's
name. A line that breaks a rule that warns is loaded, and counted in `loads.warnings_by_rule`. What is refused is not
lost: it stays in raw, and a load with the parameter `requeue` reads it again, by the rules that hold then."""

TIME_TRAVEL = """## Time travel

Every question can be asked as of any moment: what would the answer have been then?

```console
$ aviation query --as-of 2013-07-10T18:00Z "select flight_status, count(*) as flights from flights group by 1"
```

In Python it is `aviation.query.sql("select …", as_of="2013-07-10T18:00Z")`. A time without a zone is UTC. `flights`
then is made of the versions of `flight_history` that held at that moment, inside views too. Observations, history,
events, loads and quarantine end there, and `known_until` and `observed_at` of a version say nothing of what was still
to come. The reference tables keep no history: they answer as of now. `current_date` and `current_timestamp` stay
today's."""

VIEWS_INTRODUCTION = """## The views

What decision makers ask, each written once in Athena's SQL in `lib/aviation/views/`. Types are Athena's."""


def page() -> str:
    """The whole page, as Markdown."""
    sections = (
        INTRODUCTION,
        _grid(("table", "what it holds"), ((_code(table.name), table_meaning(table.name)) for table in ORDER)),
        AFTER_TABLES,
        _grid(("if", "`flight_status` is", "because"), map(_status_rule, STATUS_RULES)),
        DELAYS,
        _grid(
            ("flag", "meaning", "condition"),
            ((_code(name), flag.meaning, _code(_first(flag.condition))) for name, flag in FLAGS.items()),
        ),
        AFTER_FLAGS,
        _grid(
            ("rule", "what it checks", "a line that breaks it"),
            ((_code(rule.name), rule.checks, _OUTCOMES[rule.action]) for rule in RULES.values()),
        ),
        TIME_TRAVEL,
        "## The tables",
        *(_table(table) for table in ORDER),
        VIEWS_INTRODUCTION,
        *(_view(view) for view in VIEWS),
    )
    return "\n\n".join(sections) + "\n"


_OUTCOMES = {"refuse": "is refused", "warn": "is loaded, with a warning"}


def _table(table: tables.Table) -> str:
    rows = {name: (kind, meaning(table.name, name)) for name, kind in table.columns.items()}
    text = table_meaning(table.name)
    if table is tables.HISTORY:
        # What is the same as in `flights` is not said again.
        rows = {name: row for name, row in rows.items() if not _same_in_flights(name, row[1])}
        text += "\n\nEvery column of [`flights`](#flights), as it was while the version held, and:"
    if table is tables.EVENTS:
        text += f"\n\nChanges of these columns are events: {', '.join(map(_code, WATCHED))}."
    return f"### {table.name}\n\n{text}\n\n{_columns(rows)}"


def _same_in_flights(name: str, text: str) -> bool:
    return name in tables.FLIGHTS.columns and meaning(tables.FLIGHTS.name, name) == text


def _view(view: View) -> str:
    return (
        f"### {view.name}\n\n**{view.question}**\n\n{view.definition}\n\nSource: {view.source}\n\n"
        f"{_columns(view.columns)}"
    )


def _columns(columns: dict[str, tuple[str, str]]) -> str:
    return _grid(
        ("column", "type", "meaning"), ((_code(name), _code(kind), text) for name, (kind, text) in columns.items())
    )


def _status_rule(rule: tuple[str, str, str]) -> tuple[str, str, str]:
    condition, status, because = rule
    # A status in quotes is a word; without, it is a column.
    return _code(condition), status.strip("'") if status.startswith("'") else f"the value of {_code(status)}", because


def _first(condition: str) -> str:
    return condition if len(condition) <= LONG else condition.partition(" or ")[0] + " or …"


def _code(text: str) -> str:
    return f"`{text}`"


def _grid(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [head, ("---",) * len(head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page())
