"""How grave a disruption of a flight is: what alerts and the board are ranked by."""

WEIGHTS = {"cancelled": 300, "diverted": 240}
"""What a cancellation and a diversion weigh beside minutes of delay: our own choice, so that both stand above all but
the longest delays. No source in the tables prices them."""


def weight(kind: str, minutes: float | None) -> float:
    """What a disruption of this kind weighs, of a flight that is `minutes` late."""
    return WEIGHTS.get(kind) or minutes or 0
