"""The load's fold in DuckDB's SQL: from raw objects to the rows of flight_history, flights and flight_events.

Written as one would write it for DuckDB: what several records say of a leg at one instant is aggregated first, so that
the windows run over one row an instant; UTC is looked up once for each distinct zone and local time. It reads
well-formed records only, of which nothing is refused or warned of. Of the three tables it makes every column; of
`flight_observations` all but `content_hash`.
"""

from aviation.columns import EVENTS, FLIGHTS, HISTORY, OBSERVATIONS, Column

BLOCKS = ("departure", "arrival", "aircraft", "live")
SINGLE = [column.name for block in ("codeshared", "", "departure", "arrival") for column in OBSERVATIONS.block(block)]
WHOLE = {block: [column.name for column in OBSERVATIONS.block(block)] for block in ("aircraft", "live")}
STATE = [*SINGLE, *WHOLE["aircraft"], *WHOLE["live"], "codeshares", "has_operating_row", "slot_and_number_shared"]
SIDES = ("dep", "arr")
TIMES = ("scheduled", "estimated", "actual", "estimated_runway", "actual_runway")
ALL_TIMES = [(side, time) for side in SIDES for time in TIMES]
CLOCK_TIMES = [(side, time) for side in SIDES for time in ("scheduled", "estimated", "actual")]
WATCHED = [
    "flight_status",
    *(f"{side}_{what}_utc" for side in SIDES for what in ("scheduled", "estimated", "actual")),
    *(f"{side}_{what}" for side in SIDES for what in ("delay_min", "delay_forecast_min", "terminal", "gate")),
    *("arr_baggage", "aircraft_registration", "aircraft_icao24"),
]
OFFSET = "^[+-](0[0-9]|1[0-7]):[0-5][0-9]$|^[+-]18:00$"
CODE = "nullif(upper(trim({0})), '')"
# How a leaf, as text, is read into a column of each kind.
READ = {
    "text": "nullif(trim({0}), '')",
    "code": CODE,
    "key_code": CODE,
    "flight_number": f"case when {CODE} is not null then coalesce(nullif(ltrim({CODE}, '0'), ''), '0') end",
    "flight_code": f"case when regexp_matches({CODE}[3:], '[0-9]') then {CODE} end",
    "terminal": rf"coalesce(nullif(regexp_replace({CODE}, '^(TERMINAL\s*|T([0-9]))', '\2'), ''), {CODE})",
    "word": "nullif(lower(trim({0})), '')",
    "zone": r"case when regexp_matches({0}, '^[+-]\d{{1,2}}$') "
    r"then {0}[1] || lpad({0}[2:], 2, '0') || ':00' else nullif(trim({0}), '') end",
    "local": "try_cast({0}[:19] as timestamp)",
    "utc": "cast(try_cast({0} as timestamptz) at time zone 'UTC' as timestamp)",
    "int": "try_cast({0} as integer)",
    "number": "try_cast({0} as double) + 0e0",
    "flag": "try_cast({0} as boolean)",
}
TITLE = r"list_transform(string_split_regex(trim({0}), '\s+'), lambda word: upper(word[1]) || lower(word[2:]))"


def statements(files: str) -> list[str]:
    """What makes the tables `observations`, `history`, `flights` and `events` of the objects that the glob takes in.

    A table `airports` (`code`, `zone`) must be there.
    """
    steps = {"observations": _observations(files), "instants": _instants(), "states": _states()}
    steps |= {"versions": _versions(), "zoned": _zoned(), "clocks": _clocks(), "timed": _timed()}
    steps |= {"history": _history(), "flights": _flights(), "events": _events()}
    return ["set TimeZone = 'UTC'", *(f"create table {name} as {query}" for name, query in steps.items())]


def _read(column: Column, leaf: str) -> str:
    assert column.leaf
    return READ[column.leaf.kind].format(leaf)


def _struct(fields: dict[str, str]) -> str:
    return f"struct({', '.join(f'{key} {kind}' for key, kind in fields.items())})"


def _record() -> str:
    """The type of a record: every leaf is text."""

    def block(name: str) -> dict[str, str]:
        return {column.leaf.key: "varchar" for column in OBSERVATIONS.block(name) if column.leaf}

    airline = dict.fromkeys(("name", "iata", "icao"), "varchar")
    flight = dict.fromkeys(("number", "iata", "icao"), "varchar") | {"codeshared": _struct(block("codeshared"))}
    blocks = {name: _struct(block(name)) for name in BLOCKS}
    return _struct(
        {"flight_date": "varchar", **block(""), "airline": _struct(airline), "flight": _struct(flight), **blocks}
    )


def _observations(files: str) -> str:
    operator = []
    own = {"airline_name": "nullif(airline.name, 'empty')", "flight_number": "flight.number"}
    for column in OBSERVATIONS.block("codeshared"):
        block, _, key = column.name.partition("_")
        theirs = _read(column, f"flight.codeshared.{column.name}")
        if column.name == "airline_name":
            theirs = f"array_to_string({TITLE.format(f'flight.codeshared.{column.name}')}, ' ')"
        ours = _read(column, own.get(column.name, f"{block}.{key}"))
        chosen = f"case when flight.codeshared is null then {ours} else {theirs} end"
        operator.append(f"{chosen} as {column.name}")
    [codeshare] = OBSERVATIONS.block("flight")
    leaves = [
        f"{_read(column, f'{block}.{column.leaf.key}' if block else column.leaf.key)} as {column.name}"
        for block in ("", *BLOCKS)
        for column in OBSERVATIONS.block(block)
        if column.leaf
    ]
    values = [*operator, *leaves]
    return f"""
        with read as (
            select {READ["utc"].format("observed_at")} as observed_at, cast(flight_date as date) as flight_date,
                flight.codeshared is null as is_operating,
                case when flight.codeshared is not null then {_read(codeshare, "flight.iata")} end as codeshare,
                {", ".join(values)}
            from (
                select observed_at, unnest(record) from read_json('{files}', format = 'newline_delimited',
                    compression = 'gzip', columns = {{observed_at: 'varchar', record: '{_record()}'}})
            )
        ), named as (
            select *, coalesce(airline_icao, airline_iata) is not null and flight_number is not null as numbered,
                flight_date || '|' || coalesce(dep_iata, dep_icao) || '|' as begins
            from read
        )
        select distinct * exclude (numbered, begins), if(numbered, 'number', 'slot') as identity,
            begins || if(numbered, coalesce(airline_icao, airline_iata) || '|' || flight_number,
                coalesce(arr_iata, arr_icao) || '|' || strftime(dep_scheduled_local, '%Y-%m-%dT%H:%M:%S')
            ) as flight_key
        from named"""


def _candidates() -> dict[str, tuple[str, str]]:
    """What is chosen as one, by name: its value, and when it is given."""
    structs = {
        name: (
            f"struct_pack({', '.join(f'{column} := {column}' for column in columns)})",
            f"coalesce({', '.join(f'cast({column} as varchar)' for column in columns)}) is not null",
        )
        for name, columns in WHOLE.items()
    }
    return {name: (name, "true") for name in SINGLE} | structs


def _instants() -> str:
    """One row a leg and instant: of each value the greatest of operating rows and of codeshare rows."""
    greatest = ", ".join(
        f"max({value}) filter ({given} and is_operating) as own_{name}, "
        f"max({value}) filter ({given} and not is_operating) as sold_{name}"
        for name, (value, given) in _candidates().items()
    )
    slot = (
        "partition by flight_date, coalesce(dep_iata, dep_icao), coalesce(arr_iata, arr_icao), dep_scheduled_local, "
        "flight_number order by observed_at range unbounded preceding"
    )
    return f"""
        select flight_key, any_value(identity) as identity, any_value(flight_date) as flight_date, observed_at,
            {greatest}, list(distinct codeshare) filter (codeshare is not null) as codes,
            bool_or(is_operating) as is_operating, bool_or(is_shared) as is_shared
        from (
            select *, flight_number is not null and min(flight_key) over slot <> max(flight_key) over slot as is_shared
            from observations window slot as ({slot})
        )
        group by flight_key, observed_at"""


def _states() -> str:
    winners = ", ".join(
        f"coalesce(last_value(own_{name} ignore nulls) over so_far, last_value(sold_{name} ignore nulls) over so_far) "
        f"as {name}"
        for name in _candidates()
    )
    return f"""
        select * exclude (aircraft, live), unnest(aircraft), unnest(live)
        from (
            select flight_key, identity, flight_date, observed_at, {winners},
                list_sort(list_distinct(coalesce(flatten(list(codes) filter (codes is not null) over so_far), [])))
                    as codeshares,
                bool_or(is_operating) over so_far as has_operating_row,
                bool_or(is_shared) over so_far as slot_and_number_shared,
                min(observed_at) over so_far as first_seen_at
            from instants
            window so_far as (partition by flight_key order by observed_at rows unbounded preceding)
        )"""


def _versions() -> str:
    state = f"row({', '.join(STATE)})"
    return f"""
        select * exclude (observed_at, seen_before, seen_last, is_change, is_first),
            coalesce(lead(seen_before) over leg, seen_last) as observed_at, observed_at as known_from,
            lead(observed_at) over leg as known_until
        from (
            select *, {state} is distinct from lag({state}) over leg as is_change,
                row_number() over leg = 1 as is_first,
                lag(observed_at) over leg as seen_before, max(observed_at) over (partition by flight_key) as seen_last
            from states window leg as (partition by flight_key order by observed_at)
        )
        where is_change or is_first
        window leg as (partition by flight_key order by observed_at)"""


def _zoned() -> str:
    """Versions with each side's own zone, where it is a known one, and the zone used."""
    own = ", ".join(
        f"if(regexp_matches({side}_timezone, '{OFFSET}'), {side}_timezone, {side}_known.name) as {side}_zone"
        for side in SIDES
    )
    used = ", ".join(f"coalesce({side}_zone, {side}_airport_zone) as {side}_timezone" for side in SIDES)
    joins = " ".join(
        f"left join airports as {side}_at on {side}_at.code = coalesce({side}_iata, {side}_icao) "
        f"left join pg_timezone_names() as {side}_known on {side}_known.name = {side}_timezone"
        for side in SIDES
    )
    airports = ", ".join(f"{side}_at.zone as {side}_airport_zone" for side in SIDES)
    return f"""
        select *, {used}
        from (select versions.* exclude (dep_timezone, arr_timezone), {own}, {airports} from versions {joins})"""


def _clocks() -> str:
    """UTC of each distinct zone and local time: of a time that occurs twice the first."""
    pairs = " union ".join(
        f"select {side}_timezone as zone, {side}_{time}_local as local from zoned "
        f"where {side}_timezone is not null and {side}_{time}_local is not null"
        for side, time in ALL_TIMES
    )
    minutes = "cast(zone[1] || '1' as integer) * (cast(zone[2:3] as integer) * 60 + cast(zone[5:6] as integer))"
    there = "cast(({0} at time zone 'UTC') at time zone zone as timestamp)"
    hour, half = "interval 1 hour", "interval 30 minutes"
    return f"""
        with pairs as ({pairs}), last as (
            select *, cast((local at time zone zone) at time zone 'UTC' as timestamp) as utc
            from pairs where not regexp_matches(zone, '{OFFSET}')
        ), first as (
            select zone, local, case when {there.format(f"(utc - {hour})")} = local then utc - {hour}
                when {there.format(f"(utc - {half})")} = local then utc - {half} else utc end as utc
            from last
        )
        select *, local in ({there.format(f"(utc + {hour})")}, {there.format(f"(utc + {half})")}) as repeated,
            {there.format("utc")} <> local as skipped
        from first
        union all
        select zone, local, local - to_minutes({minutes}), false, false
        from pairs where regexp_matches(zone, '{OFFSET}')"""


def _timed() -> str:
    utc = ", ".join(f"{side}_{time}_clock.utc as {side}_{time}_utc" for side, time in ALL_TIMES)
    joins = " ".join(
        f"left join clocks as {side}_{time}_clock on {side}_{time}_clock.zone = {side}_timezone "
        f"and {side}_{time}_clock.local = {side}_{time}_local"
        for side, time in ALL_TIMES
    )
    repeated, skipped = (
        " or ".join(f"coalesce({side}_{time}_clock.{what}, false)" for side, time in CLOCK_TIMES)
        for what in ("repeated", "skipped")
    )
    return f"""
        select zoned.*, {utc}, {repeated} as repeated, {skipped} as skipped,
            case when flight_status_api in ('cancelled', 'diverted', 'incident') then flight_status_api
                when arr_actual_local is not null then 'landed'
                when dep_actual_local is not null and flight_status_api is distinct from 'landed' then 'active'
                when flight_status_api is null then 'unknown'
                else flight_status_api end as flight_status
        from zoned {joins}"""


def _history() -> str:
    flags = {
        "arr_before_dep": "arr_scheduled_utc <= dep_scheduled_utc or arr_actual_utc <= dep_actual_utc",
        "arr_zone_from_airport": "arr_zone is null and arr_timezone is not null",
        "arr_zone_missing": "arr_timezone is null",
        "cancelled_with_actual": "flight_status = 'cancelled' "
        "and coalesce(dep_actual_local, arr_actual_local) is not null",
        "codeshare_only": "not has_operating_row",
        "dep_zone_from_airport": "dep_zone is null and dep_timezone is not null",
        "dep_zone_missing": "dep_timezone is null",
        "diverted_with_arrival": "flight_status = 'diverted' and arr_actual_local is not null",
        "live_of_earlier_flight": "live_is_old",
        "local_time_repeated": "repeated",
        "local_time_skipped": "skipped",
        "slot_and_number_shared": "slot_and_number_shared",
        "status_corrected": "flight_status is distinct from flight_status_api",
    }
    listed = ", ".join(f"case when {condition} then '{name}' end" for name, condition in flags.items())
    delays = {side: f"cast(trunc(epoch({side}_actual_utc - {side}_scheduled_utc) / 60) as integer)" for side in SIDES}
    forecasts = ", ".join(
        f"case when {side}_actual_local is null and flight_status <> 'cancelled' then {side}_delay_api_min end "
        f"as {side}_delay_forecast_min"
        for side in SIDES
    )
    columns = [
        f"if(live_is_old, null, {name}) as {name}" if name in WHOLE["live"] else name for name in HISTORY.columns
    ]
    return f"""
        with judged as (
            select *, {delays["dep"]} as dep_delay_min, {forecasts},
                case when flight_status <> 'diverted' then {delays["arr"]} end as arr_delay_min,
                coalesce(live_updated_utc < coalesce(dep_actual_utc, dep_scheduled_utc,
                    cast(flight_date as timestamp) - interval 14 hours) - interval 1 hour, false) as live_is_old
            from timed
        ), flagged as (
            select *, list_filter([{listed}], lambda flag: flag is not null) as flags from judged
        )
        select {", ".join(columns)} from flagged"""


def _flights() -> str:
    return f"select {', '.join(FLIGHTS.columns)} from history where known_until is null"


def _events() -> str:
    """One row a watched field that differs between neighbouring versions."""
    changes = ", ".join(
        f"case when before.{name} is distinct from {name} then struct_pack(field := '{name}', "
        f"from_value := cast(before.{name} as varchar), to_value := cast({name} as varchar)) end"
        for name in WATCHED
    )
    watched = ", ".join(f"{name} := {name}" for name in WATCHED)
    return f"""
        with neighbours as (
            select *, lag(struct_pack({watched})) over (partition by flight_key order by known_from) as before
            from history
        ), changed as (
            select flight_key, flight_date, known_from,
                unnest(list_filter([{changes}], lambda change: change is not null), recursive := true)
            from neighbours where before is not null
        )
        select {", ".join(EVENTS.columns)}
        from (select *, sha256(concat_ws('|', flight_key, field, known_from)) as event_id from changed)"""
