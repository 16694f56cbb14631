"""What else could do a load's work: `peers.py WHAT RAW OUT` reads the objects in the folder RAW, writes Parquet to OUT.

WHAT is `duckdb-fold`, the same tables as the load in SQL (see `fold_sql`), or who does the minimal job, `duckdb`,
`polars` or `pandas`: of each leg the newest record's status, times and delays, the operating flight's before a
codeshare's. Prints a line of JSON, `at` (seconds since 1970), once the Parquet is written.
"""

import gzip
import json
import sys
import time
from pathlib import Path

TIMES, NUMBERS = ("scheduled", "estimated", "actual"), ("delay",)
SIDES = {"dep": "departure", "arr": "arrival"}
TABLES = {"observations": "flight_observations", "history": "flight_history", "events": "flight_events"}


def duckdb_fold(raw: Path, out: Path) -> None:
    """A file a table."""
    import duckdb
    import pyarrow as pa

    sys.path.append(str(Path(__file__).parents[1]))
    from aviation.zones import airport_zones
    from loads import fold_sql

    zones = airport_zones()
    with duckdb.connect() as connection:
        connection.register("airports", pa.table({"code": list(zones), "zone": list(zones.values())}))
        for statement in fold_sql.statements(f"{raw}/*.gz"):
            connection.execute(statement)
        for made in ("observations", "history", "flights", "events"):
            connection.execute(f"copy {made} to '{out}/{TABLES.get(made, made)}.parquet' (compression zstd)")


def duckdb_newest(raw: Path, out: Path) -> None:
    """One query."""
    import duckdb

    side = f"struct(iata varchar, {', '.join(f'{leaf} varchar' for leaf in TIMES)}, delay integer)"
    codeshared = "struct(airline_icao varchar, flight_number varchar)"
    record = (
        "struct(flight_date varchar, flight_status varchar, airline struct(icao varchar), "
        f"flight struct(number varchar, codeshared {codeshared}), departure {side}, arrival {side})"
    )
    times = [
        f"{name}_{leaf} := cast({side}.{leaf}[:19] as timestamp)" for name, side in SIDES.items() for leaf in TIMES
    ]
    delays = [f"{name}_delay := {side}.delay" for name, side in SIDES.items()]
    query = f"""
        select flight_key, unnest(arg_max(leg, (observed_at, flight.codeshared is null)))
        from (
            select *, struct_pack(observed_at, flight_status, {", ".join([*times, *delays])}) as leg,
                concat_ws('|', flight_date, departure.iata,
                    upper(coalesce(flight.codeshared.airline_icao, airline.icao)),
                    coalesce(flight.codeshared.flight_number, flight.number)) as flight_key
            from (
                select observed_at, unnest(record) from read_json('{raw}/*.gz', format = 'newline_delimited',
                    compression = 'gzip', columns = {{observed_at: 'varchar', record: '{record}'}})
            )
        ) group by flight_key"""
    with duckdb.connect() as connection:
        connection.execute(f"copy ({query}) to '{out}/newest.parquet' (compression zstd)")


def polars_newest(raw: Path, out: Path) -> None:
    """One lazy query."""
    import polars as pl

    text = pl.String()
    side = pl.Struct({"iata": text, **dict.fromkeys(TIMES, text), **dict.fromkeys(NUMBERS, pl.Int32())})
    codeshared = pl.Struct({"airline_icao": text, "flight_number": text})
    record = pl.Struct(
        {
            "flight_date": text,
            "flight_status": text,
            "airline": pl.Struct({"icao": text}),
            "flight": pl.Struct({"number": text, "codeshared": codeshared}),
            **dict.fromkeys(SIDES.values(), side),
        }
    )
    operator = pl.col("flight").struct.field("codeshared").struct
    key = (
        pl.col("flight_date"),
        pl.col("departure").struct.field("iata"),
        pl.coalesce(operator.field("airline_icao"), pl.col("airline").struct.field("icao")).str.to_uppercase(),
        pl.coalesce(operator.field("flight_number"), pl.col("flight").struct.field("number")),
    )
    leaves = {f"{name}_{leaf}": pl.col(side).struct.field(leaf) for name, side in SIDES.items() for leaf in TIMES}
    times = {name: leaf.str.head(19).str.to_datetime("%Y-%m-%dT%H:%M:%S") for name, leaf in leaves.items()}
    delays = {f"{name}_delay": pl.col(side).struct.field("delay") for name, side in SIDES.items()}
    (
        pl.scan_ndjson(sorted(raw.glob("*.gz")), schema={"observed_at": text, "record": record})
        .unnest("record")
        .select(
            pl.concat_str(key, separator="|").alias("flight_key"),
            operator.field("flight_number").is_null().alias("is_operating"),
            *("observed_at", "flight_status"),
            **(times | delays),
        )
        .sort("observed_at", "is_operating")
        .unique("flight_key", keep="last")
        .drop("is_operating")
        .sink_parquet(out / "newest.parquet", compression="zstd")
    )


def pandas_newest(raw: Path, out: Path) -> None:
    """Rows by json, as pandas' own reader makes a dictionary of each record anyway; the rest by column."""
    import pandas as pd

    def row(line: bytes) -> tuple[object, ...]:
        content = json.loads(line)
        record = content["record"]
        flight, sides = record["flight"], [record[side] for side in SIDES.values()]
        by = flight["codeshared"] or {"airline_icao": record["airline"]["icao"], "flight_number": flight["number"]}
        key = (record["flight_date"], sides[0]["iata"], by["airline_icao"].upper(), by["flight_number"])
        leaves = (side[leaf] for leaf in (*TIMES, *NUMBERS) for side in sides)
        return "|".join(key), not flight["codeshared"], content["observed_at"], record["flight_status"], *leaves

    names = [f"{name}_{leaf}" for leaf in (*TIMES, *NUMBERS) for name in SIDES]
    rows = [row(line) for path in sorted(raw.glob("*.gz")) for line in gzip.decompress(path.read_bytes()).splitlines()]
    frame = pd.DataFrame(rows, columns=["flight_key", "is_operating", "observed_at", "flight_status", *names])
    for name in names:
        if name.endswith(NUMBERS):
            frame[name] = frame[name].astype("Int32")
        else:
            frame[name] = pd.to_datetime(frame[name].str[:19]).astype("datetime64[us]")
    newest = frame.sort_values(["observed_at", "is_operating"]).drop_duplicates("flight_key", keep="last")
    newest.drop(columns="is_operating").to_parquet(out / "newest.parquet", compression="zstd", index=False)


PEERS = {
    "duckdb-fold": duckdb_fold,
    "duckdb": duckdb_newest,
    "polars": polars_newest,
    "pandas": pandas_newest,
}


def main() -> None:
    what, raw, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    PEERS[what](raw, out)
    print(json.dumps({"at": time.time()}), flush=True)


if __name__ == "__main__":
    main()
