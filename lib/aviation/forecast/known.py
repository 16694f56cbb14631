"""What was known of legs at an instant: rows of `flight_history` as arrays, and the version that held then."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Numbers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.str_]

READ = (
    "flight_key",
    "flight_date",
    "known_from",
    "known_until",
    "flight_status",
    "airline_icao",
    "airline_iata",
    "dep_iata",
    "dep_icao",
    "arr_iata",
    "arr_icao",
    "dep_scheduled_local",
    "dep_scheduled_utc",
    "arr_scheduled_utc",
    "dep_actual_utc",
    "arr_actual_utc",
    "aircraft_registration",
)
"""The columns of `flight_history` that forecasts read."""
NEVER = np.int64(2**40)
"""Later than every instant; for a time that is not known, `NEVER` too."""


def minutes(at: Any) -> Numbers:
    """Timestamps (an arrow column) as whole minutes since 1970; NEVER where there is none."""
    micros = pc.fill_null(at.cast(pa.timestamp("us")).cast(pa.int64()), -1).to_numpy()
    return np.where(micros < 0, NEVER, micros // 60_000_000)


class Known:
    """Versions of legs, by leg and `known_from`; each attribute is an array with a value a version.

    Instants are whole minutes since 1970, NEVER where they are not known. `leg` numbers the legs from 0 in the order of
    `keys`; `origin`, `dest` and `airline` are codes (text), `tail` is empty where there is none.
    """

    def __init__(self, history: pa.Table):
        """`history` has the columns READ of `flight_history`, in any order; versions without a schedule in UTC are
        left out."""
        history = history.select(list(READ)).combine_chunks()
        history = history.filter(
            pc.and_(history["dep_scheduled_utc"].is_valid(), history["arr_scheduled_utc"].is_valid())
        )
        history = history.sort_by(
            [("flight_key", "ascending"), ("flight_date", "ascending"), ("known_from", "ascending")]
        )
        self.keys, self.leg = np.unique(_text(history["flight_key"]), return_inverse=True)
        self.since, self.until = minutes(history["known_from"]), minutes(history["known_until"])
        self.dep, self.arr = minutes(history["dep_scheduled_utc"]), minutes(history["arr_scheduled_utc"])
        self.left, self.landed = minutes(history["dep_actual_utc"]), minutes(history["arr_actual_utc"])
        self.local = minutes(history["dep_scheduled_local"])
        self.day = history["flight_date"].cast(pa.int32()).to_numpy().astype(np.int64)
        status = _text(history["flight_status"])
        self.is_cancelled, self.is_diverted = status == "cancelled", status == "diverted"
        # Some leave without a time that is told.
        self.is_gone = (self.left < NEVER) | (self.landed < NEVER) | np.isin(status, ("active", "landed", "diverted"))
        self.origin, self.dest, self.airline = (
            _text(pc.coalesce(history[one], history[other]))
            for one, other in (("dep_iata", "dep_icao"), ("arr_iata", "arr_icao"), ("airline_icao", "airline_iata"))
        )
        self.tail = _text(history["aircraft_registration"])
        self._order = self.leg * NEVER + self.since

    @property
    def dep_delay(self) -> Numbers:
        """Minutes late at the departure, where `left` is known."""
        return self.left - self.dep

    @property
    def arr_delay(self) -> Numbers:
        """Minutes late at the arrival, where `landed` is known."""
        return self.landed - self.arr

    def at(self, leg: Numbers, at: Numbers) -> Numbers:
        """The version (a row) of each leg that held at each instant; -1 where none did."""
        row = np.searchsorted(self._order, leg * NEVER + at, "right") - 1
        held = (row >= 0) & (self.leg[row] == leg) & (at < self.until[row])
        return np.where(held, row, -1)


def _text(column: Any) -> Texts:
    encoded = pc.fill_null(
        column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column, ""
    ).dictionary_encode()
    names = np.array(encoded.dictionary.to_pylist() or [""], np.str_)
    texts: Texts = names[encoded.indices.to_numpy()]
    return texts
