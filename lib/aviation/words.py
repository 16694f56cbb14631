"""Counts in words."""


def counted(number: int, noun: str) -> str:
    """`1 flight`, `1,004 flights`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
