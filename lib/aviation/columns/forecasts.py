"""The table of forecasts: what was expected of a leg, as of a poll."""

from aviation.columns.declaration import Column, table


def _quantiles(prefix: str, what: str) -> tuple[Column, ...]:
    shares = {"p10": "one in ten", "p50": "half", "p90": "nine in ten"}
    return tuple(
        Column(f"{prefix}{name}", "double", f"Minutes late at the {what} that {share} of such legs are at most.")
        for name, share in shares.items()
    )


FORECASTS = table(
    "flight_forecasts",
    "what was expected of a leg that had not left, as of the newest observation of a load",
    ("flight_key", "made_at"),
    Column("flight_key", "string", "The leg: joins flights.flight_key."),
    Column("flight_date", "date", "Local date of the leg's scheduled departure. The table is partitioned by it."),
    Column("made_at", "timestamp_ntz", "The newest observation that the forecast knows of, in UTC: what it is as of."),
    Column(
        "horizon_min", "int", "Minutes from made_at to the scheduled departure; negative where the leg was overdue."
    ),
    Column("model", "string", "Name of the model: the last day that it was trained on, and the beginning of its hash."),
    *_quantiles("", "departure"),
    *_quantiles("arr_", "arrival"),
    Column("p_late", "double", "Probability, 0 to 1, to leave 15 minutes late or later, or not at all."),
    Column("p_cancelled", "double", "Probability, 0 to 1, to be cancelled."),
    Column("reason_1", "string", "The reason that weighs most, in words."),
    Column("reason_2", "string", "The reason that weighs second, in words."),
    Column("reason_3", "string", "The reason that weighs third, in words."),
    Column(
        "climatology_p_late",
        "double",
        "To compare: the share late of the airline's legs out of the airport on the days that trained the model.",
    ),
    Column(
        "origin_late_min",
        "double",
        "To compare: how late the newest departure out of the airport was by then, in minutes; null for none.",
    ),
    partition=("flight_date",),
)
