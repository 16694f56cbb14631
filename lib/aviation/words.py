"""Counts in words."""


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 flight`, `1,004 flights`; `plural` where it is not the noun and an s."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
