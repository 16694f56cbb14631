"""What the law gives passengers of a late or cancelled flight: which flights, from how late, how much, with sources.

As the law stood in 2025, for flights of any date. What a claim can be refused for, above all extraordinary
circumstances (Article 5(3)), no table of flights can tell: what follows from these rules is an upper bound.
"""

from typing import NamedTuple

_EU261 = "Regulation (EC) No 261/2004 (OJ L 46, 17.2.2004, p. 1, http://data.europa.eu/eli/reg/2004/261/oj)"
_UK261 = f"{_EU261.partition(' (OJ')[0]} as SI 2019/278, regulation 8, amends it for the UK"
_DOT = "14 CFR part 260 (89 FR 32760, 26 April 2024)"


class Area(NamedTuple):
    """Where a rule holds: the ISO 3166 codes of its countries, and of territories that have one of their own."""

    name: str
    countries: str
    source: str


class Regime(NamedTuple):
    """A law: what it gives (`remedy`), and to whose flights: those that arrive this late, within one country's area
    (`within_min`) or not (`beyond_min`), or are cancelled."""

    name: str
    remedy: str
    within_min: int
    beyond_min: int
    source: str


class Scope(NamedTuple):
    """Flights that a regime covers: those that leave the area `leaves`, or reach the area `reaches`, of carriers that
    one of the areas `carriers` has licensed (all carriers where there is none)."""

    regime: str
    leaves: str | None
    reaches: str | None
    carriers: tuple[str, ...]
    source: str


class Band(NamedTuple):
    """What a regime gives each passenger of a flight of at most `up_to_km` (no bound where None), `within` its area
    alone or anywhere. The first band that fits holds."""

    regime: str
    words: str
    up_to_km: int | None
    within: bool
    amount: int
    currency: str
    source: str


COMPENSATION = "fixed compensation"
REFUND = "refund offered, no fixed compensation"

AREAS = (
    Area(
        "EU",
        "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK "
        "AX GF GP MF MQ RE YT CH IS LI NO",
        "the Member States, with the territories of Articles 349 and 355 TFEU that have codes of their own; Iceland, "
        "Liechtenstein and Norway (EEA Agreement, Annex XIII); Switzerland (Agreement on Air Transport, OJ L 114, "
        "30.4.2002, Annex)",
    ),
    Area("UK", "GB", "the United Kingdom: not Gibraltar, the Channel Islands or the Isle of Man"),
    Area("US", "US PR VI GU MP AS UM", "the United States with their territories (49 U.S.C. 40102)"),
)
REGIMES = (
    Regime(
        "EU261",
        COMPENSATION,
        180,
        180,
        f"{_EU261}, Article 5(1)(c) for cancellations; Court of Justice, C-402/07 and C-432/07 Sturgeon and C-581/10 "
        "Nelson for three hours or more at arrival, which is when a door opens (C-452/13 Germanwings)",
    ),
    Regime(
        "UK261",
        COMPENSATION,
        180,
        180,
        f"{_UK261}, Article 5(1)(c); the three hours as the Aviation (Consumers) (Amendment) Regulations 2023 restate "
        "them",
    ),
    Regime(
        "US DOT",
        REFUND,
        180,
        360,
        f"{_DOT}, sections 260.2 and 260.6, and 49 U.S.C. 42305: a passenger who declines to travel is refunded where "
        "the flight is cancelled, or arrives three hours late or more (domestic), six hours or more (international); "
        "no rule gives compensation for a delay",
    ),
)
# In the order in which they count where several hold: no passenger is compensated twice.
SCOPES = (
    Scope("EU261", "EU", None, (), f"{_EU261}, Article 3(1)(a)"),
    Scope("UK261", "UK", None, (), f"{_UK261}, Article 3(1)(a)"),
    Scope("EU261", None, "EU", ("EU",), f"{_EU261}, Article 3(1)(b)"),
    Scope("UK261", None, "UK", ("UK", "EU"), f"{_UK261}, Article 3(1)(b)(i)"),
    Scope("UK261", None, "EU", ("UK",), f"{_UK261}, Article 3(1)(b)(ii)"),
    Scope("US DOT", "US", None, (), f"{_DOT}: flights to, from and within the United States"),
    Scope("US DOT", None, "US", (), f"{_DOT}: flights to, from and within the United States"),
)
BANDS = (
    Band("EU261", "up to 1,500 km", 1500, False, 250, "EUR", f"{_EU261}, Article 7(1)(a)"),
    Band("EU261", "over 1,500 km within the EU area", None, True, 400, "EUR", f"{_EU261}, Article 7(1)(b)"),
    Band("EU261", "over 1,500 to 3,500 km", 3500, False, 400, "EUR", f"{_EU261}, Article 7(1)(b)"),
    Band("EU261", "over 3,500 km", None, False, 600, "EUR", f"{_EU261}, Article 7(1)(c)"),
    Band("UK261", "up to 1,500 km", 1500, False, 220, "GBP", f"{_UK261}, Article 7(1)(a)"),
    Band("UK261", "over 1,500 to 3,500 km", 3500, False, 350, "GBP", f"{_UK261}, Article 7(1)(b)"),
    Band("UK261", "over 3,500 km", None, False, 520, "GBP", f"{_UK261}, Article 7(1)(c)"),
)
GREAT_CIRCLE = f"{_EU261}, Article 7(4): distances are measured by the great circle route method"

# The SQL is over columns dep_area, arr_area, carrier_area, regime and distance_km.


def area_of(country: str) -> str:
    """The area that a country is in; 'other' for one in none, null for none."""
    cases = "".join(
        f" when {country} in ({_texts(tuple(area.countries.split()))}) then '{area.name}'" for area in AREAS
    )
    return f"case{cases} when {country} is not null then 'other' end"


def covers(scope: Scope) -> str:
    """Whether the scope takes in the flight; null counts as no."""
    parts = [f"dep_area = '{scope.leaves}'"] * bool(scope.leaves) + [f"arr_area = '{scope.reaches}'"] * bool(
        scope.reaches
    )
    parts += [f"carrier_area in ({_texts(scope.carriers)})"] * bool(scope.carriers)
    return " and ".join(parts)


def first_regime() -> str:
    """The regime whose scope comes first; 'none' for a flight of no regime, null where an airport's country is not "
    "known."""
    cases = "".join(f" when {covers(scope)} then '{scope.regime}'" for scope in SCOPES)
    return f"case when dep_area is null or arr_area is null then null{cases} else 'none' end"


def second_regime() -> str:
    """The regime that covers the flight beside `regime`; null for none."""
    cases = "".join(f" when regime <> '{scope.regime}' and {covers(scope)} then '{scope.regime}'" for scope in SCOPES)
    return f"case when regime is null then null{cases} end"


def of_regime(regime: Regime) -> str:
    """From how many minutes late the regime counts a flight."""
    if regime.within_min == regime.beyond_min:
        return str(regime.within_min)
    return f"case when dep_area = arr_area then {regime.within_min} else {regime.beyond_min} end"


def by_regime(values: dict[str, str]) -> str:
    """What `regime` has in `values`, which are SQL; null for one that is not there."""
    cases = "".join(f" when '{name}' then {value}" for name, value in values.items())
    return f"case regime{cases} end"


def by_band(value: str) -> str:
    """The field `value` of the band that the flight is in; null for none, or where the distance is not known."""
    return f"case when distance_km is null then null{''.join(_band(band, value) for band in BANDS)} end"


def _band(band: Band, value: str) -> str:
    parts = [f"regime = '{band.regime}'"] + ["dep_area = arr_area"] * band.within
    parts += [f"distance_km <= {band.up_to_km}"] * (band.up_to_km is not None)
    found = getattr(band, value)
    shown = str(found) if isinstance(found, int) else _texts((found,))
    return f" when {' and '.join(parts)} then {shown}"


def _texts(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)
